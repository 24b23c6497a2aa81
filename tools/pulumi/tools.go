//go:build tools

// Package tools keeps the Pulumi command in go.mod, so that `go build` finds it at its pinned version.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
