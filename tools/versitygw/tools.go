//go:build tools

// Package tools keeps versitygw in go.mod, so that `go build` finds it at its pinned version.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
