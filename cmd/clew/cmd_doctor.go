package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"clew/chains"
)

func doctorCommand() *command {
	return &command{
		path: "doctor", args: "--rpc URL | --blocks DIR [--chain CHAIN]", short: "what a node can give, and what that makes a gap",
		long: "Asks the node what it is and what it offers, by trying, and prints what each lack means for a trace. With --blocks it looks into the node's files instead, without the node. It changes nothing.",
		examples: []example{
			{"clew doctor --rpc http://127.0.0.1:8332", "a bitcoind on this machine; its cookie file is found"},
			{"clew doctor --rpc ws://127.0.0.1:8546", "a go-ethereum or any node that speaks as it does"},
			{"clew doctor --rpc http://127.0.0.1:18443 --rpc-cookie ~/.bitcoin/regtest/.cookie --json", "the same for a script"},
		},
		codes:   []exitCode{codeUnreachable},
		options: rpcFlags("chain"),
		action:  runDoctor,
	}
}

// doctor is a source that says what it can give.
type doctor interface {
	examine(ctx context.Context) (checkup, error)
}

// checkup is what a node can give, for people and as the answer of `clew doctor --json`.
type checkup struct {
	answer any
	rows   [][]string // behind the node itself
	lacks  [][2]string
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
	found, err := node.doctor.examine(ctx)
	if err := errors.Join(err, node.Close()); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, found.answer)
	}
	return writeDoctor(w, node, found)
}

func writeDoctor(w *world, node *openedNode, found checkup) error {
	p := newPage(w.stdout)
	p.table("ll", append([][]string{{"node", node.where}}, found.rows...))
	p.line("")
	if len(found.lacks) == 0 {
		p.line("This node lacks nothing that a trace needs.")
	}
	for _, l := range found.lacks {
		p.line("lacks %s", l[0])
		p.line("    %s", fold(l[1], 4))
	}
	return p.flush()
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
		{"as of", "block " + grouped(a.Head.Height) + " " + hashText(a.Chain, a.Head.Hash)},
		{"transactions", grouped(int64(len(m.Txs)))},
		{"coverage", a.Coverage},
	})
	p.line("")
	if a.Coverage == "extract" {
		p.fold("It holds the transactions that one trace touched, each with its proof of inclusion. What is absent from it is attested only: it serves that trace again, and none that goes elsewhere.")
	}
	return p.flush()
}
