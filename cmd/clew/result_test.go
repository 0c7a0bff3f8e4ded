package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/tracer"
)

// The id is the hash of the trace as JSON without its tool, what logs say of its declaration and how
// its exhibits are headed, which is worked out here by writing it twice.
func TestTraceID(t *testing.T) {
	raw, err := os.ReadFile("../../tracer/testdata/trace_output.json")
	require.NoError(t, err)
	var trace tracer.Trace
	require.NoError(t, json.Unmarshal(raw, &trace))
	when := "2026-01-02T03:04:05Z"
	trace.Tool, trace.Incident.FirstLogged = tracer.Tool{Version: "9 <&>", Commit: "c0ffee"}, &when
	trace.Incident.Case, trace.Incident.Earlier = &tracer.Case{Court: "C"}, []tracer.Declaration{{SHA256: "00", When: when}}
	text, id, err := encodeTrace(&trace)
	require.NoError(t, err)
	want, err := json.Marshal(&trace)
	require.NoError(t, err)
	require.Equal(t, string(want)+"\n", string(text))
	trace.Tool, trace.Incident.FirstLogged, trace.Incident.Case, trace.Incident.Earlier = tracer.Tool{}, nil, nil, nil
	bare, err := json.Marshal(&trace)
	require.NoError(t, err)
	sum := sha256.Sum256(bare)
	require.Equal(t, hex.EncodeToString(sum[:8]), id)
	trace.Hops = trace.Hops[1:]
	_, other, err := encodeTrace(&trace)
	require.NoError(t, err)
	require.NotEqual(t, id, other)
}
