package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

//go:embed packages.py
var packagesScript string

// GetRequiredPackages names the plugins that the project's installed packages need, so that the engine can fetch them
// before it starts. Packages older than pulumi-plugin.json (2021) are found on first use instead.
func (h *host) GetRequiredPackages(
	ctx context.Context, req *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	tc, opts, err := resolve(req.GetInfo())
	if err != nil {
		return nil, err
	}
	// The first call of every run: a project without its environment gets it here.
	if err := tc.EnsureVenv(ctx, opts.ProgramDir, false, true, piped(os.Stdout), piped(os.Stderr)); err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	if err := tc.ValidateVenv(ctx); err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	cmd, err := tc.Command(ctx, "-c", packagesScript)
	if err != nil {
		return nil, err
	}
	cmd.Dir = opts.ProgramDir
	output, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
		}
		return nil, fmt.Errorf("listing the installed Pulumi packages with %s: %w", cmd.Path, err)
	}
	packages, err := parsePackages(output)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.GetRequiredPackagesResponse{Packages: packages}, nil
}

// installedPackage is a line that packages.py prints.
type installedPackage struct {
	Distribution string `json:"distribution"`
	Version      string `json:"version"`
	File         string `json:"file"`
	Plugin       string `json:"plugin"`
}

func parsePackages(output []byte) ([]*pulumirpc.PackageDependency, error) {
	var packages []*pulumirpc.PackageDependency
	lines := json.NewDecoder(bytes.NewReader(output))
	for {
		var installed installedPackage
		if err := lines.Decode(&installed); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the list of installed Pulumi packages: %w", err)
		}
		var needs plugin.PulumiPluginJSON
		if err := json.Unmarshal([]byte(installed.Plugin), &needs); err != nil {
			return nil, fmt.Errorf("%s of package %s is not valid JSON: %w; reinstall the package",
				installed.File, installed.Distribution, err)
		}
		if needs.Resource {
			packages = append(packages, dependency(installed, needs))
		}
	}
}

// dependency fills what pulumi-plugin.json may leave out from the package's own name and version.
func dependency(installed installedPackage, needs plugin.PulumiPluginJSON) *pulumirpc.PackageDependency {
	dep := &pulumirpc.PackageDependency{
		Name:             needs.Name,
		Kind:             string(apitype.ResourcePlugin),
		Version:          needs.Version,
		Server:           needs.Server,
		Parameterization: parameterization(needs.Parameterization),
		Extension:        parameterization(needs.ExtensionParameterization),
	}
	if dep.Name == "" {
		name := strings.ReplaceAll(strings.ToLower(installed.Distribution), "_", "-")
		dep.Name = strings.TrimPrefix(name, "pulumi-")
	}
	if dep.Version == "" {
		dep.Version = installed.Version
	}
	return dep
}

func parameterization(p *plugin.PulumiParameterizationJSON) *pulumirpc.PackageParameterization {
	if p == nil {
		return nil
	}
	return &pulumirpc.PackageParameterization{Name: p.Name, Version: p.Version, Value: p.Value}
}
