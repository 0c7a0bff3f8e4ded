package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clew/chains/bitcoin"
	"clew/chains/evm"
)

// bitcoinNode is a node of the Bitcoin family, or its files, that says what it can give.
type bitcoinNode struct{ *bitcoin.Node }

// bitcoinFiles are the files of such a node.
type bitcoinFiles struct{ *bitcoin.Files }

func (n bitcoinNode) examine(ctx context.Context) (checkup, error) {
	r, err := n.Doctor(ctx)
	return bitcoinCheckup(&r), err
}

func (f bitcoinFiles) examine(ctx context.Context) (checkup, error) {
	r, err := f.Doctor(ctx)
	return bitcoinCheckup(&r), err
}

// bitcoinAnswer is the answer of `clew doctor --json` about a node of the Bitcoin family.
type bitcoinAnswer struct {
	Schema string `json:"schema"` // "clew.doctor/1"
	*bitcoin.Report
}

func bitcoinCheckup(r *bitcoin.Report) checkup {
	head := [][]string{{"software", orUnknown(r.Node)}, {"version", orUnknown(r.Version)}}
	if r.Proxy != "" {
		head = slices.Insert(head, 0, []string{"proxy", r.Proxy})
	}
	if r.Folder != nil {
		head = describeFolder(r.Folder)
	}
	found := checkup{answer: bitcoinAnswer{"clew.doctor/1", r}, rows: append(head, [][]string{
		{"chain", string(r.Chain) + " (" + r.CAIP2 + ")"},
		{"head", "block " + grouped(r.Head.Height) + ", " + r.Head.Time.Format(time.RFC3339)},
		{"", r.Head.Hash.String()},
		{"blocks", by(r.Offers.Blocks)},
		{"spent outputs", by(r.Offers.SpentOutputs)},
		{"transaction index", yesNo(r.Offers.TxIndex)},
		{"first block kept", grouped(r.Offers.FirstBlock)},
		{"batches of calls", yesNo(r.Offers.Batches)},
	}...)}
	for _, l := range r.Lacks {
		found.lacks = append(found.lacks, [2]string{l.What, l.Effect})
	}
	return found
}

func describeFolder(f *bitcoin.Folder) [][]string {
	return [][]string{
		{"folder", f.Path},
		{"files", fmt.Sprintf("%s, %s bytes", counted(int64(f.Files), "block file"), grouped(f.Bytes))},
		{"hidden by a key", yesNo(f.Masked)},
		{"main chain", counted(f.Blocks, "block")},
		{"other blocks", grouped(f.Others)},
		{"waiting blocks", grouped(f.Waiting)},
		{"undo records", grouped(f.Undo)},
	}
}

func by(way string) string {
	switch way {
	case bitcoin.ByREST:
		return "REST (the fastest way)"
	case bitcoin.ByFiles:
		return "the node's files"
	case bitcoin.ByGetBlock:
		return "getblock (JSON)"
	case bitcoin.ByNothing:
		return "no"
	case bitcoin.NotSeen:
		return "could not be seen"
	}
	return way
}

// evmNode is a node of a chain of accounts that says what it can give.
type evmNode struct{ *evm.Node }

// evmAnswer is the answer of `clew doctor --json` about a node of a chain of accounts.
type evmAnswer struct {
	Schema string `json:"schema"` // "clew.doctor/1"
	*evm.Report
}

func (n evmNode) examine(ctx context.Context) (checkup, error) {
	r, err := n.Doctor(ctx)
	head := [][]string{{"software", orUnknown(r.Node)}, {"version", orUnknown(r.Version)}}
	if r.Proxy != "" {
		head = slices.Insert(head, 0, []string{"proxy", r.Proxy})
	}
	found := checkup{answer: evmAnswer{"clew.doctor/1", &r}, rows: append(head, [][]string{
		{"chain", string(r.Chain) + " (" + r.CAIP2 + ")"},
		{"head", "block " + grouped(r.Head.Height) + ", " + r.Head.Time.Format(time.RFC3339)},
		{"", hashText(r.Chain, r.Head.Hash)},
		{"receipts", r.Offers.Receipts},
		{"calls", r.Offers.BlockTraces},
		{"index of calls", yesNo(r.Offers.TraceFilter)},
		{"archive of state", yesNo(r.Offers.Archive)},
		{"over a WebSocket", yesNo(r.Offers.WebSocket)},
		{"batches of calls", yesNo(r.Offers.Batches)},
	}...)}
	for _, l := range r.Lacks {
		found.lacks = append(found.lacks, [2]string{l.What, l.Effect})
	}
	return found, err
}
