package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// exitMessageShown is the launcher's way to say that the user has already read what went wrong.
const exitMessageShown = 32

// Run runs a program to its end.
func (h *host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	if req.GetAttachDebugger() {
		return nil, status.Error(codes.Unimplemented, "this language host attaches no debugger: "+
			"run without --attach-debugger, or with the official Pulumi on PATH")
	}
	tc, opts, err := resolve(req.GetInfo())
	if err != nil {
		return nil, err
	}
	if err := tc.ValidateVenv(ctx); err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	if problem := h.typecheck(ctx, tc, opts); problem != "" {
		return &pulumirpc.RunResponse{Error: problem}, nil
	}

	args := append([]string{"-u", h.launcher}, h.launcherArgs(req)...)
	// Not ctx: its end would kill the process outright. children.run interrupts it first.
	cmd, err := tc.Command(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	env, err := configEnv(req.GetConfig(), req.GetConfigSecretKeys())
	if err != nil {
		return nil, err
	}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, env...)
	stderr := &interruptFilter{out: os.Stderr}
	cmd.Stdout, cmd.Stderr = piped(os.Stdout), stderr

	err = h.children.run(ctx, programChild, cmd, stderr.interrupt)
	stderr.flush()
	return runResponse(err, h.children.isCancelled() || ctx.Err() != nil), nil
}

// launcherArgs are the arguments of pulumi-language-python-exec.
func (h *host) launcherArgs(req *pulumirpc.RunRequest) []string {
	var args []string
	add := func(name, value string) {
		if value != "" {
			args = append(args, "--"+name, value)
		}
	}
	add("monitor", req.GetMonitorAddress())
	add("engine", h.engineAddress())
	add("organization", req.GetOrganization())
	add("project", req.GetProject())
	add("root_directory", req.GetInfo().GetRootDirectory())
	add("stack", req.GetStack())
	add("pwd", req.GetPwd())
	add("dry_run", strconv.FormatBool(req.GetDryRun()))
	add("parallel", strconv.Itoa(int(req.GetParallel())))
	add("tracing", h.tracing)
	args = append(args, programPath(req.GetInfo()))
	return append(args, req.GetArgs()...)
}

// programPath is absolute, and so still right after a program has changed its working directory.
func programPath(info *pulumirpc.ProgramInfo) string {
	return filepath.Join(info.GetProgramDirectory(), info.GetEntryPoint())
}

// configEnv hands the stack's configuration over the way pulumi.runtime reads it.
func configEnv(config map[string]string, secretKeys []string) ([]string, error) {
	var env []string
	if len(config) > 0 {
		text, err := json.Marshal(config)
		if err != nil {
			return nil, fmt.Errorf("encoding the configuration: %w", err)
		}
		env = append(env, "PULUMI_CONFIG="+string(text))
	}
	if len(secretKeys) > 0 {
		text, err := json.Marshal(secretKeys)
		if err != nil {
			return nil, fmt.Errorf("encoding the names of the secret keys: %w", err)
		}
		env = append(env, "PULUMI_CONFIG_SECRET_KEYS="+string(text))
	}
	return env, nil
}

// runResponse tells the engine how the program ended. Bail means: fail, and add no words of your own.
func runResponse(err error, cancelled bool) *pulumirpc.RunResponse {
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // the second: ended well, its own children held the pipes
		return &pulumirpc.RunResponse{}
	case cancelled, errors.Is(err, errCancelled):
		return &pulumirpc.RunResponse{Bail: true}
	case errors.As(err, &exit) && exit.ExitCode() == exitMessageShown:
		return &pulumirpc.RunResponse{Bail: true}
	case errors.As(err, &exit) && exit.Exited():
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program exited with code %d", exit.ExitCode())}
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program was ended from outside (%s)", exit)}
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program could not be started: %v", err)}
	}
}

// typecheck runs the checker the project asks for and returns what the user must know, or nothing.
func (h *host) typecheck(ctx context.Context, tc toolchain.Toolchain, opts toolchain.PythonOptions) (problem string) {
	var module string
	switch opts.Typechecker {
	case toolchain.TypeCheckerMypy:
		module = "mypy"
	case toolchain.TypeCheckerPyright:
		module = "pyright"
	default:
		return ""
	}
	cmd, err := tc.ModuleCommand(context.Background(), module, opts.ProgramDir)
	if err != nil {
		return fmt.Sprintf("the type checker %s could not be started: %v", module, err)
	}
	cmd.Dir = opts.ProgramDir
	cmd.Stdout, cmd.Stderr = piped(os.Stdout), piped(os.Stderr)
	if err := h.children.run(ctx, programChild, cmd, nil); err != nil {
		return fmt.Sprintf("the type checker %s failed (%v): correct what it reports, install it in the project's "+
			"environment if it is missing, or set runtime.options.typechecker to none", module, err)
	}
	return ""
}
