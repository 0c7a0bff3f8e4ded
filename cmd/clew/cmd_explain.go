package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/custody"
	"clew/tracer"
)

func explainCommand() *command {
	return &command{
		path: "explain", args: "TRACE HOP | TRACE end N | TRACE seed ID | TRACE finding N | TRACE gap N", short: "why something is in a trace, in words and evidence, and how to check it",
		long: "TRACE is a trace.json, or the id that clew trace printed; HOP is the number of an arrow or a row of schedule A, or a hop's id. Prints what happened, why it is in the trace, the evidence, the transaction with what entered it and what left it under the declared rule, of which pieces the rule filled the output, what every rule says, what is inferred, claimed and not known, and how to check it on a node of one's own and by hand. In the same way it explains an endpoint (end N, the row of schedule C), a seed, a finding and a gap.\n\n" +
			"The inputs and outputs that are not traced come from the recording beside the file, from the store, or from --rpc (a node, or recording:DIR). Where none has the transaction, only its traced part is shown, and said to be so.",
		examples: []example{
			{"clew explain report/trace.json 3", "hop 3; the recording beside the file tells the whole transaction"},
			{"clew explain report/trace.json end 7", "row 7 of schedule C: why the trace ends there, and what could be asked"},
			{"clew explain 3f2a9c1e 3 --rpc http://127.0.0.1:8332", "the same from the store, with a node to ask"},
		},
		codes:   []exitCode{codeCheck, codeNoStore, codeStore, codeUnreachable},
		options: logFlags(rpcFlags()...),
		least:   2, most: 3,
		action: runExplain,
	}
}

func runExplain(ctx context.Context, w *world, c *cli.Context) error {
	t, err := loadTrace(ctx, c, c.Args().First())
	if err != nil {
		return err
	}
	what, name := splitThing(c.Args().Slice()[1:])
	if what = or(what, kindOfID(t.Trace, name)); what != "hop" {
		x, err := explainThing(t, what, name)
		if err != nil {
			return err
		}
		return tellLogged(ctx, w, c, t, x, x.writeThing)
	}
	h, err := findHop(t, name)
	if err != nil {
		return err
	}
	return explainHop(ctx, w, c, t, h)
}

// explainHop explains a hop with its whole transaction, where somebody has it.
func explainHop(ctx context.Context, w *world, c *cli.Context, t *loadedTrace, h *tracer.Hop) (err error) {
	leg := &h.Legs[len(h.Legs)-1]
	source, err := openSource(ctx, w, c, t, leg.Chain)
	if err != nil {
		return fmt.Errorf("find the transaction of hop %d: %w", h.Number, err)
	}
	var tx *chains.Tx
	if source != nil {
		defer func() { err = errors.Join(err, source.close()) }()
		if tx, err = source.find(ctx, leg); err != nil {
			return fmt.Errorf("read the transaction of hop %d: %w", h.Number, err)
		}
	}
	x := explain(t, h, tx)
	if tx != nil {
		x.Whence, x.Block.Proven = source.whence, source.proven
		if err := x.fill(ctx, t, source, tx); err != nil {
			return fmt.Errorf("derive how hop %d was filled: %w", h.Number, err)
		}
	}
	stands, err := standingOf(ctx, c, t.Trace, leg)
	if err != nil {
		return fmt.Errorf("ask the store for the block of hop %d: %w", h.Number, err)
	}
	x.Main, x.AsOfStands = stands.main, stands.asOf
	x.sections(t, leg, stands)
	return tellLogged(ctx, w, c, t, x, x.write)
}

// tellLogged prints an explanation, once the log has it.
func tellLogged(ctx context.Context, w *world, c *cli.Context, t *loadedTrace, x *explanation, write func(*page, *loadedTrace) error) error {
	result, err := resultOf(x)
	if err != nil {
		return err
	}
	if err := w.custodyOf(ctx, c, custody.Explained, result, t); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, x)
	}
	return write(newPage(w.stdout), t)
}
