package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"clew/chains"
)

// cut ends the pass before b.
func (p *Pass) cut(ctx context.Context, b *chains.Block) error {
	if p.read == 0 {
		return fmt.Errorf("the first block, %d, is later than %s: %w", b.Ref.Height, p.opt.Until.UTC().Format(time.RFC3339), chains.ErrNotFound)
	}
	p.asOf = p.last
	return p.finish(ctx)
}

// finish checks that what was read has not left the main chain, and returns io.EOF.
func (p *Pass) finish(ctx context.Context) error {
	p.Close()
	for id := range p.ids {
		return fmt.Errorf("transaction %s is not in blocks %d to %d: %w", id, p.start, p.last.Height, chains.ErrNotFound)
	}
	refs := []chains.BlockRef{p.last, p.asOf}
	if p.search != nil {
		refs = append(p.search.used, p.first, p.asOf)
	}
	if err := p.still(ctx, refs); err != nil {
		return err
	}
	if err := p.pin(ctx); err != nil {
		return err
	}
	return io.EOF
}

// still is ErrReorged unless blocks are on the main chain now.
func (p *Pass) still(ctx context.Context, refs []chains.BlockRef) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	faults := make(chan error)
	askers := min(len(refs), max(p.opt.InFlight, DefaultInFlight))
	for first := range askers {
		go func() {
			var err error
			for i := first; i < len(refs) && err == nil; i += askers {
				err = p.stillOne(inner, refs[i])
			}
			faults <- err
		}()
	}
	var fault error
	for range askers {
		if err := <-faults; err != nil && fault == nil {
			fault = err
			cancel()
		}
	}
	return fault
}

func (p *Pass) stillOne(ctx context.Context, ref chains.BlockRef) error {
	hash, err := p.node.HashAt(ctx, ref.Height)
	if err != nil && !errors.Is(err, chains.ErrNotFound) {
		return fmt.Errorf("block %d again: %w", ref.Height, err)
	}
	if err != nil || hash != ref.Hash {
		return fmt.Errorf("block %d (%s), which this pass has read or is pinned to: %w", ref.Height, ref.Hash, chains.ErrReorged)
	}
	return nil
}

// pin has the header of the pinned block recorded, where the pass ended before it.
func (p *Pass) pin(ctx context.Context) error {
	if p.rec != nil {
		return p.pinEnds(ctx)
	}
	if p.opt.Recorder == nil || p.last.Hash == p.asOf.Hash {
		return nil
	}
	b, err := p.node.Block(ctx, p.asOf.Height, p.asOf.Hash)
	if err != nil {
		return fmt.Errorf("block %d, which this pass is pinned to: %w", p.asOf.Height, err)
	}
	p.opt.Recorder.pin(b)
	return nil
}

// Close ends the pass early. It may be called more than once.
func (p *Pass) Close() {
	if p.cancel != nil {
		p.cancel()
	}
}
