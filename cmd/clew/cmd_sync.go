package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/ingest"
	"clew/store"
)

func syncCommand() *command {
	return &command{
		path: "sync", args: "--rpc URL | --blocks DIR [--chain CHAIN] [--from HEIGHT] [--to HEIGHT]", short: "read blocks from a node or its files into the store",
		long: "Reads a range of blocks whole and makes the store if there is none. Without --from it goes on behind the last block that the store has, or begins with block 0; without --to it reads up to the node's head. Blocks that the store has are not read again.\n\n" +
			"It can be interrupted at any moment, by Ctrl-C or by a loss of power: what was written stays whole, and the same command goes on from there. A reorganisation is followed; the blocks that left the main chain are kept as history.\n\n" +
			"With --blocks it reads the node's own files, blk*.dat and rev*.dat, in place of asking it: the fastest way for whoever has them on a disk of this machine. The node may be running or not; what it writes after the command has begun is left to the next one. A block that a node stored and then refused, by its rules or by invalidateblock, is not marked in the files: of chains with the most work, the first one there is read.\n\n" +
			"One trace needs no sync: clew trace --rpc reads the blocks that it needs by itself.",
		examples: []example{
			{"clew sync --rpc http://127.0.0.1:8332 --from 800000", "blocks 800000 to the head, from a bitcoind on this machine (its cookie file is found)"},
			{"clew sync --rpc https://node.example:8332 --rpc-user clew --rpc-password-file pw.txt", "go on behind the last block, with a password"},
			{"clew sync --blocks ~/.bitcoin/blocks", "the same from the node's files"},
			{"clew sync --db case.db --chain bitcoin --rpc bitcoin=http://127.0.0.1:8332 --from 560062 --to 560071 --json", "ten blocks; progress as JSON lines, the result as JSON"},
		},
		codes:   []exitCode{codeGaps, codeStore, codeUnreachable},
		options: rpcFlags("chain", "from", "to", "batch"),
		action:  runSync,
	}
}

// syncAnswer is the answer of `clew sync --json`.
type syncAnswer struct {
	Schema       string           `json:"schema"` // "clew.sync/1"
	Chain        chains.Chain     `json:"chain"`
	CAIP2        string           `json:"caip2"`
	DB           string           `json:"db"`
	Blocks       int64            `json:"blocks"`       // written now
	Transactions int64            `json:"transactions"` // in them
	Spans        []spanAnswer     `json:"spans"`        // what the store has now
	Reorgs       []reorgAnswer    `json:"reorganisations"`
	Unresolved   int64            `json:"unresolved_inputs"` // inputs of unknown value
	Untraced     int64            `json:"untraced"`          // transactions whose internal calls are not known
	Remarks      []string         `json:"remarks"`           // about the node
	Head         int64            `json:"head"`              // of the node
	HeadHash     chains.BlockHash `json:"head_hash"`

	source noun // what has the head
}

type spanAnswer struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

type reorgAnswer struct {
	Fork   int64 `json:"fork"`   // the last height that both chains share
	Blocks int64 `json:"blocks"` // that left the main chain
}

func runSync(ctx context.Context, w *world, c *cli.Context) error {
	e, err := oneEndpoint(c)
	if err != nil {
		return err
	}
	if from, to := c.Int64("from"), c.Int64("to"); c.IsSet("from") && c.IsSet("to") && from > to {
		return &usageError{fmt.Sprintf("--from %d is behind --to %d: the range is empty", from, to), ""}
	}
	node, err := openNode(ctx, w, c, e, chains.Chain(c.String("chain")))
	if err != nil {
		return err
	}
	var answer syncAnswer
	if node.recording != nil && node.recording.Manifest.Coverage == ingest.CoverageExtract {
		err = &usageError{node.where + " holds single transactions: a store takes whole blocks", "clew trace --rpc " + node.where + " traces from it"}
	} else {
		answer, err = syncInto(ctx, w, c, node)
	}
	if err := errors.Join(err, node.Close()); err != nil {
		return err
	}
	if err := writeSync(w, answer); err != nil {
		return err
	}
	if answer.Unresolved > 0 {
		return withHint(&gapsError{1}, "%s", unresolvedHint)
	}
	if answer.Untraced > 0 {
		return withHint(&gapsError{1}, "%s", untracedHint)
	}
	return nil
}

const untracedHint = "what contracts paid out there in the chain's own coin is not seen; a trace that meets such a transaction has a gap. Sync into a new store from a node that traces calls (geth: --http.api eth,net,web3,debug); clew doctor says what a node has"

const unresolvedHint = "inputs whose outputs lie before the range have no known value; a trace that meets one has a gap there. A node with REST (-rest=1) or -txindex=1 tells them, or sync from an earlier block"

