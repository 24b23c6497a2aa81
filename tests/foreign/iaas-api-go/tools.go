//go:build tools

// Package tools keeps the acceptance tests of iaas-api-go in go.mod, with everything that they import.
package tools

import _ "github.com/sacloud/iaas-api-go/test"
