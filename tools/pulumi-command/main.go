// Command pulumi-resource-command is sakura-fleet's stand-in for the pulumi-command provider plugin.
//
// The official plugin is released as an archive only; its module is not on the Go module proxy, so a machine that
// reaches package registries only can neither download nor build it. This one is for the tests and demos of such
// machines. It has one resource, command:remote:Command, with the official schema and behaviour: where something is
// not known of the official plugin, this one is the stricter. Every run that uses it says so.
package main

import (
	_ "embed"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// version is the release whose place this takes, as pulumi-plugin.json of the SDK names it.
const version = "1.2.1"

//go:embed schema.json
var schema []byte

func main() {
	err := provider.Main("command", func(host *provider.HostClient) (pulumirpc.ResourceProviderServer, error) {
		return plugin.NewProviderServer(newStandIn(host)), nil
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "pulumi-resource-command: %v\n", err)
		os.Exit(1)
	}
}
