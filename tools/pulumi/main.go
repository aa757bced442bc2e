// Package tools pins the Pulumi CLI, so that it can be built where only the Go module proxy can be reached.
// `python -m modelyard_infra.engine.setup` builds it; go.mod and go.sum say exactly what from.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
