package ingest_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
	"clew/tracer"
)

var _ tracer.Windowed = (*ingest.Pass)(nil)

// A pass ends behind the last window, if nothing else is watched: by height with its last
// block, by time as soon as no later block can be that early.
func TestPassEndsBehindItsWindows(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 60 {
		node.SetTime(start.Add(time.Duration(i) * 10 * time.Minute))
		node.Skip(1)
	}
	n := dial(t, node)
	head, err := n.Head(t.Context())
	require.NoError(t, err)
	at := func(height int64) int64 {
		ref, err := n.Ref(t.Context(), height)
		require.NoError(t, err)
		return ref.Time
	}
	for _, c := range []struct {
		name  string
		watch func(p *ingest.Pass) error
		last  int64
	}{
		{"by height", func(p *ingest.Pass) error { return p.WatchWindow(t.Context(), "A", 20, 0) }, 20},
		{"by time", func(p *ingest.Pass) error { return p.WatchWindow(t.Context(), "A", -1, at(20)) }, 25}, // the median of 15 to 25
		{"until the later of two", func(p *ingest.Pass) error {
			require.NoError(t, p.WatchWindow(t.Context(), "A", 30, 0))
			return p.WatchWindow(t.Context(), "A", 20, 0)
		}, 30},
		{"an address that is watched for good as well", func(p *ingest.Pass) error {
			require.NoError(t, p.WatchAddress(t.Context(), "A"))
			return p.WatchWindow(t.Context(), "A", 20, 0)
		}, head.Height},
	} {
		t.Run(c.name, func(t *testing.T) {
			last := int64(0)
			p, err := ingest.NewPass(t.Context(), n, bitcoin.Codec{}, ingest.PassOptions{
				From: 10, Progress: func(_, _, _ int64, at chains.BlockRef) { last = at.Height },
			})
			require.NoError(t, err)
			defer p.Close()
			require.NoError(t, c.watch(p))
			_, err = p.Next(t.Context())
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, c.last, last)
			require.Equal(t, head.Height, p.AsOf().Height, "what is said holds up to the head all the same")
		})
	}
}
