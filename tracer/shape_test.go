package tracer_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/tracer"
)

// TestWrongShapes: whatever stands in a trace in place of something is an error, never a panic.
func TestWrongShapes(t *testing.T) {
	for _, text := range []string{
		`{"hops": [{"traced_by_seed": [null]}]}`,
		`{"hops": [{"traced_by_seed": null}]}`,
		`{"hops": [{"traced": {"none": "1"}}]}`,
		`{"endpoints": [{"by_basis": {"fifo": {"none": "1"}}}]}`,
	} {
		require.Error(t, json.Unmarshal([]byte(text), &tracer.Trace{}), text)
	}
	read := &tracer.Trace{}
	require.NoError(t, json.Unmarshal([]byte(`{"schema": "clew.trace/1", "incident": {"id": "x", "rule": "fifo"}, "rules": "APc="}`), read),
		"encoding/json reads a list of bytes as base64")
	require.ErrorIs(t, read.Check(), tracer.ErrShape)
	_, err := json.Marshal(read)
	require.ErrorContains(t, err, "rule 247")
}
