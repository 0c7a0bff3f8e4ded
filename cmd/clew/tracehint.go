package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"clew/chains"
	"clew/store"
	"clew/tracer"
)

// hint adds the way out to an error of the trace over where.
func (j *traceJob) hint(err error, where string) error {
	if _, ok := errors.AsType[*tracer.OpeningError](err); ok {
		return err // it says the ways out itself
	}
	if _, ok := errors.AsType[*hinted](err); ok {
		return err // who was nearer to it knows better
	}
	missing := errors.Is(err, chains.ErrNotFound) || errors.Is(err, chains.ErrIncomplete)
	if until := j.inc.Stop.Until; until != nil && missing {
		return withHint(err, "the chain is read up to stop.until, %s: was the theft before it? And is it the right transaction, on the right chain?",
			until.UTC().Format(time.RFC3339))
	}
	switch {
	case missing && j.c.IsSet("from"):
		return withHint(err, "the blocks from %d on were read (--from): perhaps --from is too late. Or is it another transaction, or another chain?", j.c.Int64("from"))
	case errors.Is(err, chains.ErrUnsupported):
		return withHint(err, "a node that keeps every block and tells what they spend has it (bitcoind with -prune=0): give its --rpc too, or alone")
	}
	return seedHint(err, where)
}

// seedChainHint adds the way out where the node is not of the chain that the seeds name.
func seedChainHint(err error, chain chains.Chain) error {
	if !errors.Is(err, chains.ErrWrongChain) {
		return err
	}
	return withHint(err, "the seeds are on %s: if they are on the node's chain, begin them with its name, as in bitcoin-regtest:TXID:VOUT; else give a node of %s", chain, chain)
}

// storeHint does so for a trace over the store, of which one span is read.
func (j *traceJob) storeHint(ctx context.Context, err error) error {
	if errors.Is(err, chains.ErrIncomplete) || errors.Is(err, chains.ErrNotFound) {
		way, fault := j.spanHint(ctx)
		if fault != nil {
			return errors.Join(err, fault)
		}
		if way != "" {
			return withHint(err, "%s", way)
		}
	}
	return j.hint(err, "the store "+j.st.Path())
}

// spanHint says how to trace a seed that lies in another span of the store than the last one,
// which is read where nothing names another; "" where there is none.
func (j *traceJob) spanHint(ctx context.Context) (string, error) {
	spans, err := j.st.Spans(ctx, j.chains[0])
	if err != nil || len(spans) < 2 || len(j.pins) > 0 || j.inc.Stop.Until != nil {
		return "", err
	}
	var holes []string
	for i := 1; i < len(spans); i++ {
		holes = append(holes, fmt.Sprintf("clew sync --chain %s --rpc URL --from %d --to %d", j.chains[0], spans[i-1].To+1, spans[i].From-1))
	}
	for i := range j.inc.Seeds {
		span, found, err := j.spanOf(ctx, &j.inc.Seeds[i], spans)
		if err != nil {
			return "", err
		}
		if !found || span == spans[len(spans)-1] {
			continue
		}
		last, err := j.st.Block(ctx, j.chains[0], span.To)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("read what is missing between (%s), or trace seed %s in its own blocks only: --as-of %s=%d:%s",
			strings.Join(holes, "; "), j.inc.Seeds[i].ID, j.chains[0], span.To, last.Ref.Hash), nil
	}
	return "", nil
}

// spanOf returns the span of the store in which a seed is received.
func (j *traceJob) spanOf(ctx context.Context, s *tracer.Seed, spans []store.Span) (span store.Span, found bool, err error) {
	height := s.From.Height
	id := s.Tx
	if s.Out != nil {
		id = &s.Out.Tx
	}
	switch {
	case id != nil:
		tx, err := j.st.Tx(ctx, j.chains[0], *id)
		if errors.Is(err, chains.ErrNotFound) {
			return span, false, nil
		}
		if err != nil {
			return span, false, err
		}
		height = tx.Block.Height
	case !s.From.Time.IsZero():
		return span, false, nil // where its blocks are is not known
	}
	for _, span := range spans {
		if span.From <= height && height <= span.To {
			return span, true, nil
		}
	}
	return span, false, nil
}
