package main

import (
	"context"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// host answers the engine. One process serves one run of the CLI, but several calls at a time: a program, its policy
// packs and its plugins all run at once.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	launcher string // path of pulumi-language-python-exec
	tracing  string // tracing endpoint handed on to programs, or empty
	children *children

	mu     sync.Mutex
	engine string // address of the engine's gRPC server
}

func newHost(launcher, engine, tracing string) *host {
	return &host{launcher: launcher, engine: engine, tracing: tracing, children: newChildren()}
}

func (h *host) engineAddress() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.engine
}

// Handshake is how the engine introduces itself to a host that was already running (PULUMI_DEBUG_LANGUAGES).
func (h *host) Handshake(
	_ context.Context, req *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if req.GetEngineAddress() != "" {
		h.engine = req.GetEngineAddress()
	}
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// Cancel ends the running program and waits for it. Plugins and policy packs stay: the engine has sent each its own
// Cancel, still waits for the creates under way in them, and closes them when those are recorded.
func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.children.cancelPrograms()
	return &emptypb.Empty{}, nil
}
