package evm

import (
	"context"
	"errors"
	"sync"

	"clew/chains"
	"clew/chains/rpc"
)

// window is how many blocks a search takes at once. It grows fast while answers are short and is
// halved where the node refuses; what was refused is tried again only after a while. It is kept
// from one search to the next. Safe for concurrent use: what it holds is a guess that every
// refusal corrects.
type window struct {
	mu    sync.Mutex
	size  int64
	limit int64 // half of what was refused last; 0: nothing was
	calm  int   // answers at the limit since
}

const (
	firstWindow  = 2_000      // what most services take
	widestWindow = 10_000_000 // an answer is waited for as a whole
	windowGrowth = 8
	shortAnswer  = 1_000 // entries: below it the next window is wider
	windowCalm   = 32    // answers after which twice the limit is tried
)

func (w *window) width() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.size == 0 {
		w.size = firstWindow
	}
	return w.size
}

// refused makes it half of what was asked for.
func (w *window) refused(asked int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.size = max(1, asked/2)
	w.limit, w.calm = w.size, 0
}

// answered makes it wider after a short answer about a whole window.
func (w *window) answered(asked int64, found int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case found >= shortAnswer || asked < w.size:
	case w.limit == 0:
		w.size = min(windowGrowth*w.size, widestWindow)
	case w.size < w.limit:
		w.size = min(windowGrowth*w.size, w.limit)
	case w.calm < windowCalm:
		w.calm++
	default:
		w.limit, w.calm = min(2*w.limit, widestWindow), 0
		w.size = w.limit
	}
}

// first hands as much of the beginning of a span to search as the node takes at once, which returns
// how much it found, and returns the last block of that. Where the node refuses it as too much it
// is asked about half of it, down to one block.
func (w *window) first(ctx context.Context, span chains.Span, search func(context.Context, chains.Span) (int, error)) (to int64, err error) {
	for {
		part := chains.Span{From: span.From, To: min(span.To, span.From+w.width()-1)}
		found, err := search(ctx, part)
		asked := part.To - part.From + 1
		if errors.Is(err, rpc.ErrTooMuch) && asked > 1 {
			w.refused(asked)
			continue
		}
		if err == nil {
			w.answered(asked, found)
		}
		return part.To, err
	}
}

// each hands the parts of a span to search, in order, as first does.
func (w *window) each(ctx context.Context, span chains.Span, search func(context.Context, chains.Span) (int, error)) error {
	for span.From <= span.To {
		to, err := w.first(ctx, span, search)
		if err != nil {
			return err
		}
		span.From = to + 1
	}
	return nil
}
