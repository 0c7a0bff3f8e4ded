package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

const (
	giver    = "0x00000000000000000000000000000000000000A1"
	receiver = "0x00000000000000000000000000000000000000b2"
	coin     = chains.Asset("0x00000000000000000000000000000000000000C3")
)

// crossed is a trace of a seed that crosses a bridge, less a part that never moved.
func crossed() *loadedTrace {
	amount := func(n uint64) (t tracer.Traced) {
		for r := range t.Value {
			t.Value[r] = chains.Units(n)
		}
		t.Null[tracer.TIHO] = true
		return t
	}
	given := amount(700)
	leg := func(chain chains.Chain, asset chains.Asset, n byte, from, to string, units uint64) tracer.Leg {
		return tracer.Leg{Chain: chain, TxID: chains.TxID{n}, Height: int64(n), Time: "2022-03-29T12:00:00Z", Positions: []tracer.Position{{Kind: "log", Value: "4"}},
			From: []tracer.From{{Node: from}}, To: to, Asset: asset, Units: chains.Units(units), Evidence: "proven", Raw: []string{}}
	}
	t := &tracer.Trace{Schema: tracer.Schema, Incident: tracer.IncidentRef{ID: "x", Rule: tracer.FIFO, Accounts: "output"}, Rules: tracer.Rules(),
		AsOf:  []tracer.AsOf{{Chain: "polygon", Height: 9}, {Chain: "bsc", Height: 9}},
		Seeds: []tracer.SeedEntry{{ID: "V1", Chain: "polygon", Asset: coin, Units: chains.Units(1000), Node: "a"}},
		Nodes: []tracer.Node{{ID: "a", Chain: "polygon", Kind: tracer.NodeAddress, Address: giver}, {ID: "p", Chain: "polygon", Kind: tracer.NodeBridge, Label: "burnt"},
			{ID: "q", Chain: "bsc", Kind: tracer.NodeBridge, Label: "made by the bridge"}, {ID: "b", Chain: "bsc", Kind: tracer.NodeAddress, Address: receiver}},
		Hops: []tracer.Hop{{ID: "h1", Number: 1, Kind: tracer.HopBridge, Inputs: []string{"V1"}, Traced: amount(650), Given: &given, Link: &tracer.Link{Protocol: "nomad", Key: "7/8"},
			Legs: []tracer.Leg{leg("polygon", coin, 1, "a", "p", 700), leg("bsc", chains.Native, 2, "q", "b", 650)}}},
		Endpoints: []tracer.Endpoint{
			{ID: "e1", Node: "a", Chain: "polygon", Asset: coin, Reason: tracer.ReasonBalance, Units: chains.Units(300), Traced: amount(300), Range: tracer.Range{Min: chains.Units(300), Max: chains.Units(300)}},
			{ID: "e2", Node: "b", Chain: "bsc", Asset: chains.Native, Reason: tracer.ReasonBalance, Units: chains.Units(650), Traced: amount(650), Range: tracer.Range{Min: chains.Units(650), Max: chains.Units(650)}}},
		Assets:    []tracer.AssetInfo{{Chain: "polygon", Asset: coin, Symbol: "ODD\x1b[2J", Decimals: 2}},
		Statement: []tracer.Statement{{Asset: "ODD", Taken: "10", Unaccounted: "4.5", Rows: []tracer.StatementRow{{What: "sold", Amount: "5.5"}}}}}
	for r := range t.Conservation.Value {
		t.Conservation.Value[r] = []tracer.ConservationRow{
			{Chain: "polygon", Asset: coin, Seeded: chains.Units(1000), Ended: chains.Units(300), ConvertedOut: chains.Units(700), Difference: "0"},
			{Chain: "bsc", Asset: chains.Native, Ended: chains.Units(650), ConvertedIn: chains.Units(650), Difference: "0"}}
	}
	return &loadedTrace{Trace: t, id: "0123456789abcdef"}
}

// TestResultAssetByAsset: a table for each asset, which closes; chains and the statement beside.
func TestResultAssetByAsset(t *testing.T) {
	var out strings.Builder
	require.NoError(t, writeResult(&out, &printed{Trace: crossed().Trace, id: "0123456789abcdef", source: "a test"}))
	text := out.String()
	for _, want := range []string{
		"Where it ends: the largest by fifo of each asset",
		"polygon: " + giver, "bsc: " + receiver,
		"Sums by rule, in “ODD[U+001B][2J” 0x000000…0000C3 on polygon; seeded: 10.00",
		"  rule     balance  converted out  converted in  unexplained  in all    difference",
		"  fifo        3.00           7.00          0.00         0.00    3.00             0",
		"Sums by rule, in BNB on bsc; seeded: 0.00",
		"nobody accounts for 4.5 ODD", "accounted for by nobody     4.5",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "\x1b")
}

// TestExplainOnAccounts: both sides of a bridge, what ties them, and how to ask for them.
func TestExplainOnAccounts(t *testing.T) {
	trace := crossed()
	var out strings.Builder
	x := explain(trace, &trace.Hops[0], nil)
	x.sections(trace, &trace.Hops[0].Legs[1], standing{})
	require.NoError(t, x.write(newPage(&out), trace))
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		giver + " gave 7.00 “ODD[U+001B][2J” 0x000000…0000C3 to a bridge, in block 1 of polygon of 2022-03-29T12:00:00Z; " + receiver + " received 0.00000000000000065 BNB, in block 2 of bsc",
		"Both sides name the same message of nomad: 7/8.", "Of what was given, 7.00 “ODD", "The pots are balances", "by a proof that the transaction and what it logged belong to the block",
		"> log 4 0.00000000000000065 BNB hop 1 made by the bridge " + receiver, "given in 0x01", "tiho - a rule of outputs",
		`"method":"eth_getTransactionReceipt","params":["0x02`, `"$RPC_OF_POLYGON"`,
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "vout")
	require.NotContains(t, text, "output by output")
}

// TestExplainWholeTransactionOfAccounts: everything that moved, in order, traced or not.
func TestExplainWholeTransactionOfAccounts(t *testing.T) {
	trace := crossed()
	tx := &chains.Tx{ID: chains.TxID{2}, Exec: &chains.Execution{Moves: []chains.Move{
		{Kind: chains.MoveFee, Asset: chains.Native, From: chains.Address(make([]byte, 20)), Amount: chains.Units(5)},
		{Kind: chains.MoveToken, Asset: coin, To: chains.Address(make([]byte, 20)), Amount: chains.Units(650), Index: 4}}}}
	x := explain(trace, &trace.Hops[0], tx)
	require.Len(t, x.Left, 2)
	require.Equal(t, "fee", x.Left[0].Position)
	require.Equal(t, "nobody", x.Left[0].Address)
	require.False(t, x.Left[0].This)
	require.Equal(t, "log 4", x.Left[1].Position)
	require.True(t, x.Left[1].This)
	require.Equal(t, []string{"hop 1"}, x.Left[1].Refs)
	require.Equal(t, []string{giver}, x.From)
}
