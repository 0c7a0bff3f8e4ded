package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
	"clew/testdata"
)

// A node that tells what a block spends and has an index of transactions is asked for those that made
// it, so that the values in a recording are proven. The trace is the same as without.
func TestRecordingsHoldTheParents(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 71)
	w.mine(12)
	inc := incident(t, fmt.Sprintf("seeds: [{id: V1, output: \"%s:%s\"}]\n", regtest, w.made[0].Point))
	dir := t.TempDir()
	recorder, err := ingest.NewRecorder(dir, regtest, bitcoin.Codec{})
	require.NoError(t, err)
	bare, err := passTrace(inc, dial(t, node), ingest.PassOptions{From: -1})
	require.NoError(t, err)
	pass, err := passTrace(inc, dial(t, node), ingest.PassOptions{From: -1, Recorder: recorder})
	require.NoError(t, err)
	require.Equal(t, bare, pass)

	r, err := ingest.OpenRecording(t.Context(), os.DirFS(dir), regtest, bitcoin.Codec{}, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	require.NotEmpty(t, r.Manifest.Coinbases)
	held := map[string]chains.Tx{}
	p := takeApart(t, os.DirFS(dir))
	for name, raw := range p.objects {
		if tx, err := bitcoin.DecodeTx(regtest, raw); err == nil {
			held[name] = tx
		}
	}
	inputs := 0
	for i := range r.Manifest.Txs {
		e := &r.Manifest.Txs[i]
		require.NotEmpty(t, e.Spent, "the node tells what is spent")
		made := map[chains.TxID]bool{}
		for _, name := range e.Previous {
			made[held[name].ID] = true
		}
		for _, in := range held[e.Raw].Inputs {
			inputs++
			require.True(t, made[in.Prev.Tx], "what %s spends was made by a transaction that is not held", e.TxID)
		}
	}
	require.Positive(t, inputs)

	// What is said to be spent must be what the parent says.
	require.NoError(t, readAll(t.Context(), p.together(t), regtest))
	e := p.entry("txs", 0)
	raw := bytes.Clone(p.objects[e["spent"].(string)])
	raw[1] ^= 1 // the lowest byte of the first value, behind the number of outputs
	e["spent"] = object(p, raw)
	require.ErrorIs(t, readAll(t.Context(), p.together(t), regtest), chains.ErrBadAnswer)
}

// A recording from before coinbases were kept can be read.
func TestRecordingsWithoutCoinbases(t *testing.T) {
	t.Parallel()
	p := demoParts(t)
	require.NotEmpty(t, p.manifest["coinbases"])
	delete(p.manifest, "coinbases")
	require.NoError(t, readAll(t.Context(), p.together(t), "bitcoin"))
}

// A coinbase that is not its block's, or stands at another depth, is refused, and the block named.
func TestDamagedCoinbases(t *testing.T) {
	t.Parallel()
	demo, err := fs.Sub(testdata.Demo, "demo/peel")
	require.NoError(t, err)
	for name, do := range map[string]func(p parts, list []any, first, tx map[string]any){
		"another block's bytes": func(_ parts, list []any, first, _ map[string]any) { first["raw"] = list[1].(map[string]any)["raw"] },
		"it spends": func(_ parts, _ []any, first, tx map[string]any) {
			first["raw"], first["branch"] = tx["raw"], tx["branch"]
		},
		"a longer branch": func(_ parts, _ []any, first, tx map[string]any) {
			first["branch"] = append(first["branch"].([]any), tx["txid"])
		},
		"a shorter branch": func(_ parts, _ []any, first, _ map[string]any) { first["branch"] = first["branch"].([]any)[1:] },
		"of a block that is not touched": func(_ parts, _ []any, first, _ map[string]any) {
			first["height"] = json.Number("1")
		},
		"one is missing": func(p parts, list []any, _, _ map[string]any) { p.manifest["coinbases"] = list[1:] },
		"another order":  func(_ parts, list []any, _, _ map[string]any) { list[0], list[1] = list[1], list[0] },
	} {
		t.Run(name, func(t *testing.T) {
			p := takeApart(t, demo)
			do(p, p.manifest["coinbases"].([]any), p.entry("coinbases", 0), p.entry("txs", 0))
			_, err := ingest.OpenRecording(t.Context(), p.together(t), "bitcoin", bitcoin.Codec{}, nil)
			require.ErrorIs(t, err, chains.ErrBadAnswer)
			require.ErrorContains(t, err, "coinbase")
		})
	}
}
