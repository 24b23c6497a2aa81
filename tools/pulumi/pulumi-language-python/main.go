// Command pulumi-language-python is sakura-fleet's own Python language host for Pulumi.
//
// Pulumi's engine knows no Python. It starts a "language host" (a gRPC server on a loopback port) and asks it to run
// the program. The official host ships in Pulumi's release archive, but its module is not on the Go module proxy, so a
// machine that reaches package registries only cannot build it. This is a small one, written against the public SDK:
// what it runs, and with which arguments, is what pulumi's own pulumi-language-python-exec and `pulumi.policy` expect.
//
// It runs programs, plugins and policy packs and installs dependencies; it does not generate code (see unsupported.go).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// launcherName is the script of the Python SDK that sets the program up and runs it.
const launcherName = "pulumi-language-python-exec"

// engineCheckInterval bounds how long a host outlives an engine that was killed without a chance to say goodbye.
const engineCheckInterval = 5 * time.Second

func main() {
	if err := serve(); err != nil {
		fmt.Fprintf(os.Stderr, "pulumi-language-python: %v\n", err)
		os.Exit(1)
	}
}

func serve() error {
	// The engine passes these when logging or tracing flows to plugins. A set of its own, as the SDK's logging library
	// claims the same names in the global one.
	flags := flag.NewFlagSet("pulumi-language-python", flag.ExitOnError)
	tracing := flags.String("tracing", "", "send traces to this Zipkin-compatible `endpoint`")
	verbose := flags.Int("v", 0, "log at this verbosity")
	logToStderr := flags.Bool("logtostderr", false, "log to stderr instead of to files")
	logFlow := flags.Bool("logflow", false, "pass the log settings to child processes")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	logging.InitLogging(*logToStderr, *verbose, *logFlow)
	cmdutil.InitTracing("pulumi-language-python", "pulumi-language-python", *tracing)

	launcher, err := findLauncher()
	if err != nil {
		return err
	}
	engine := flags.Arg(0) // absent when the engine attaches to a running host, which then learns it by Handshake

	// A signal, or an engine that no longer answers, ends everything that runs here.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if engine != "" {
		if err := rpcutil.Healthcheck(ctx, engine, engineCheckInterval, stop); err != nil {
			return fmt.Errorf("watching the engine at %s: %w", engine, err)
		}
	}

	h := newHost(launcher, engine, *tracing)
	finished := make(chan bool)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel:  finished,
		Options: rpcutil.TracingServerInterceptorOptions(nil),
		Init: func(srv *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(srv, h)
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("starting the gRPC server: %w", err)
	}
	fmt.Printf("%d\n", handle.Port) // the line the engine waits for

	go func() {
		<-ctx.Done()
		// Children first: the server stops only when the calls that wait for them have returned.
		h.children.shutdown()
		close(finished)
	}()
	if err := <-handle.Done; err != nil {
		return fmt.Errorf("serving the engine: %w", err)
	}
	return nil
}

// findLauncher looks beside this executable, not on PATH: launcher, host and engine must be of one version.
func findLauncher() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding my own path: %w", err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", fmt.Errorf("resolving my own path: %w", err)
	}
	launcher := filepath.Join(filepath.Dir(self), launcherName)
	if _, err := os.Stat(launcher); err != nil {
		return "", fmt.Errorf("%s is not beside this language host in %q (%w); "+
			"delete that folder and run scripts/bootstrap again", launcherName, filepath.Dir(self), err)
	}
	return launcher, nil
}
