package bitcoin_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

func whats(r bitcoin.Report) []string {
	list := []string{}
	for _, l := range r.Lacks {
		list = append(list, l.What)
		if l.Effect == "" {
			list = append(list, "an effect of "+l.What)
		}
	}
	return list
}

func TestDoctor(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	node.SetTime(time.Now())
	height := variety(t, node)
	report, err := dial(t, node).Doctor(t.Context())
	require.NoError(t, err)
	require.Regexp(t, "^/Satoshi:", report.Node)
	require.Regexp(t, `^\d+\.\d+\.\d+$`, report.Version)
	require.Equal(t, regtest, report.Chain)
	require.Equal(t, regtest.CAIP2(), report.CAIP2)
	require.Equal(t, height, report.Head.Height)
	require.Equal(t, node.HashAt(height), report.Head.Hash)
	require.Equal(t, bitcoin.Offers{Blocks: "rest", SpentOutputs: "rest", TxIndex: true, Batches: true}, report.Offers)
	require.Empty(t, report.Lacks)
	text, err := json.Marshal(report)
	require.NoError(t, err)
	for _, field := range []string{`"node":`, `"version":`, `"chain":"bitcoin-regtest"`, `"head":{"height":`, `"offers":{`, `"lacks":[]`} {
		require.Contains(t, string(text), field)
	}

	cases := map[string]struct {
		args   []string
		old    bool
		offers bitcoin.Offers
		lacks  []string
	}{
		"no REST": {
			[]string{"-rest=0", "-txindex=1"}, false,
			bitcoin.Offers{Blocks: "getblock", SpentOutputs: "getblock", TxIndex: true, Batches: true},
			[]string{"REST", "spent outputs over REST"},
		},
		"no REST, older": {
			[]string{"-rest=0", "-txindex=1"}, true,
			bitcoin.Offers{Blocks: "getblock", SpentOutputs: "none", TxIndex: true, Batches: true},
			[]string{"REST", "spent outputs"},
		},
		"no index": {
			[]string{"-rest=1", "-txindex=0"}, false,
			bitcoin.Offers{Blocks: "rest", SpentOutputs: "rest", Batches: true},
			[]string{"an index of transactions"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			node.Restart(c.args...)
			url := node.URL
			if c.old {
				url = older(t, node)
			}
			n, err := bitcoin.Dial(t.Context(), "", url, bitcoin.Options{CookieFile: node.CookieFile})
			require.NoError(t, err)
			report, err := n.Doctor(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.offers, report.Offers)
			require.ElementsMatch(t, c.lacks, whats(report))
		})
	}
}

// A node with nothing but its first block says so.
func TestDoctorOfAnEmptyChain(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-rest=0"}})
	report, err := dial(t, node).Doctor(t.Context())
	require.NoError(t, err)
	require.Equal(t, "unknown", report.Offers.SpentOutputs)
	require.Contains(t, whats(report), "a complete chain")
	require.Contains(t, whats(report), "spent outputs, perhaps")
}
