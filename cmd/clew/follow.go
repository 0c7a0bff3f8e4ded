package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"time"

	"clew/chains"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

// follow traces with a pass over the blocks of each node, or of a recording in its place.
func (j *traceJob) follow(ctx context.Context, nodes *openedNodes) (err error) {
	f := &follower{j: j, nodes: nodes, of: map[chains.Chain]*reading{}}
	kept := false
	defer func() {
		if !kept {
			err = errors.Join(err, f.discard())
		}
	}()
	// What cannot be reached shows before the declaration.
	for _, chain := range j.chains {
		if err := f.prepare(ctx, chain); err != nil {
			return seedChainHint(err, chain)
		}
	}
	own, err := j.declare(ctx)
	if err != nil {
		return err
	}
	f.declare(own)
	asked := tracer.Options{Tool: thisTool(), TouchedOnly: true}
	tell(f.logged, &asked)
	opt, err := j.choose(ctx, asked)
	if err != nil {
		return err
	}
	j.trace, err = tracer.RunAll(ctx, j.inc.Incident, f, codec(), opt)
	f.meters.done()
	if j.trace == nil && nodes.recorded() && errors.Is(err, chains.ErrBadAnswer) {
		return &damagedError{err}
	}
	if j.trace == nil {
		return j.hint(err, j.source)
	}
	j.unread = nodes.none
	keepErr := f.finish(ctx)
	kept = keepErr == nil
	return errors.Join(err, keepErr)
}

// stillLoading begins the reason of a gap at the end of what a node had loaded.
const stillLoading = "the node is still loading: "

// loadingGap is what a trace misses that ends at the last block of a node which is still loading.
func loadingGap(chain chains.Chain, state chains.Loading, asOf chains.BlockRef) tracer.Gap {
	first := asOf.Height + 1
	return tracer.Gap{
		Chain: chain, FromHeight: &first, What: fmt.Sprintf("blocks behind %d", asOf.Height),
		Why:    stillLoading + state.String(),
		Effect: "what happened later is not seen: value that ends here unspent may have moved on",
	}
}

// firstBlock returns the height at which a pass over a chain has to start: the lowest block in
// which a seed may be received. asked is --from, −1 where it was not given.
func firstBlock(ctx context.Context, node *openedNode, inc *tracer.Incident, asked int64) (int64, error) {
	if asked >= 0 {
		return asked, nil
	}
	lowest := int64(-1)
	for i := range inc.Seeds {
		if inc.Seeds[i].Chain != node.chain {
			continue
		}
		h, err := seedHeight(ctx, node, &inc.Seeds[i])
		if err != nil {
			return 0, fmt.Errorf("find the block of seed %s: %w", inc.Seeds[i].ID, seedHint(err, node.where))
		}
		if lowest < 0 || h < lowest {
			lowest = h
		}
	}
	return lowest, nil
}

func seedHeight(ctx context.Context, node *openedNode, s *tracer.Seed) (int64, error) {
	switch {
	case s.Height >= 0:
		return s.Height, nil
	case s.Out == nil && s.Tx == nil && s.From.Time.IsZero():
		return s.From.Height, nil
	case s.Out == nil && s.Tx == nil:
		return ingest.HeightAt(ctx, node.Node, s.From.Time)
	}
	id := s.Tx
	if s.Out != nil {
		id = &s.Out.Tx
	}
	r, ok := node.Node.(ingest.Locator)
	if !ok {
		return 0, fmt.Errorf("transaction %s: %w", id, chains.ErrUnsupported)
	}
	ref, err := r.Locate(ctx, *id)
	return ref.Height, err
}

// seedHint adds the way out to an error about a seed that was not found in where.
func seedHint(err error, where string) error {
	switch {
	case errors.Is(err, chains.ErrUnsupported):
		return withHint(err, "say in which block the seed is: --from HEIGHT, or height: in the incident file; or give the node an index of transactions (-txindex=1)")
	case errors.Is(err, chains.ErrIncomplete):
		return withHint(err, "%s does not reach far enough for this: read the blocks that are missing with clew sync --from, or follow on a node with --rpc", where)
	case errors.Is(err, chains.ErrNotFound):
		return withHint(err, "is it the right transaction, on the right chain, and mined by the last block read (%s)?", where)
	case errors.Is(err, chains.ErrReorged):
		return withHint(err, "the chain was reorganised while it was read: run the same command again")
	}
	return err
}

// lastBlock returns the height of the block of a chain as of which the store is read: the
// pinned one, else the one before the first that is later than stop.until, else the latest.
func (j *traceJob) lastBlock(ctx context.Context, chain chains.Chain) (int64, error) {
	last := int64(store.Latest)
	if pin, ok := j.pins[chain]; ok {
		last = pin.Height
	}
	until := j.inc.Stop.Until
	if until == nil {
		return last, nil
	}
	spans, err := j.st.Spans(ctx, chain)
	if err != nil || len(spans) == 0 {
		return last, err
	}
	span := spans[len(spans)-1]
	for _, s := range spans {
		if s.From <= last && last <= s.To {
			span = store.Span{From: s.From, To: last}
		}
	}
	return untilHeight(ctx, j.st, chain, span, *until)
}

// untilHeight returns the height of the block before the first one of span whose time is
// later than until. Times are not in order: it searches for the day before by halving, and
// goes on from there block by block.
func untilHeight(ctx context.Context, st *store.Store, chain chains.Chain, span store.Span, until time.Time) (int64, error) {
	const slack = 26 * time.Hour
	at := func(height int64) (int64, error) {
		b, err := st.Block(ctx, chain, height)
		return b.Ref.Time, err
	}
	var fault error
	n := sort.Search(int(span.To-span.From+1), func(i int) bool {
		t, err := at(span.From + int64(i))
		fault = errors.Join(fault, err)
		return err != nil || t >= until.Add(-slack).Unix()
	})
	if fault != nil {
		return 0, fmt.Errorf("find the last block until %s: %w", until.Format(time.RFC3339), fault)
	}
	for h := span.From + int64(n); h <= span.To; h++ {
		t, err := at(h)
		if err != nil {
			return 0, err
		}
		if t <= until.Unix() {
			continue
		}
		if h == span.From {
			return 0, fmt.Errorf("the first block in the store, %d, is later than %s: %w", h, until.Format(time.RFC3339), chains.ErrIncomplete)
		}
		return h - 1, nil
	}
	return span.To, nil
}

func readAll(r io.Reader) ([]byte, error) {
	const limit = 16 << 20 // an incident file is small
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && len(data) > limit {
		err = errors.New("more than 16 MiB")
	}
	return data, err
}