// oneEndpoint returns what a command reads that reads one chain: the nodes of --rpc, or the
// --blocks. --chain counts where no value names one.
func oneEndpoint(c *cli.Context) (endpoint, error) {
	if e, err := blocksEndpoint(c); err != nil || e.blocks != "" {
		return e, err
	}
	values := c.StringSlice("rpc")
	if len(values) == 0 {
		return endpoint{}, &usageError{"--rpc is missing: which node?", "such as --rpc http://127.0.0.1:8332, or the node's files: --blocks ~/.bitcoin/blocks"}
	}
	asked := chains.Chain(c.String("chain"))
	var list []endpoint
	for _, v := range values {
		e, err := parseEndpoint(v)
		if err != nil {
			return e, err
		}
		if asked == "" {
			asked = e.chain
		}
		if e.chain != "" && asked != e.chain {
			first := "--chain"
			if !c.IsSet("chain") {
				first = "one --rpc"
			}
			return e, &usageError{fmt.Sprintf("%s says %s, and --rpc says %s", first, asked, e.chain), ""}
		}
		list = append(list, e)
	}
	e, err := combined(list)
	if e.chain == "" {
		e.chain = asked
	}
	return e, err
}

// syncInto reads from node into the store that --db names.
func syncInto(ctx context.Context, w *world, c *cli.Context, node *openedNode) (answer syncAnswer, err error) {
	st, err := store.Open(ctx, c.String("db"), store.Options{Create: true})
	if err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	loader, err := st.Load(ctx, node.chain)
	if err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, loader.Close()) }()

	m := newMeter(w, "sync "+string(node.chain))
	before, err := loading(ctx, node)
	if err != nil {
		return answer, err
	}
	opt := ingest.SyncOptions{From: heightFlag(c, "from"), To: heightFlag(c, "to"), Batch: c.Int64("batch"), Progress: m.Update, Log: w.log}
	res, err := ingest.Sync(ctx, node.Node, decoderOf(node.chain), loader, opt)
	m.Done()
	if err != nil {
		if res.Blocks > 0 && ctx.Err() != nil {
			w.remark("%s blocks were written before\n", grouped(res.Blocks))
		}
		return answer, fmt.Errorf("sync %s into %s: %w", node.chain, c.String("db"), err)
	}
	answer, err = syncResult(ctx, st, node.chain, c.String("db"), res)
	if err != nil {
		return answer, err
	}
	after, err := loading(ctx, node)
	if err != nil {
		return answer, err
	}
	answer.source = node.noun()
	answer.remark(before, after, c.IsSet("to"))
	return answer, nil
}

// remark adds what is to be known about a node that said before and after the sync how far it
// is. Whoever named the last block misses nothing behind it.
func (a *syncAnswer) remark(before, after chains.Loading, toNamed bool) {
	if before.Still(after) && !toNamed {
		a.Remarks = append(a.Remarks, fmt.Sprintf("%s still loading: %s; what happened later is not seen, and the same command goes on from there",
			a.source.is(), before))
	}
	if len(a.Spans) == 0 {
		return
	}
	if last := a.Spans[len(a.Spans)-1].To; last > a.Head {
		a.Remarks = append(a.Remarks, fmt.Sprintf("%s behind the store: it may be loading, or blocks %d to %d left its chain",
			a.source.is(), a.Head+1, last))
	}
}

// heightFlag returns a height, or −1 where the flag was not given.
func heightFlag(c *cli.Context, name string) int64 {
	if !c.IsSet(name) {
		return -1
	}
	return c.Int64(name)
}

func syncResult(ctx context.Context, st *store.Store, chain chains.Chain, db string, res ingest.SyncResult) (syncAnswer, error) {
	a := syncAnswer{
		Schema: "clew.sync/1", Chain: chain, CAIP2: chain.CAIP2(), DB: db,
		Blocks: res.Blocks, Transactions: res.Txs, Unresolved: res.Unresolved, Untraced: res.Untraced,
		Head: res.Head.Height, HeadHash: res.Head.Hash, Spans: []spanAnswer{}, Reorgs: []reorgAnswer{}, Remarks: []string{},
	}
	for _, r := range res.Reorgs {
		a.Reorgs = append(a.Reorgs, reorgAnswer(r))
	}
	spans, err := st.Spans(ctx, chain)
	for _, s := range spans {
		a.Spans = append(a.Spans, spanAnswer{s.From, s.To})
	}
	return a, err
}

func writeSync(w *world, a syncAnswer) error {
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	p.line("%s: %s and %s written to %s", a.Chain, counted(a.Blocks, "block"), counted(a.Transactions, "transaction"), a.DB)
	for _, r := range a.Reorgs {
		p.line("followed a reorganisation: %s behind block %d left the main chain and are kept as history", counted(r.Blocks, "block"), r.Fork)
	}
	for _, s := range a.Spans {
		p.line("the store has blocks %d to %d; %s head is %d", s.From, s.To, a.source.of(), a.Head)
	}
	for _, remark := range a.Remarks {
		p.fold(remark)
	}
	if a.Unresolved > 0 {
		p.line("%s of unknown value: their outputs lie before the range", counted(a.Unresolved, "input"))
	}
	if a.Untraced > 0 {
		p.line("%s without the calls inside of them: the node does not trace calls", counted(a.Untraced, "transaction"))
	}
	return p.flush()
}
