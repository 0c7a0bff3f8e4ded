package ingest_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
)

// A pass ends at the block that it is pinned to, or before the first block with a later
// time, as a store read up to there.
func TestPassEnds(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 60)
	w.mine(40)
	head := node.Height()
	n := dial(t, node)
	st := openStore(t)
	syncAll(t, n, st)
	p := w.made[3]
	seed := fmt.Sprintf("seeds: [{id: V1, output: \"%s:%s\"}]\n", regtest, p.Point)

	for _, h := range []int64{p.height, p.height + 7, head} {
		t.Run(fmt.Sprintf("as of block %d", h), func(t *testing.T) {
			ref, err := n.Ref(t.Context(), h)
			require.NoError(t, err)
			want, err := storeTrace(t, incident(t, seed), st, h)
			require.NoError(t, err)
			got, err := passTrace(incident(t, seed), n, ingest.PassOptions{From: -1, AsOf: ref})
			require.NoError(t, err)
			require.Equal(t, conserve(t, want), conserve(t, got))
			require.Equal(t, h, got.AsOf[0].Height)
		})
	}
	for _, h := range []int64{p.height + 1, p.height + 9, head} {
		t.Run(fmt.Sprintf("until the latest time up to block %d", h), func(t *testing.T) {
			var until, last int64
			for next := p.height; next <= head; next++ {
				ref, err := n.Ref(t.Context(), next)
				require.NoError(t, err)
				if next <= h {
					until = max(until, ref.Time)
				}
				if ref.Time > until {
					break
				}
				last = next
			}
			inc := incident(t, seed+"stop: {until: "+time.Unix(until, 0).UTC().Format(time.RFC3339)+"}\n")
			want, err := storeTrace(t, inc, st, last)
			require.NoError(t, err)
			dir := t.TempDir()
			recorder, err := ingest.NewRecorder(dir, regtest, bitcoin.Codec{})
			require.NoError(t, err)
			got, err := passTrace(inc, n, ingest.PassOptions{From: -1, Recorder: recorder})
			require.NoError(t, err)
			require.Equal(t, last, got.AsOf[0].Height)
			require.Equal(t, conserve(t, want), conserve(t, got))
			sameFromRecording(t, inc, dir, got)
		})
	}
}

// What a pass refuses.
func TestPassRefuses(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 61)
	w.mine(20)
	head := node.Height()
	n := dial(t, node)
	p := w.made[len(w.made)/2]
	seed := fmt.Sprintf("seeds: [{id: V1, output: \"%s:%s\"}]\n", regtest, p.Point)
	absent := fmt.Sprintf("seeds: [{id: V1, output: \"%s:%064x:0\"}]\n", regtest, 1)
	ref, err := n.Ref(t.Context(), p.height)
	require.NoError(t, err)
	other := ref
	other.Hash[31] ^= 1
	beyond := chains.BlockRef{Height: head + 1, Hash: ref.Hash}
	before, err := n.Ref(t.Context(), p.height-1)
	require.NoError(t, err)
	blind := dialURL(t, node, older(t, node, false), bitcoin.Options{})
	for _, c := range []struct {
		name  string
		lines string
		node  ingest.Node
		opt   ingest.PassOptions
		is    error
	}{
		{"a pinned block that is not there", seed, n, ingest.PassOptions{From: -1, AsOf: other}, chains.ErrReorged},
		{"a pinned block above the head", seed, n, ingest.PassOptions{From: -1, AsOf: beyond}, chains.ErrNotFound},
		{"a start above the head", seed, n, ingest.PassOptions{From: head + 1}, chains.ErrNotFound},
		{"a start above the pinned block", seed, n, ingest.PassOptions{From: p.height, AsOf: before}, chains.ErrNotFound},
		{"a start above the seed", seed, n, ingest.PassOptions{From: p.height + 1}, chains.ErrNotFound},
		{"a seed above the pinned block", seed, n, ingest.PassOptions{From: -1, AsOf: before}, chains.ErrIncomplete},
		{"a seed that does not exist", absent, n, ingest.PassOptions{From: -1}, chains.ErrNotFound},
		{"a seed that does not exist, from a block", absent, n, ingest.PassOptions{From: 100}, chains.ErrNotFound},
		{"a node without an index, and no start", seed, blind, ingest.PassOptions{From: -1}, chains.ErrUnsupported},
		{"a first block that is later than the end", seed + "stop: {until: 2020-01-01T00:00:00Z}\n", n, ingest.PassOptions{From: -1}, chains.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := passTrace(incident(t, c.lines), c.node, c.opt)
			require.ErrorIs(t, err, c.is)
		})
	}
}

// A reorganisation while a pass runs is ErrReorged, never a trace of two chains.
func TestPassOverAReorganisation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fork, mined int64 // below the block read last
	}{
		"below what was read": {5, 60}, "above what was read": {-20, 40},
		"the chain becomes shorter": {-10, 2}, "the last block alone": {-38, 2},
	} {
		t.Run(name, func(t *testing.T) {
			node := nodetest.Start(t, nodetest.Options{})
			w := newWallet(t, node, 62)
			w.mine(2)
			start := node.Height()
			p := w.made[0]
			node.Skip(39)
			seed := incident(t, fmt.Sprintf("seeds: [{id: V1, output: \"%s:%s\"}]\n", regtest, p.Point))
			done := false
			opt := ingest.PassOptions{From: 90, Progress: func(_, _, _ int64, at chains.BlockRef) {
				if at.Height == start && !done {
					done = true
					replace(node, start-c.fork, int(c.mined))
				}
			}}
			_, err := passTrace(seed, dial(t, node), opt)
			require.True(t, done)
			require.ErrorIs(t, err, chains.ErrReorged)
		})
	}
}

// A cancelled pass is an error, also over a recording, which needs no time to answer.
func TestPassCancelled(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 63)
	w.mine(10)
	dir := t.TempDir()
	_, err := ingest.RecordWhole(t.Context(), dial(t, node), regtest, 90, node.Height(), dir)
	require.NoError(t, err)
	recording, err := ingest.OpenRecording(t.Context(), os.DirFS(dir), regtest, bitcoin.Codec{}, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, recording.Close()) }()
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		pass, err := ingest.NewPass(ctx, recording, bitcoin.Codec{}, ingest.PassOptions{From: 90, Progress: func(done, _, _ int64, _ chains.BlockRef) {
			if done == 3 {
				cancel()
			}
		}})
		require.NoError(t, err)
		require.NoError(t, pass.WatchAddress(ctx, nodetest.Anyone(5000).Address()))
		_, err = pass.Next(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, io.EOF)
		cancel()
		pass.Close()
	}
}
