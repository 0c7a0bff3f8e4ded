package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/chains/bitcoin"
)

func doctorCommand() *command {
	return &command{
		path: "doctor", args: "--rpc URL | --blocks DIR [--chain CHAIN]", short: "what a node can give, and what that makes a gap",
		long: "Asks the node what it is and what it offers, by trying, and prints what each lack means for a trace. With --blocks it looks into the node's files instead, without the node. It changes nothing.",
		examples: []example{
			{"clew doctor --rpc http://127.0.0.1:8332", "a bitcoind on this machine; its cookie file is found"},
			{"clew doctor --rpc http://127.0.0.1:18443 --rpc-cookie ~/.bitcoin/regtest/.cookie --json", "the same for a script"},
		},
		codes:   []exitCode{codeUnreachable},
		options: rpcFlags("chain"),
		action:  runDoctor,
	}
}

// doctor is a source that says what it can give.
type doctor interface {
	Doctor(ctx context.Context) (bitcoin.Report, error)
}

// doctorAnswer is the answer of `clew doctor --json`.
type doctorAnswer struct {
	Schema string `json:"schema"` // "clew.doctor/1"
	bitcoin.Report
}

func runDoctor(ctx context.Context, w *world, c *cli.Context) error {
	e, err := oneEndpoint(c)
	if err != nil {
		return err
	}
	if len(e.others) > 0 {
		return &usageError{"clew doctor looks at one node, and --rpc names several", "ask about each by itself"}
	}
	node, err := openNode(ctx, w, c, e, chains.Chain(c.String("chain")))
	if err != nil {
		return err
	}
	if node.recording != nil {
		return errors.Join(describeRecording(w, node), node.Close())
	}
	r, err := node.doctor.Doctor(ctx)
	if err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, doctorAnswer{"clew.doctor/1", r})
	}
	return writeDoctor(w, node, r)
}

func writeDoctor(w *world, node *openedNode, r bitcoin.Report) error {
	p := newPage(w.stdout)
	head := [][]string{{"node", node.where}, {"software", orUnknown(r.Node)}, {"version", orUnknown(r.Version)}}
	if r.Proxy != "" {
		head = slices.Insert(head, 1, []string{"proxy", r.Proxy})
	}
	if r.Folder != nil {
		head = describeFolder(r.Folder)
	}
	p.table("ll", append(head, [][]string{
		{"chain", string(r.Chain) + " (" + r.CAIP2 + ")"},
		{"head", "block " + grouped(r.Head.Height) + ", " + r.Head.Time.Format(time.RFC3339)},
		{"", r.Head.Hash.String()},
		{"blocks", by(r.Offers.Blocks)},
		{"spent outputs", by(r.Offers.SpentOutputs)},
		{"transaction index", yesNo(r.Offers.TxIndex)},
		{"first block kept", grouped(r.Offers.FirstBlock)},
		{"batches of calls", yesNo(r.Offers.Batches)},
	}...))
	p.line("")
	if len(r.Lacks) == 0 {
		p.line("This node lacks nothing that a trace needs.")
	}
	for _, l := range r.Lacks {
		p.line("lacks %s", l.What)
		p.line("    %s", fold(l.Effect, 4))
	}
	return p.flush()
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

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orUnknown(text string) string {
	if text == "" {
		return "not told"
	}
	return text
}

// recordingAnswer is the answer of `clew doctor --json` about a recording.
type recordingAnswer struct {
	Schema   string       `json:"schema"` // "clew.doctor/1"
	Node     string       `json:"node"`
	Version  string       `json:"version"`
	Chain    chains.Chain `json:"chain"`
	CAIP2    string       `json:"caip2"`
	Head     recordedHead `json:"head"`
	Coverage string       `json:"coverage"`
	From     int64        `json:"from"`
	To       int64        `json:"to"`
	SHA256   string       `json:"sha256"`
}

type recordedHead struct {
	Height int64            `json:"height"`
	Hash   chains.BlockHash `json:"hash"`
}

func describeRecording(w *world, node *openedNode) error {
	m := &node.recording.Manifest
	a := recordingAnswer{
		Schema: "clew.doctor/1", Node: node.where, Version: m.Schema, Chain: m.Chain, CAIP2: m.CAIP2,
		Head: recordedHead{m.AsOf.Height, m.AsOf.Hash}, Coverage: string(m.Coverage), From: m.From, To: m.To,
		SHA256: node.recording.SHA256,
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	p.table("ll", [][]string{
		{"recording", node.where},
		{"sha256", a.SHA256},
		{"chain", string(a.Chain) + " (" + a.CAIP2 + ")"},
		{"blocks", grouped(a.From) + " to " + grouped(a.To)},
		{"as of", "block " + grouped(a.Head.Height) + " " + a.Head.Hash.String()},
		{"transactions", grouped(int64(len(m.Txs)))},
		{"coverage", a.Coverage},
	})
	p.line("")
	if a.Coverage == "extract" {
		p.fold("It holds the transactions that one trace touched, each with its proof of inclusion. What is absent from it is attested only: it serves that trace again, and none that goes elsewhere.")
	}
	return p.flush()
}
