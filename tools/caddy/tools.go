//go:build tools

// Package tools keeps Caddy in go.mod, so that `go build` finds it at its pinned version.
package tools

import _ "github.com/caddyserver/caddy/v2/cmd/caddy"
