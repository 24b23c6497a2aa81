//go:build tools

// Package tools keeps actionlint in go.mod, so that `go build` finds it at its pinned version.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
