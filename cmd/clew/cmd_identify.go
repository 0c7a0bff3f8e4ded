package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/exhibit"
	"clew/heuristics"
	"clew/tracer"
)

func identifyCommand() *command {
	return &command{
		path: "identify", args: "FILE|-", short: "what kind of transactions these are, each with the error that was measured for it",
		long: "Says of each transaction of a file what its form shows: CoinJoins of Whirlpool, Wasabi 1, Wasabi 2 and JoinMarket, what prepares a Whirlpool mix, batches, consolidations, the change, and steps of peel chains where the file holds the step before or behind. These are opinions, each by a heuristic with a version and the error that was measured for it (docs/methods.md); a transaction of which nothing is said is not shown to be ordinary.\n\n" +
			"FILE holds a transaction in each line: JSON as {txid, vin: [{txid, vout, value, spk}], vout: [{value, spk}]} with values in satoshi and spk the script in hex (version, locktime, sequence and height where they are known), Bitcoin Core's (getrawtransaction with verbosity 2, or a whole block as getblock gives it with 2 or 3), Esplora's, or hex, alone or behind its txid. A file may also be one JSON document over several lines, or a list. What inputs spend may be missing; it is filled in where the file holds the transaction that made it, and so is who spends an output. For that the next 50,000 transactions are read before one is answered, so that a long file takes no more memory than a short one; --window N says how many. With --window 0 each is answered as it comes, by itself.\n\n" +
			"A line that cannot be read is named on standard error, the others are answered, and the exit status is 1.",
		examples: []example{
			{"clew identify mixes.jsonl", "in words"},
			{"bitcoin-cli getblock HASH 3 | clew identify - --json", "a block from one's own node; a line of JSON for each transaction"},
			{"tail -f mempool.jsonl | clew identify - --window 0", "each as it comes, without those around it"},
			{"clew identify mixes.jsonl --mappings", "and in how many ways each CoinJoin can be split into payments"},
		},
		codes:   nil,
		options: []string{"chain", "window", "mappings"},
		least:   1, most: 1,
		action: runIdentify,
	}
}

// identified is a line of the answer of `clew identify --json`.
type identified struct {
	Schema   string            `json:"schema"` // "clew.identify/1"
	TxID     string            `json:"txid"`
	Findings []identifiedKind  `json:"findings"`
	Mappings *identifiedSplits `json:"mappings,omitempty"` // of a CoinJoin, with --mappings
}

type identifiedKind struct {
	Heuristic string                `json:"heuristic"`
	Version   string                `json:"version"`
	Kind      heuristics.Kind       `json:"kind"`
	Says      string                `json:"says"`
	Error     *tracer.MeasuredError `json:"error"`             // null: not measured
	Outputs   []int                 `json:"outputs,omitempty"` // that it is about
	Set       int                   `json:"set,omitempty"`     // anonymity set of a mix: an upper bound
	Band      string                `json:"band,omitempty"`    // of a change: the range in which its votes lie
}

type identifiedSplits struct {
	Count *string `json:"count"` // decimal; null: not computed
	// Links has for each input, and in it for each output, in how many of a million mappings they
	// are in one part.
	Links [][]int `json:"links,omitempty"`
}

// mappingSteps bounds the work on the mappings of one CoinJoin: about a minute.
const mappingSteps = 60_000

// unreadMessage is a line on standard error about a line that could not be read.
type unreadMessage struct {
	MessageType string `json:"message_type"` // "line_error"
	Line        int    `json:"line"`
	Message     string `json:"message"`
}

