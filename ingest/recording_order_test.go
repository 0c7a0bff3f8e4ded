package ingest_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/ingest"
)

// In what order the transactions of a block take effect is somebody's word only where the
// block does not say it, and only as far as they do not spend each other.
func TestOrderOfARecording(t *testing.T) {
	t.Parallel()
	m := &minted{chain: "bitcoin-cash-regtest"}
	theft := m.pay(t, m.add(t, nil).outs, to('A', 3000), to('X', 1900))
	m.add(t, nil, theft)
	b := m.pay(t, theft.outs[:1], to('B', 2900))
	c := m.pay(t, b.outs, to('C', 2800))
	m.add(t, nil, c, b)
	m.add(t, nil)
	dir := t.TempDir()
	recorder, err := ingest.NewRecorder(dir, m.chain, bitcoin.Codec{})
	require.NoError(t, err)
	_, err = passTrace(m.incident(t, theft), m, ingest.PassOptions{From: 1, Recorder: recorder})
	require.NoError(t, err)

	for name, k := range map[string]struct {
		chain chains.Chain
		do    func(p parts)
		ok    bool
	}{
		"as it was":           {m.chain, func(parts) {}, true},
		"another place":       {m.chain, func(p parts) { p.entry("txs", 2)["order"] = json.Number("7") }, true},
		"the same twice":      {m.chain, func(p parts) { p.entry("txs", 2)["order"] = json.Number("1") }, false},
		"below none":          {m.chain, func(p parts) { p.entry("txs", 1)["order"] = json.Number("-1") }, false},
		"the child first":     {m.chain, childFirst, false},
		"where blocks say it": {"bitcoin", func(p parts) { p.entry("txs", 0)["order"] = p.entry("txs", 0)["index"] }, false},
	} {
		t.Run(name, func(t *testing.T) {
			var p parts
			if k.chain == m.chain {
				p = takeApart(t, os.DirFS(dir))
				require.Len(t, p.manifest["txs"], 3)
			} else {
				p = demoParts(t)
			}
			k.do(p)
			err := readAll(t.Context(), p.together(t), k.chain)
			if k.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, chains.ErrBadAnswer)
		})
	}
}

// childFirst turns the last two transactions round, in one block.
func childFirst(p parts) {
	txs, _ := p.manifest["txs"].([]any)
	txs[1], txs[2] = txs[2], txs[1]
	p.entry("txs", 1)["order"], p.entry("txs", 2)["order"] = json.Number("1"), json.Number("2")
}
