package evm

import (
	"context"
	"fmt"
	"strings"
	"time"

	"clew/chains"
)

// Report is what a node can give and what it cannot, found out by asking.
type Report struct {
	Node    string            `json:"node"`    // what it calls itself: Geth
	Version string            `json:"version"` // v1.17.10-stable
	Chain   chains.Chain      `json:"chain"`
	CAIP2   string            `json:"caip2"`
	Head    chains.ReportHead `json:"head"`
	Offers  Offers            `json:"offers"`
	Lacks   []chains.Lack     `json:"lacks"`
	Proxy   string            `json:"proxy,omitempty"` // on the way to the node; "" for none
}

// Ways in which a node gives receipts.
const (
	ReceiptsByBlock = "eth_getBlockReceipts"
	ReceiptsByTx    = "eth_getTransactionReceipt"
)

// Offers says what the node gives, and how.
type Offers struct {
	Receipts    string `json:"receipts"`     // by which method
	BlockTraces string `json:"block_traces"` // by which method; none
	TraceFilter bool   `json:"trace_filter"` // an index of who takes part in calls
	Archive     bool   `json:"archive"`      // the state of the first blocks
	WebSocket   bool   `json:"websocket"`    // it is asked over one now
	Batches     bool   `json:"batches"`      // several calls in one request
}

// Doctor asks the node what it is and what it gives. It returns an error only where the node
// fails to answer; what it lacks is part of the report.
func (n *Node) Doctor(ctx context.Context) (Report, error) {
	head, err := n.Head(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("ask the node what it is: %w", err)
	}
	has, err := n.probe(ctx)
	if err != nil {
		return Report{}, err
	}
	loading, err := n.Loading(ctx)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		Chain: n.chain, CAIP2: n.chain.CAIP2(), Proxy: n.client.Proxy(),
		Head: chains.ReportHead{Height: head.Height, Hash: head.Hash, Time: time.Unix(head.Time, 0).UTC()},
		Offers: Offers{
			Receipts: ReceiptsByTx, BlockTraces: has.traces, TraceFilter: has.traceFilter,
			Archive: has.archive, WebSocket: n.client.BySocket(), Batches: has.batches,
		},
	}
	if has.blockReceipts {
		r.Offers.Receipts = ReceiptsByBlock
	}
	name, rest, _ := strings.Cut(has.software, "/")
	version, _, _ := strings.Cut(rest, "/")
	r.Node, r.Version = name, version
	r.Lacks = lacks(has, loading)
	return r, nil
}

// lacks says what is missing and what follows from it.
func lacks(has offered, loading chains.Loading) []chains.Lack {
	found := []chains.Lack{}
	add := func(missing bool, what, effect string) {
		if missing {
			found = append(found, chains.Lack{What: what, Effect: effect})
		}
	}
	add(loading.Is(), "the end of the chain: "+loading.String(), "what happened later is not seen")
	add(has.traces == TracesByNone, "the calls inside of transactions (debug_traceBlockByHash, trace_block or debug_traceTransaction)",
		"native coin that contracts pay out is not seen: each transaction that may hold such a payment is a gap, and a trace that depends on one ends there. geth: --http.api eth,net,web3,debug")
	add(has.traces == TracesByTx, "the calls of a whole block in one answer",
		"they are asked for transaction by transaction: a sync takes several times as long")
	add(!has.archive, "the state of earlier blocks (an archive)",
		"what accounts held before traced value arrived is taken as 0 unless the incident states it, and balances are not compared: both are gaps. geth: --gcmode archive")
	add(!has.traceFilter, "an index of who takes part in calls (trace_filter)",
		"a trace reads every block from the theft on, and does not look up what touches the traced accounts alone")
	add(!has.blockReceipts, "the receipts of a whole block in one answer (eth_getBlockReceipts)",
		"they are asked for transaction by transaction: reading takes several times as long")
	add(!has.batches, "several calls in one request", "what has to be asked for one by one takes a request each")
	return found
}
