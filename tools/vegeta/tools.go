//go:build tools

// Package tools keeps vegeta in go.mod, so that `go build` finds it at its pinned version.
package tools

import _ "github.com/tsenart/vegeta/v12"
