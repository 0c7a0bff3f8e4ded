package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/bundle"
	"clew/chains"
	"clew/ingest"
	"clew/tracer"
)

// searched is a node, for a verification that asks it: not a recording, whatever it reads from.
type searched struct{ ingest.Node }

// over asks what the recordings of a bundle hold, as a node of one's own; bare is it as a recording.
func over(t *testing.T, data []byte, bare bool) func(*bundle.Options) {
	t.Helper()
	b, problems, err := bundle.Open(t.Context(), bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	require.Empty(t, problems)
	open := func(ctx context.Context, chain chains.Chain, _ []chains.Address) (*openedNode, error) {
		for _, folder := range b.Recordings() {
			files, err := fs.Sub(b.FS(), folder)
			if err != nil {
				return nil, err
			}
			if node, err := openRecording(ctx, files, folder, ""); err != nil || node.chain == chain {
				return node, err
			}
		}
		return nil, nil
	}
	w := &world{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }, now: time.Now,
		user: func() string { return "tester" }, log: slog.New(slog.DiscardHandler), quiet: true}
	return func(o *bundle.Options) {
		o.Node = func(ctx context.Context, chain chains.Chain) (ingest.Node, string, error) {
			n, err := open(ctx, chain, nil)
			if err != nil || n == nil || bare {
				return n.Node, "recording:there", err
			}
			return searched{n.Node}, "http://127.0.0.1:1", nil
		}
		o.RetraceOn = func(ctx context.Context, b *bundle.Bundle, _ []chains.Chain) ([]byte, error) {
			return w.retraceOn(ctx, b, open)
		}
	}
}

// leaveOut forges a bundle without its last transaction: a trace that fits its recording.
func leaveOut(t *testing.T, incident string) []byte {
	t.Helper()
	f := forge(t, incident)
	var last chains.TxID
	f.trace(func(t *tracer.Trace) {
		h := slices.MaxFunc(t.Hops, func(a, b tracer.Hop) int { return int(a.Legs[0].Height - b.Legs[0].Height) })
		last = h.Legs[0].TxID
	})
	f.recording("recording", func(p *parts) {
		m, height := &p.manifest, int64(-1)
		m.Txs = slices.DeleteFunc(m.Txs, func(e ingest.TxEntry) bool {
			if e.TxID == last {
				height = e.Height
			}
			return e.TxID == last
		})
		if !slices.ContainsFunc(m.Txs, func(e ingest.TxEntry) bool { return e.Height == height }) {
			m.Coinbases = slices.DeleteFunc(m.Coinbases, func(c ingest.CoinbaseEntry) bool { return c.Height == height })
		}
	})
	f.members[bundle.TraceFile] = again(t, f.seal())
	delete(f.members, bundle.LogFile) // it speaks of the trace that was
	return f.seal()
}

// TestLeftOut: a spend that was left out, with all behind it, is found over a node, even one that is
// a recording; without a node nobody looked, and the verification is never complete.
func TestLeftOut(t *testing.T) {
	genuine, forged := sealed(t, "merge"), leaveOut(t, "merge")
	trust := trustAll(t, genuine)
	trusting := func(o *bundle.Options) { o.Trust = trust }

	v := verified(t, forged, trusting)
	require.True(t, v.OK, v.Problems)
	require.False(t, v.Complete)
	require.Equal(t, []string{"nobody looked on bitcoin whether a movement was left out"}, v.Lacks)
	var page bytes.Buffer
	require.NoError(t, writeVerdict(newPage(&page), v))
	require.Contains(t, page.String(), "Verified as recorded, and not complete: nothing contradicts anything, but\n  - nobody looked on bitcoin")

	for _, bare := range []bool{false, true} {
		v = verified(t, forged, trusting, over(t, genuine, bare))
		requireProblem(t, v, "trace.json", "which the bundle leaves out: the first in transaction")
		require.Contains(t, v.Problems[0].What, "run again over your node it has ")
	}

	v = verified(t, genuine, over(t, genuine, false))
	require.True(t, v.Complete, "%v %v", v.Lacks, v.Problems)
	require.Contains(t, v.Asked[len(v.Asked)-1].What, "the whole trace, run again over its blocks up to")
	page.Reset()
	require.NoError(t, writeVerdict(newPage(&page), v))
	require.True(t, strings.HasPrefix(page.String(), "Verified, and a node of one's own agrees: nothing was left out\n"), page.String())

	v = verified(t, genuine, over(t, genuine, true))
	require.True(t, v.OK, v.Problems)
	require.False(t, v.Complete)
	require.Contains(t, v.Lacks[0], "is a recording too")
}

// TestReplicaFirst: synthetic data is called so before anything else, and in the JSON.
func TestReplicaFirst(t *testing.T) {
	v := verified(t, sealed(t, "atlanta-replica"))
	require.True(t, v.Incident.Synthetic)
	require.Equal(t, "demo-atlanta-replica", v.Incident.ID)
	var page bytes.Buffer
	require.NoError(t, writeVerdict(newPage(&page), v))
	require.True(t, strings.HasPrefix(page.String(), "REPLICA: synthetic data, no real incident\nVerified as recorded"), page.String())
	text := strings.Join(strings.Fields(page.String()), " ")
	require.Contains(t, text, "the incident's own word")
	require.Contains(t, text, "made the trace: the bundle's own word; what was run again here ran with")

	page.Reset()
	require.NoError(t, writeVerdict(newPage(&page), verified(t, sealed(t, "merge"))))
	require.NotContains(t, page.String(), "REPLICA")
}
