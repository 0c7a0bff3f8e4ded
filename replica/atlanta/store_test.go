package atlanta_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/ingest"
	"clew/replica/atlanta"
	"clew/store"
	"clew/tracer"
)

// synced opens the chains of a play in a store; their nodes tell what accounts held.
type synced struct {
	db    *store.Store
	nodes map[chains.Chain]*evm.Node
}

func (s synced) Open(ctx context.Context, chain chains.Chain, _, _ int64) (tracer.Source, error) {
	return s.db.AccountSource(ctx, chain, store.Latest, s.nodes[chain])
}

// What may be the way out of a mixer, and which accounts are deposit addresses, a store says as the
// nodes do, from their whole history in place of what a trace asks for.
func TestStoreFindsTheSame(t *testing.T) {
	p := play(t)
	want := trace(t, p, atNodes(t, p))
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clew.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	s := synced{db, map[chains.Chain]*evm.Node{}}
	for _, chain := range []chains.Chain{"polygon", "bsc"} {
		node, err := evm.Dial(t.Context(), chain, p.Chains[string(chain)].URL, evm.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, node.Close()) })
		s.nodes[chain] = node
		l, err := db.Load(t.Context(), chain)
		require.NoError(t, err)
		_, err = ingest.Sync(t.Context(), node, nil, l, ingest.SyncOptions{From: first(p, chain), To: -1})
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
	text, err := p.Incident()
	require.NoError(t, err)
	inc, err := tracer.ParseIncident("incident.yaml", text, codec{})
	require.NoError(t, err)
	got, err := tracer.RunAll(t.Context(), inc, s, codec{}, tracer.Options{TouchedOnly: true})
	require.NoError(t, err)
	for _, part := range []func(*tracer.Trace) any{
		func(t *tracer.Trace) any { return t.Candidates },
		func(t *tracer.Trace) any { return t.Findings },
		func(t *tracer.Trace) any { return t.Nodes },
	} {
		a, err := json.Marshal(part(want))
		require.NoError(t, err)
		b, err := json.Marshal(part(got))
		require.NoError(t, err)
		require.Equal(t, string(a), string(b))
	}
	require.Len(t, got.Candidates, 10)
}

// first is the first block of a chain of the play that has transactions.
func first(p *atlanta.Play, chain chains.Chain) int64 {
	for _, c := range p.Truth.Chains {
		if c.Chain == string(chain) {
			return c.First + 1
		}
	}
	return 0
}
