package main

import (
	"context"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What this host leaves out answers in words. GetRequiredPlugins, RuntimeOptionsPrompts and Template are left out in
// silence (the embedded type answers Unimplemented): the engine expects hosts without them and goes on.

func unsupported(command string) error {
	return status.Errorf(codes.Unimplemented, "sakura-fleet's Python language host runs programs and generates no code; "+
		"for %s install the official Pulumi CLI of the version that `pulumi version` prints and run it from there", command)
}

func (h *host) GenerateProgram(
	context.Context, *pulumirpc.GenerateProgramRequest,
) (*pulumirpc.GenerateProgramResponse, error) {
	return nil, unsupported("`pulumi import` and `pulumi convert` to Python")
}

func (h *host) GenerateProject(
	context.Context, *pulumirpc.GenerateProjectRequest,
) (*pulumirpc.GenerateProjectResponse, error) {
	return nil, unsupported("`pulumi convert` to Python")
}

func (h *host) GeneratePackage(
	context.Context, *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	return nil, unsupported("`pulumi package add` and `pulumi package gen-sdk`")
}

func (h *host) Pack(context.Context, *pulumirpc.PackRequest) (*pulumirpc.PackResponse, error) {
	return nil, unsupported("packing an SDK")
}

func (h *host) Link(context.Context, *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	return nil, unsupported("`pulumi package add`")
}
