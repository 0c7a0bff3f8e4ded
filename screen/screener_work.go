package screen

import (
	"context"
	"errors"
	"slices"
	"strings"

	"clew/chains"
)

// work is one screening. It is made for one question and used by one goroutine.
type work struct {
	s       *Screener
	v       Verdict
	subject Subject
	subjectKeys
	head   *headState // nil: nothing of the chain was read
	deep   bool
	budget Budget
	again  *Verdict // that is repeated; nil: it is a first question

	facts    Facts // nil: the store was not opened
	receipts []receipt
	small    []smallReceipt // that may have come unasked, until they are sifted
	untrue   []smallReceipt // of which a token's contract alone tells
	owners   []Attribution  // what is said of the subject's own address, merged over the times asked for
	partial  bool           // there is more to the subject than receipts
	unpaid   bool           // the transaction was read, and pays the subject nothing
	walks    []groupWalk
	moreGaps int // than are written
	read     int // transactions that were read to find the receipts
}

// receipt is value of the subject that lies at one place, or arrived there.
type receipt struct {
	place   Place
	owner   chains.Address // "" where the output has none
	address string         // owner as its chain writes it
	tx      *chains.Tx     // nil: an incident alone tells of it
	units   chains.Amount
	time    int64        // of the block, in Unix seconds
	hits    []Hit        // of incidents that count
	lain    []Hit        // as destination: those that came here, which says nothing of where it goes
	notes   []string     // of each of hits; nil: none
	met     int          // its place among all receipts, small ones among them
	holder  *Attribution // as destination: at whom it ends; nil: it goes on
}

// begin empties the verdict down to what is pinned.
func (w *work) begin() {
	w.v = Verdict{
		Schema: Schema, Subject: w.subject, Outcome: Clear, Rule: string(w.s.cfg.Policy.DecideBy),
		Value: []Value{}, Exposure: []Exposure{}, Unasked: []Unasked{}, Fired: []Fired{},
		Coverage: Coverage{Spans: []CoveredSpan{}, Gaps: []Gap{}}, Pins: w.s.pins,
	}
	w.v.Pins.Budget, w.v.Pins.Deep = w.budget, w.deep
	if w.head != nil {
		w.v.Coverage.Spans, w.v.Pins.Blocks, w.v.Pins.Clusters = w.head.spans, w.head.pins, w.head.clusters
	}
	w.receipts, w.owners, w.walks, w.partial, w.read = nil, nil, nil, false, 0
	w.moreGaps, w.small, w.untrue, w.unpaid = 0, nil, nil, false
	w.behind()
}

// run fills the verdict, and decides it. The error is an ErrMoved or that of ctx.
func (w *work) run(ctx context.Context) error {
	err := w.find(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil || errors.Is(err, ErrMoved):
		return err
	}
	return w.fail(ctx, err)
}

// find tries the three ways, in their order.
func (w *work) find(ctx context.Context) error {
	w.begin()
	known, err := w.lookup(ctx)
	if err != nil {
		return err
	}
	if w.head == nil {
		w.unread()
		return w.finish()
	}
	quick := known && !w.deep && (w.subject.Direction != Destination || len(w.receipts) == 0)
	if quick {
		w.lookedUp("a label decides, and the store was not read: a deep screening reads it")
		if done, err := w.answered(); done {
			return err
		}
	}
	w.begin()
	if err := w.open(ctx); err != nil {
		return err
	}
	defer w.facts.Close() //nolint:errcheck // it was read from alone, and all was read
	if err := w.receive(ctx); err != nil {
		return err
	}
	if err := w.tell(ctx, append(w.sift(), w.untrue...)); err != nil {
		return err
	}
	w.shareSums()
	w.countOnce()
	w.lay()
	if !w.unpaid {
		if err := w.own(ctx); err != nil {
			return err
		}
	}
	if w.subject.Kind == KindAddress {
		w.received()
	}
	if quick {
		if done, err := w.answered(); done {
			return err
		}
	}
	if err := w.walk(ctx); err != nil {
		return err
	}
	return w.finish()
}

// answered finishes the verdict without a walk and reports whether that is enough; if not, the verdict is as
// it was.
func (w *work) answered() (done bool, err error) {
	before, more := w.v, w.moreGaps
	w.v.Coverage.Ended, w.v.Coverage.Transactions = EndedAnswered, w.read
	if err := w.finish(); err != nil || w.enough() {
		return true, err
	}
	w.v, w.moreGaps = before, more
	return false, nil
}

// finish assembles the verdict and lets the policy decide it.
func (w *work) finish() error {
	if err := w.assemble(); err != nil {
		return err
	}
	w.cutShort()
	w.closeGaps()
	w.s.cfg.Policy.Decide(&w.v)
	return nil
}

// enough reports whether whatever a walk found beside what incidents and labels say, the action would
// stay: it is the worst already, all is explained, or the address is one through which no walk goes. What
// incidents tell of a part is not enough as long as what there is in all was not read: no rule blocks for a
// share of what is not known.
func (w *work) enough() bool {
	switch {
	case w.v.Outcome == Match && w.v.Action == Block:
		return true
	case w.partial && w.facts == nil:
		return false
	case w.subject.Kind == KindAddress && w.ends():
		return true
	}
	return !slices.ContainsFunc(w.receipts, func(r receipt) bool { return !r.explained() })
}

// ends reports whether something is said of the subject's own address at which value ends.
func (w *work) ends() bool {
	return slices.ContainsFunc(w.owners, func(a Attribution) bool { return a.Ends })
}

// fail makes a verdict of what could not be read. What incidents and labels said stays in it.
func (w *work) fail(ctx context.Context, cause error) error {
	w.begin()
	if _, err := w.lookup(ctx); err != nil {
		w.begin()
	}
	w.v.Outcome, w.v.Error = Failed, withoutPaths(cause.Error())
	if err := w.finish(); err != nil {
		w.begin()
		w.v.Outcome, w.v.Error = Failed, withoutPaths(cause.Error())
		return w.finish()
	}
	return nil
}

// withoutPaths leaves paths of this machine out of a text: a verdict is given to others, and the same
// failure is to give the same bytes.
func withoutPaths(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		bare := strings.Trim(word, `"'()[]:,;`)
		slashes := strings.Count(bare, "/") + strings.Count(bare, `\`)
		if slashes > 1 || slashes == 1 && (strings.ContainsAny(bare[:1], `/\`) || strings.Contains(bare, ".")) {
			words[i] = strings.Replace(word, bare, "…", 1)
		}
	}
	return strings.Join(words, " ")
}
