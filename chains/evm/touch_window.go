package evm

import (
	"context"
	"errors"
	"sync/atomic"

	"clew/chains"
	"clew/chains/rpc"
)

// window is how many blocks a search takes at once. It grows while answers are short and is
// halved where the node refuses, and is kept from one search to the next. Safe for concurrent
// use: what it holds is a guess that every refusal corrects.
type window struct{ size atomic.Int64 }

const (
	firstWindow  = 2_000   // what most services take
	widestWindow = 500_000 // an answer is waited for as a whole
	shortAnswer  = 1_000   // entries: below it the next window is twice as wide
)

func (w *window) width() int64 {
	if size := w.size.Load(); size > 0 {
		return size
	}
	return firstWindow
}

// each hands the parts of a span to search, in order, which returns how much it found. Where the
// node refuses one as too much it is asked again in halves, down to one block.
func (w *window) each(ctx context.Context, span chains.Span, search func(context.Context, chains.Span) (int, error)) error {
	for from := span.From; from <= span.To; {
		width := w.width()
		part := chains.Span{From: from, To: min(span.To, from+width-1)}
		found, err := search(ctx, part)
		asked := part.To - part.From + 1
		switch {
		case errors.Is(err, rpc.ErrTooMuch) && asked > 1:
			w.size.Store(max(1, asked/2))
			continue
		case err != nil:
			return err
		case found < shortAnswer && asked == width:
			w.size.Store(min(2*width, widestWindow))
		}
		from = part.To + 1
	}
	return nil
}
