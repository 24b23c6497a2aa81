package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
)

func TestPluginsOfInstalledPackages(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on PATH")
	}
	site := t.TempDir()
	write := func(path, text string) {
		full := filepath.Join(site, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// As pip installs them: the distribution's own name differs from the module's.
	write("pulumi_command/__init__.py", "")
	write("pulumi_command/pulumi-plugin.json", `{"resource": true}`)
	write("pulumi_command-1.2.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: pulumi_command\nVersion: 1.2.1\n")
	write("pulumi_command-1.2.1.dist-info/top_level.txt", "pulumi_command\n")
	write("only_code/pulumi-plugin.json", `{"resource": false}`)
	write("generated/pulumi-plugin.json", `{"resource": true, "name": "terraform-provider", "version": "0.8.0",
		"server": "https://example.invalid", "parameterization": {"name": "generated", "version": "1.0.0", "value": "e30="}}`)

	cmd := exec.Command(python, "-c", packagesScript)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+site)
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := parsePackages(output)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*pulumirpc.PackageDependency{
		"command": {Name: "command", Kind: "resource", Version: "1.2.1"},
		"terraform-provider": {
			Name: "terraform-provider", Kind: "resource", Version: "0.8.0", Server: "https://example.invalid",
			Parameterization: &pulumirpc.PackageParameterization{Name: "generated", Version: "1.0.0", Value: []byte("{}")},
		},
	}
	for _, dep := range got { // this machine's Python may have Pulumi packages of its own
		if expected, ok := want[dep.GetName()]; ok && proto.Equal(dep, expected) {
			delete(want, dep.GetName())
		}
	}
	if len(want) > 0 {
		t.Errorf("got %v; missing or different: %v", got, want)
	}
}

func TestABrokenPluginFileIsNamed(t *testing.T) {
	_, err := parsePackages([]byte(`{"distribution": "x", "file": "/site/x/pulumi-plugin.json", "plugin": "{"}`))
	if err == nil || !strings.Contains(err.Error(), "/site/x/pulumi-plugin.json of package x is not valid JSON") {
		t.Errorf("got %v", err)
	}
}
