package main

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

func info(t *testing.T, options map[string]any) *pulumirpc.ProgramInfo {
	t.Helper()
	fields, err := structpb.NewStruct(options)
	if err != nil {
		t.Fatal(err)
	}
	return &pulumirpc.ProgramInfo{
		RootDirectory: "/a b", ProgramDirectory: "/a b/src", EntryPoint: ".", Options: fields,
	}
}

func TestOptionsAreRead(t *testing.T) {
	got, err := parseOptions(info(t, map[string]any{"virtualenv": ".venv", "toolchain": "uv", "typechecker": "mypy"}))
	want := toolchain.PythonOptions{
		Root: "/a b", ProgramDir: "/a b/src", Virtualenv: ".venv",
		Toolchain: toolchain.Uv, Typechecker: toolchain.TypeCheckerMypy,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestWithoutOptionsTheToolchainIsFound(t *testing.T) {
	got, err := parseOptions(&pulumirpc.ProgramInfo{})
	if err != nil || got.Toolchain != toolchain.Auto || got.Typechecker != toolchain.TypeCheckerNone {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestUnreadableOptionsAreRefusedTogether(t *testing.T) {
	_, err := parseOptions(info(t, map[string]any{"virtual-env": ".venv", "toolchain": "conda", "virtualenv": true}))
	want := `runtime.options of the project in "/a b": ` +
		`toolchain is "conda"; it must be one of auto, pip, poetry, uv; ` +
		`unknown key "virtual-env"; the keys are toolchain, typechecker, virtualenv; ` +
		`virtualenv is true; it must be a text`
	if status.Code(err) != codes.InvalidArgument || status.Convert(err).Message() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
