package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/tracer"
)

// What the default policy promises in its notes holds for every line of it.
func TestDefaultPolicy(t *testing.T) {
	p := screen.DefaultPolicy()
	require.Equal(t, screen.ByLarger, p.DecideBy)
	require.Len(t, p.SHA256, 64)
	for i := range p.Rules {
		r := &p.Rules[i]
		require.NotEmpty(t, r.Reason, r.ID)
		require.NotEqual(t, screen.Allow, r.Action, "%s: no exception is carried", r.ID)
		if r.Action != screen.Block {
			continue
		}
		require.NotEmpty(t, r.KnownBy, "%s: a cluster is an inference and blocks nothing", r.ID)
		require.NotContains(t, r.KnownBy, screen.ByCluster, r.ID)
		if len(r.Distance) == 1 && r.Distance[0] == screen.Own {
			continue // it rests on no movement
		}
		require.Equal(t, []tracer.Basis{tracer.Whole, tracer.ByRule, tracer.Conversion, tracer.BridgeKey}, r.Bases, r.ID)
		require.Equal(t, []chains.Evidence{chains.EvidenceProven, chains.EvidenceAttested}, r.Evidence, r.ID)
	}
}
