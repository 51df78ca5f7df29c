// Command kube is a whole Kubernetes in one program: the control plane, the node, and the tools that
// tests drive them with. Which of them it is, is decided by the name it is called by (a symbolic link)
// or else by its first argument.
//
// One program, because the components share nearly all of their code: linked together they take 150 MB
// and one build instead of eight.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

// component is one program that this one can be.
type component struct {
	name    string
	command func() (*cobra.Command, error)
}

func main() {
	chosen, arguments := choose(os.Args)
	if chosen == nil {
		fmt.Fprintf(os.Stderr, "kube: call me by the name of a component, or name one first: %s\n", names())
		os.Exit(2)
	}
	os.Args = arguments
	command, err := chosen.command()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", chosen.name, err)
		os.Exit(1)
	}
	os.Exit(cli.Run(command))
}

// choose finds the component and the arguments it is to see, its own name first.
func choose(arguments []string) (*component, []string) {
	for skip := 0; skip < 2 && skip < len(arguments); skip++ {
		called := filepath.Base(arguments[skip])
		found := slices.IndexFunc(components, func(c component) bool { return c.name == called })
		if found >= 0 {
			return &components[found], arguments[skip:]
		}
	}
	return nil, nil
}

func names() string {
	var all []string
	for _, c := range components {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}
