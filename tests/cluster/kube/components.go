package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	helm "helm.sh/helm/v4/pkg/cmd"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

var components = []component{
	{"kube-apiserver", plain(apiserver.NewAPIServerCommand)},
	{"kube-controller-manager", plain(controllers.NewControllerManagerCommand)},
	{"kube-scheduler", plain(func() *cobra.Command { return scheduler.NewSchedulerCommand() })},
	{"kube-proxy", plain(proxy.NewProxyCommand)},
	{"kubelet", plain(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) })},
	{"kubectl", plain(kubectl.NewDefaultKubectlCommand)},
	{"helm", func() (*cobra.Command, error) {
		return helm.NewRootCmd(os.Stdout, os.Args[1:], helm.SetupLogging)
	}},
	{"coredns", newCoreDNS},
}

// plain is for the commands whose making cannot fail.
func plain(command func() *cobra.Command) func() (*cobra.Command, error) {
	return func() (*cobra.Command, error) { return command(), nil }
}
