package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	"github.com/spf13/cobra"
)

// newCoreDNS makes a DNS server with the few plugins that cluster names need. It reads os.Args itself.
func newCoreDNS() (*cobra.Command, error) {
	dnsserver.Directives = []string{"bind", "errors", "cache", "kubernetes"}
	return &cobra.Command{
		Use:                "coredns",
		DisableFlagParsing: true,
		Run:                func(*cobra.Command, []string) { coremain.Run() },
	}, nil
}
