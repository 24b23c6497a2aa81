package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"sync"

	sdk "github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// RunPlugin runs a plugin or policy pack written in Python until the engine is done with it.
func (h *host) RunPlugin(
	req *pulumirpc.RunPluginRequest, stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse],
) error {
	ctx := stream.Context()
	if req.GetAttachDebugger() {
		return status.Error(codes.Unimplemented, "this language host attaches no debugger to plugins: "+
			"run without --attach-debugger, or with the official Pulumi on PATH")
	}
	tc, _, err := resolve(req.GetInfo())
	if err != nil {
		return err
	}
	if err := tc.ValidateVenv(ctx); err != nil {
		return status.Error(codes.FailedPrecondition, err.Error())
	}
	env := req.GetEnv()
	if venv, err := tc.VirtualEnvPath(ctx); err == nil && venv != "" {
		env = toolchain.ActivateVirtualEnv(env, venv)
	}
	out := &pluginStream{stream: stream}

	if req.GetKind() == string(apitype.AnalyzerPlugin) {
		err = h.runPolicyPack(ctx, tc, req, env, out)
	} else {
		args := append([]string{"-u", programPath(req.GetInfo())}, req.GetArgs()...)
		var cmd *exec.Cmd
		if cmd, err = pluginCommand(tc, req, env, out, out.stdout(), args); err == nil {
			err = h.children.run(ctx, pluginChild, cmd, nil)
		}
	}

	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil // the engine stopped it and listens no more
	case errors.As(err, &exit):
		return out.exited(exit.ExitCode())
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return fmt.Errorf("running the plugin in %q: %w", req.GetInfo().GetProgramDirectory(), err)
	default:
		return out.exited(0)
	}
}

// runPolicyPack bridges two protocols: the engine configures a pack by a call, the Python SDK reads the stack's name
// and configuration from its environment when it starts. The SDK's proxy takes the call first; then the pack starts.
func (h *host) runPolicyPack(
	ctx context.Context, tc toolchain.Toolchain, req *pulumirpc.RunPluginRequest, env []string, out *pluginStream,
) error {
	proxy, stdout, err := sdk.NewPolicyProxy(ctx, out.stdout())
	if err != nil {
		return fmt.Errorf("starting the policy pack's proxy: %w", err)
	}
	config, err := proxy.AwaitConfiguration(ctx)
	if err != nil {
		return fmt.Errorf("waiting for the stack's configuration: %w", err)
	}
	stackEnv, err := policyEnv(config)
	if err != nil {
		return err
	}
	// The module's arguments are the engine's address, which req.Args end with, and the pack's folder.
	args := append([]string{"-u", "-m", "pulumi.policy"}, req.GetArgs()...)
	args = append(args, req.GetInfo().GetProgramDirectory())
	cmd, err := pluginCommand(tc, req, append(env, stackEnv...), out, stdout, args)
	if err != nil {
		return err
	}
	finished, err := h.children.start(ctx, pluginChild, cmd, nil)
	if err != nil {
		return err
	}
	defer finished()
	// Attach waits for the pack's end, too; that a cancelled call ends the pack is start's part.
	err = proxy.Attach(context.WithoutCancel(ctx), cmd)
	_ = cmdutil.KillChildren(cmd.Process.Pid) // Attach may give up on a pack that still runs
	return err
}

func policyEnv(config *pulumirpc.AnalyzerStackConfigureRequest) ([]string, error) {
	if config == nil { // no stack: `pulumi policy publish` and the like
		return nil, nil
	}
	env := []string{"PULUMI_DRY_RUN=" + strconv.FormatBool(config.GetDryRun())}
	add := func(name, value string) {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	add("PULUMI_ORGANIZATION", config.GetOrganization())
	add("PULUMI_PROJECT", config.GetProject())
	add("PULUMI_STACK", config.GetStack())
	if len(config.GetConfig()) > 0 {
		text, err := json.Marshal(config.GetConfig())
		if err != nil {
			return nil, fmt.Errorf("encoding the configuration: %w", err)
		}
		env = append(env, "PULUMI_CONFIG="+string(text))
	}
	return env, nil
}

func pluginCommand(
	tc toolchain.Toolchain, req *pulumirpc.RunPluginRequest, env []string, out *pluginStream, stdout io.Writer,
	args []string,
) (*exec.Cmd, error) {
	// Not the call's context: its end would kill the process outright. children interrupts it first.
	cmd, err := tc.Command(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	cmd.Dir, cmd.Env = req.GetPwd(), env
	cmd.Stdout, cmd.Stderr = stdout, out.stderr()
	return cmd, nil
}

// pluginStream sends a plugin's output to the engine. gRPC allows one sender at a time; a process has two outputs.
type pluginStream struct {
	mu     sync.Mutex
	stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]
}

func (s *pluginStream) send(response *pulumirpc.RunPluginResponse) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream.Send(response)
}

func (s *pluginStream) exited(code int) error {
	return s.send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(code)}})
}

func (s *pluginStream) stdout() io.Writer {
	return writerFunc(func(p []byte) error {
		return s.send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: p}})
	})
}

func (s *pluginStream) stderr() io.Writer {
	return writerFunc(func(p []byte) error {
		return s.send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: p}})
	})
}

type writerFunc func([]byte) error

func (f writerFunc) Write(p []byte) (int, error) {
	if err := f(p); err != nil {
		return 0, err
	}
	return len(p), nil
}
