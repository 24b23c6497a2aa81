package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
)

const commandType = "command:remote:Command"

// standIn is the provider. Its methods follow the life cycle of one resource, command:remote:Command.
type standIn struct {
	plugin.UnimplementedProvider

	host *provider.HostClient
	said sync.Once
	// stop ends every command under way; the engine asks for that when a run is cancelled.
	stop    context.CancelFunc
	stopped context.Context
}

func newStandIn(host *provider.HostClient) *standIn {
	stopped, stop := context.WithCancel(context.Background())
	return &standIn{host: host, stop: stop, stopped: stopped}
}

func (p *standIn) Close() error { return nil }

func (p *standIn) SignalCancellation(context.Context) error {
	p.stop()
	return nil
}

func (p *standIn) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	parsed := semver.MustParse(version)
	return plugin.PluginInfo{Version: &parsed}, nil
}

func (p *standIn) GetSchema(context.Context, plugin.GetSchemaRequest) (plugin.GetSchemaResponse, error) {
	return plugin.GetSchemaResponse{Schema: schema}, nil
}

func (p *standIn) CheckConfig(_ context.Context, req plugin.CheckConfigRequest) (plugin.CheckConfigResponse, error) {
	return plugin.CheckConfigResponse{Properties: req.News}, nil
}

func (p *standIn) DiffConfig(context.Context, plugin.DiffConfigRequest) (plugin.DiffConfigResponse, error) {
	return plugin.DiffConfigResponse{Changes: plugin.DiffNone}, nil
}

func (p *standIn) Configure(context.Context, plugin.ConfigureRequest) (plugin.ConfigureResponse, error) {
	return plugin.ConfigureResponse{}, nil
}

// Check refuses other resources and malformed inputs, and fills in the defaults.
func (p *standIn) Check(ctx context.Context, req plugin.CheckRequest) (plugin.CheckResponse, error) {
	if err := known(req.URN); err != nil {
		return plugin.CheckResponse{}, err
	}
	p.said.Do(func() {
		p.log(ctx, diag.Warning, req.URN, "this is sakura-fleet's stand-in for the pulumi-command plugin, for tests and "+
			"demos; where the network allows it, `pulumi plugin install resource command "+version+"` gets the official one")
	})
	inputs, failures := withDefaults(req.News)
	return plugin.CheckResponse{Properties: inputs, Failures: failures}, nil
}

// Diff compares inputs: changed triggers replace, anything else changed updates.
func (p *standIn) Diff(_ context.Context, req plugin.DiffRequest) (plugin.DiffResponse, error) {
	old, changed := plainMap(req.OldInputs), plainMap(req.NewInputs)
	diff := old.Diff(changed)
	if diff == nil {
		return plugin.DiffResponse{Changes: plugin.DiffNone}, nil
	}
	result := plugin.DiffResponse{Changes: plugin.DiffSome, ChangedKeys: diff.ChangedKeys()}
	result.DetailedDiff = map[string]plugin.PropertyDiff{}
	for _, key := range result.ChangedKeys {
		kind := plugin.DiffUpdate
		if key == "triggers" {
			kind = plugin.DiffUpdateReplace
			result.ReplaceKeys = append(result.ReplaceKeys, key)
		}
		result.DetailedDiff[string(key)] = plugin.PropertyDiff{Kind: kind, InputDiff: true}
	}
	return result, nil
}

// Create runs the command `create`.
func (p *standIn) Create(ctx context.Context, req plugin.CreateRequest) (plugin.CreateResponse, error) {
	id, err := resource.NewUniqueHexID(req.URN.Name(), 8, 0)
	if err != nil {
		return plugin.CreateResponse{}, err
	}
	if req.Preview {
		return plugin.CreateResponse{ID: id, Properties: unknownOutput(req.Properties), Status: resource.StatusOK}, nil
	}
	inputs := decode(req.Properties)
	out, err := p.runAs(ctx, req.URN, inputs, inputs.create, output{})
	if err != nil {
		return plugin.CreateResponse{Status: resource.StatusOK}, err
	}
	return plugin.CreateResponse{ID: id, Properties: out.onto(req.Properties), Status: resource.StatusOK}, nil
}

// Update runs `update`; without one, `create`.
func (p *standIn) Update(ctx context.Context, req plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	if req.Preview {
		return plugin.UpdateResponse{Properties: unknownOutput(req.NewInputs), Status: resource.StatusOK}, nil
	}
	inputs := decode(req.NewInputs)
	command := inputs.update
	if command == "" {
		command = inputs.create
	}
	out, err := p.runAs(ctx, req.URN, inputs, command, outputOf(req.OldOutputs))
	if err != nil {
		return plugin.UpdateResponse{Status: resource.StatusOK}, err
	}
	return plugin.UpdateResponse{Properties: out.onto(req.NewInputs), Status: resource.StatusOK}, nil
}

// Delete runs `delete`, if there is one, as the state has it.
func (p *standIn) Delete(ctx context.Context, req plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	inputs := decode(req.Outputs)
	_, err := p.runAs(ctx, req.URN, inputs, inputs.delete, outputOf(req.Outputs))
	return plugin.DeleteResponse{Status: resource.StatusOK}, err
}

// Read knows nothing but the state: what a command did cannot be looked up.
func (p *standIn) Read(_ context.Context, req plugin.ReadRequest) (plugin.ReadResponse, error) {
	return plugin.ReadResponse{
		ReadResult: plugin.ReadResult{ID: req.ID, Inputs: req.Inputs, Outputs: req.State},
		Status:     resource.StatusOK,
	}, nil
}

// runAs runs one of a resource's commands, until it ends or the run is cancelled. No command is no work.
func (p *standIn) runAs(
	ctx context.Context, urn resource.URN, in inputs, command string, previous output,
) (output, error) {
	if command == "" {
		return previous, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.stopped, cancel)()
	tell := teller{
		line:   func(text string) { p.log(ctx, diag.Info, urn, text) },
		status: func(text string) { p.status(ctx, urn, text) },
		warn:   func(text string) { p.log(ctx, diag.Warning, urn, text) },
	}
	return run(ctx, in, command, previous, tell)
}

// log and status are for people only, so that a failure to log is none of the command.
func (p *standIn) log(ctx context.Context, severity diag.Severity, urn resource.URN, text string) {
	if p.host != nil {
		_ = p.host.Log(ctx, severity, urn, text)
	}
}

func (p *standIn) status(ctx context.Context, urn resource.URN, text string) {
	if p.host != nil {
		_ = p.host.LogStatus(ctx, diag.Info, urn, text)
	}
}

func known(urn resource.URN) error {
	if urn.Type() == tokens.Type(commandType) {
		return nil
	}
	return fmt.Errorf("sakura-fleet's stand-in for the pulumi-command plugin has %s only, not %s; "+
		"get the official plugin: pulumi plugin install resource command %s", commandType, urn.Type(), version)
}