func runIdentify(ctx context.Context, w *world, c *cli.Context) (err error) {
	g := givenReader{chain: "bitcoin", refuse: w.unread}
	if c.String("chain") != "" {
		g.chain = chains.Chain(c.String("chain"))
	}
	if g.chain.Info().Family == chains.FamilyEVM {
		return &usageError{"--chain: " + string(g.chain) + " is a chain of accounts: only transactions of the Bitcoin family have such forms", "such as --chain litecoin"}
	}
	in := w.stdin
	if path := c.Args().First(); path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("read the transactions: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		in = file
	}
	out := bufio.NewWriter(w.stdout)
	held := linkWindow{most: defaultWindow, answer: func(tx *chains.Tx, facts heuristics.Facts) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return writeIdentified(out, identifyTx(tx, facts, c.Bool("mappings")), w.json)
	}}
	if c.IsSet("window") {
		held.most = int(c.Int64("window"))
	}
	g.take = held.add
	if err := g.read(flushing{in, out.Flush}); err != nil {
		return fmt.Errorf("identify transactions: %w", err)
	}
	if err := held.finish(); err != nil {
		return fmt.Errorf("identify transactions: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	switch {
	case g.refused > 0:
		return withHint(fmt.Errorf("not read: %d of %d", g.refused, g.refused+g.given), "the messages before name the lines; all others are answered")
	case g.given == 0:
		return withHint(errors.New("no transaction was given"), "see: clew help identify")
	}
	return nil
}

// unread tells of a line that could not be read.
func (w *world) unread(e *lineError) {
	if !w.json {
		w.say("clew: %v\n", e)
		return
	}
	text, err := json.Marshal(unreadMessage{"line_error", e.line, e.err.Error()})
	if err != nil {
		text = []byte(`{"message_type":"line_error","line":0,"message":"the error cannot be written as JSON"}`)
	}
	w.say("%s\n", text)
}

// writeIdentified writes an answer.
func writeIdentified(out *bufio.Writer, a identified, asJSON bool) error {
	if !asJSON {
		a.write(out)
		return nil
	}
	line, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("%s: %w", a.TxID, err)
	}
	if _, err := out.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// identifyTx says what tx is, given what lies around it.
func identifyTx(tx *chains.Tx, facts heuristics.Facts, mappings bool) identified {
	a := identified{Schema: "clew.identify/1", TxID: tx.ID.String(), Findings: []identifiedKind{}}
	for _, f := range heuristics.Identify(tx, facts) {
		k := identifiedKind{Heuristic: f.Heuristic, Version: f.Version, Kind: f.Kind, Says: f.Says, Outputs: f.Outputs, Set: f.Set, Band: f.Band}
		if s, ok := f.Error(); ok {
			k.Error = tracer.Measured(s)
		}
		a.Findings = append(a.Findings, k)
		if mappings && f.Kind.Mix() {
			a.Mappings = splitsOf(tx)
		}
	}
	return a
}

// splitsOf counts the mappings of a CoinJoin.
func splitsOf(tx *chains.Tx) *identifiedSplits {
	m, ok := heuristics.Mapping(tx, heuristics.Steps(mappingSteps))
	if !ok {
		return &identifiedSplits{}
	}
	count := m.Count.String()
	s := &identifiedSplits{Count: &count}
	for i := range tx.Inputs {
		row := make([]int, len(tx.Outputs))
		for o := range row {
			row[o] = m.Link(i, o)
		}
		s.Links = append(s.Links, row)
	}
	return s
}

// write tells it in words. What cannot be written shows when out is flushed.
func (a *identified) write(out *bufio.Writer) {
	if len(a.Findings) == 0 {
		fmt.Fprintf(out, "%s\n  nothing is said of it\n", a.TxID)
		return
	}
	fmt.Fprintln(out, a.TxID)
	for _, f := range a.Findings {
		fmt.Fprintf(out, "  %s: %s; %s\n", f.Kind, f.Says, plainSpaces(exhibit.ErrorWords(f.Error)))
	}
	switch m := a.Mappings; {
	case m == nil:
	case m.Count == nil:
		fmt.Fprintln(out, "  mappings: not computed")
	default:
		fmt.Fprintf(out, "  mappings: %s ways to split it into payments\n", *m.Count)
	}
}
