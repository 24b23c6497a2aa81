package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// InstallDependencies serves `pulumi install`, with the output of pip, uv or poetry as it comes.
func (h *host) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest, stream grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse],
) (err error) {
	tc, opts, err := resolve(req.GetInfo())
	if err != nil {
		return err
	}
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(
		&installStream{ServerStreamingServer: stream}, req.GetIsTerminal())
	if err != nil {
		return fmt.Errorf("opening the output streams: %w", err)
	}
	defer func() { err = errors.Join(err, closer.Close()) }()

	err = tc.InstallDependencies(stream.Context(), opts.ProgramDir, req.GetUseLanguageVersionTools(), true, stdout, stderr)
	if err != nil {
		return status.Errorf(codes.Internal, "installing the dependencies of %q: %v", opts.ProgramDir, err)
	}
	return nil
}

// installStream lets stdout and stderr share a stream: gRPC allows one sender at a time.
type installStream struct {
	grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse]
	mu sync.Mutex
}

func (s *installStream) Send(response *pulumirpc.InstallDependenciesResponse) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ServerStreamingServer.Send(response)
}

// About serves `pulumi about`.
func (h *host) About(ctx context.Context, req *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	tc, opts, err := resolve(req.GetInfo())
	if err != nil {
		return nil, err
	}
	if err := tc.ValidateVenv(ctx); err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	info, err := tc.About(ctx)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{
		Executable: info.PythonExecutable,
		Version:    info.PythonVersion.String(),
		Metadata: map[string]string{
			"toolchain":        toolchain.Name(opts.Toolchain),
			"toolchainVersion": info.ToolchainVersion.String(),
			"typechecker":      toolchain.TypeCheckerName(opts.Typechecker),
			"languageHost":     "sakura-fleet",
		},
	}, nil
}

// GetProgramDependencies serves the list of dependencies in `pulumi about` and in the metadata of an update.
func (h *host) GetProgramDependencies(
	ctx context.Context, req *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	tc, _, err := resolve(req.GetInfo())
	if err != nil {
		return nil, err
	}
	if err := tc.ValidateVenv(ctx); err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	packages, err := tc.ListPackages(ctx, req.GetTransitiveDependencies())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, p := range packages {
		response.Dependencies = append(response.Dependencies, &pulumirpc.DependencyInfo{Name: p.Name, Version: p.Version})
	}
	return response, nil
}
