package main

import (
	"fmt"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// knownOptions are the keys under runtime.options of Pulumi.yaml, PulumiPlugin.yaml and PulumiPolicy.yaml.
var knownOptions = []string{"toolchain", "typechecker", "virtualenv"}

// parseOptions reads the runtime options of the program or plugin in info. A key or value nobody reads is an error: a
// misspelt `virtualenv` would otherwise run the program in another Python, and fail far from its cause.
func parseOptions(info *pulumirpc.ProgramInfo) (toolchain.PythonOptions, error) {
	opts := toolchain.PythonOptions{Root: info.GetRootDirectory(), ProgramDir: info.GetProgramDirectory()}
	var problems []string
	for key, value := range info.GetOptions().GetFields() {
		if !slices.Contains(knownOptions, key) {
			problems = append(problems, fmt.Sprintf("unknown key %q; the keys are %s", key, strings.Join(knownOptions, ", ")))
			continue
		}
		text, isText := value.GetKind().(*structpb.Value_StringValue)
		if !isText {
			problems = append(problems, fmt.Sprintf("%s is %v; it must be a text", key, value.AsInterface()))
			continue
		}
		if problem := setOption(&opts, key, text.StringValue); problem != "" {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		slices.Sort(problems) // maps have no order, messages should
		return opts, status.Errorf(codes.InvalidArgument, "runtime.options of the project in %q: %s",
			info.GetRootDirectory(), strings.Join(problems, "; "))
	}
	return opts, nil
}

func setOption(opts *toolchain.PythonOptions, key, value string) (problem string) {
	switch key {
	case "virtualenv":
		opts.Virtualenv = value
	case "toolchain":
		switch value {
		case "auto":
			opts.Toolchain = toolchain.Auto
		case "pip":
			opts.Toolchain = toolchain.Pip
		case "poetry":
			opts.Toolchain = toolchain.Poetry
		case "uv":
			opts.Toolchain = toolchain.Uv
		default:
			return fmt.Sprintf("toolchain is %q; it must be one of auto, pip, poetry, uv", value)
		}
	case "typechecker":
		switch value {
		case "none":
			opts.Typechecker = toolchain.TypeCheckerNone
		case "mypy":
			opts.Typechecker = toolchain.TypeCheckerMypy
		case "pyright":
			opts.Typechecker = toolchain.TypeCheckerPyright
		default:
			return fmt.Sprintf("typechecker is %q; it must be one of none, mypy, pyright", value)
		}
	}
	return ""
}

// resolve reads the options of info and picks the tool that knows its Python.
func resolve(info *pulumirpc.ProgramInfo) (toolchain.Toolchain, toolchain.PythonOptions, error) {
	opts, err := parseOptions(info)
	if err != nil {
		return nil, opts, err
	}
	tc, err := toolchain.ResolveToolchain(opts)
	if err != nil {
		return nil, opts, status.Error(codes.FailedPrecondition, err.Error())
	}
	return tc, opts, nil
}
