package screen_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/screen"
	"clew/store"
	"clew/tracer"
)

// mainnetStore holds the ten blocks 560062 to 560071, of which nothing before is known.
func mainnetStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "mainnet.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	l, err := st.Load(t.Context(), "bitcoin")
	require.NoError(t, err)
	for h := int64(560062); h < 560072; h++ {
		f, err := os.Open(fmt.Sprintf("../testdata/bitcoin/blocks/%d.blk.gz", h))
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		raw, err := io.ReadAll(z)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		b, err := bitcoin.DecodeBlock("bitcoin", raw, h)
		require.NoError(t, err)
		require.NoError(t, l.Add(b))
	}
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
	return st
}

// seedsOnly is where an incident begins, as an index of it tells.
type seedsOnly map[screen.Place]chains.Amount

func (s seedsOnly) At(p screen.Place) []screen.Hit {
	units, lies := s[p]
	if !lies {
		return nil
	}
	return []screen.Hit{{Incident: &screen.Loaded{ID: "seed"}, Units: screen.Split[chains.Amount]{FIFO: units, ProRata: units}, Whole: units}}
}

// TestWalkBackFindsTheDemonstrationsOnMainnet walks back from every output that a trace of the
// demonstration reaches, and finds at its seed what the trace brought there.
func TestWalkBackFindsTheDemonstrationsOnMainnet(t *testing.T) {
	st := mainnetStore(t)
	compared, parts := 0, 0
	for _, demo := range []string{"peel", "merge", "mix", "split"} {
		name := filepath.Join("..", "testdata", "demo", demo, "incident.yaml")
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		inc, err := tracer.ParseIncident(name, data, bitcoin.Codec{})
		require.NoError(t, err)
		src, err := st.Source(t.Context(), "bitcoin", store.Latest)
		require.NoError(t, err)
		trace, err := tracer.Run(t.Context(), inc, "bitcoin", src, bitcoin.Codec{}, tracer.Options{})
		require.NoError(t, err)
		require.NoError(t, src.Close())

		seeds := seedsOnly{}
		for _, s := range trace.Seeds {
			seeds[place(t, s.TxID, s.Position)] = s.Units
		}
		v, err := st.View(t.Context(), "bitcoin", store.Latest)
		require.NoError(t, err)
		of := screen.WalkOf{Facts: v, Chain: "bitcoin", Codec: bitcoin.Codec{}, Hits: seeds}
		for i := range trace.Hops {
			h := &trace.Hops[i]
			leg := &h.Legs[0]
			if len(leg.Positions) != 1 || leg.Positions[0].Kind != "vout" {
				continue
			}
			found, err := screen.Walk(t.Context(), of, false, screen.WalkStart{Place: place(t, leg.TxID, leg.Positions[0].Value)})
			require.NoError(t, err)
			var got screen.Split[chains.Amount]
			for _, e := range found.Ends {
				if len(e.Hits) > 0 {
					got.FIFO, got.ProRata = got.FIFO.Plus(e.Units.FIFO), got.ProRata.Plus(e.Units.ProRata)
				}
			}
			require.Equal(t, h.Traced.Value[tracer.FIFO].String(), got.FIFO.String(), "%s, hop %d", demo, h.Number)
			near(t, h.Traced.Value[tracer.ProRata], got.ProRata, uint64(4*found.Transactions+2), demo)
			compared++
			if got.FIFO != leg.Units {
				parts++
			}
		}
		require.NoError(t, v.Close())
	}
	require.Greater(t, compared, 150)
	require.Greater(t, parts, 10, "of which only a part is traced")
}

// place reads a position of a trace: the index of an output, with or without its kind.
func place(t *testing.T, tx chains.TxID, position string) screen.Place {
	t.Helper()
	var vout uint32
	_, err := fmt.Sscan(strings.TrimPrefix(position, "vout "), &vout)
	require.NoError(t, err, position)
	return screen.Place{Chain: "bitcoin", Tx: tx, Vout: vout, Asset: chains.Native}
}
