package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"clew/chains"
)

// Backend is a node that finds transactions. What else it offers (TxReader, OutputReader, Index,
// TxPicker, StateReader, EventSearcher), a Failover does.
type Backend interface {
	Node
	Locator
}

// Candidate is one node of a list, reached when it is needed.
type Candidate struct {
	Name string // for people, without credentials
	Dial func(ctx context.Context) (Backend, error)
}

// restPeriod is how long a node that failed is left alone while there are others.
const restPeriod = 30 * time.Second

// dialPatience is how long the other nodes of a list are waited for once one has answered.
const dialPatience = 5 * time.Second

// Failover is a list of nodes of one chain that answers as one node. The one whose chain reaches
// furthest when the list is opened serves everything, of equals the first in the list, until it
// fails: cannot be reached, asks for fewer requests, or is wrong. Then the next takes over, with a line in the log that says why. A node that was
// wrong is not asked again; the others are, after a rest, when the one in use fails. Once a
// node that stands before the one in use can serve again, it does.
//
// What one node cannot answer (ErrUnsupported: a pruned block, no index of transactions;
// ErrIncomplete: a block that it is still loading) the others are asked too, each time; the
// node in use stays in use.
//
// A node that is behind does not take over: it must have the highest block of the main chain
// that this list has named so far. So a change of node never looks like a reorganisation that
// takes blocks back. Where it has another block at that height, it follows another branch:
// whoever reads blocks sees that they do not fit, as with any reorganisation.
//
// ErrNotFound is an answer and comes back as it is; so is what no node could answer, in the
// words of the one in use. When no node can be reached, all are asked again until Patience is
// over; then the error is that of each. Safe for concurrent use.
type Failover struct {
	// Now is the clock by which nodes rest; OpenFailover sets time.Now.
	Now func() time.Time
	// Patience is how long a question waits for any of the nodes once none can be reached; zero:
	// not at all.
	Patience time.Duration

	log   *slog.Logger
	chain chains.Chain
	first string // the node that said so
	list  []*candidate

	mu   sync.Mutex      // of what follows, and of the candidates
	used int             // index in list
	top  chains.BlockRef // the highest block that was named; Hash zero: none yet
}

type candidate struct {
	Candidate
	node  Backend         // nil: not reached yet
	head  chains.BlockRef // when the list was opened
	wrong bool
	rests time.Time // not asked before that, while there are others
	err   error     // why it failed last
}

var _ Backend = (*Failover)(nil)

// OpenFailover reaches the nodes of list. It fails where none answers, and where one is of
// another chain (ErrWrongChain) or refuses what it was given: a list that is wrong is found
// out at once.
func OpenFailover(ctx context.Context, list []Candidate, log *slog.Logger) (*Failover, error) {
	f := &Failover{log: log, Now: time.Now}
	for _, c := range list {
		f.list = append(f.list, &candidate{Candidate: c})
	}
	if err := f.dialAll(ctx); err != nil {
		return nil, err
	}
	first := slices.IndexFunc(f.list, func(c *candidate) bool { return c.node != nil })
	if first < 0 {
		var all []error
		for _, c := range f.list {
			all = append(all, c.err)
		}
		return nil, errors.Join(all...)
	}
	f.used, f.chain, f.first = first, f.list[first].node.Chain(), f.list[first].Name
	for i, c := range f.list {
		if c.node == nil {
			continue
		}
		if err := f.sameChain(c, c.node); err != nil {
			return nil, err
		}
		if i == first || c.head.Height > f.top.Height {
			f.used, f.top = i, c.head
		}
	}
	if behind := f.list[first]; f.used != first {
		f.log.Warn("a later node of the list has more blocks and is used", "node", f.list[f.used].Name, "head", f.top.Height,
			"instead_of", behind.Name, "whose_head_is", behind.head.Height)
	}
	return f, nil
}

// sameChain is ErrWrongChain where node, which is c, is of another chain than the others.
func (f *Failover) sameChain(c *candidate, node Backend) error {
	if got := node.Chain(); got != f.chain {
		return fmt.Errorf("%s is of %s, and %s of %s: %w", c.Name, got, f.first, f.chain, chains.ErrWrongChain)
	}
	return nil
}

// dialAll reaches all nodes at once. Those that hang are given up soon after one answered.
func (f *Failover) dialAll(ctx context.Context) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type outcome struct {
		at   int
		node Backend
		head chains.BlockRef
		err  error
	}
	outcomes := make(chan outcome, len(f.list))
	for i, c := range f.list {
		go func() {
			o := outcome{at: i}
			if o.node, o.err = c.Dial(inner); o.err == nil {
				o.head, o.err = o.node.Head(inner)
			}
			outcomes <- o
		}()
	}
	slow := fmt.Errorf("no answer within %s, while another node has answered: %w", dialPatience, chains.ErrUnreachable)
	for range f.list {
		o := <-outcomes
		c := f.list[o.at]
		switch {
		case o.err == nil:
			c.node, c.head = o.node, o.head
			time.AfterFunc(dialPatience, func() { cancel(slow) })
		case movesOn(o.err):
			f.rest(c, o.err)
			f.log.Warn("a node of the list cannot be used now", "node", c.Name, "why", o.err)
		default:
			return fmt.Errorf("%s: %w", c.Name, o.err)
		}
	}
	return ctx.Err()
}

// movesOn reports whether another node may do better.
func movesOn(err error) bool {
	return errors.Is(err, chains.ErrUnreachable) || errors.Is(err, chains.ErrRateLimited) || errors.Is(err, chains.ErrBadAnswer)
}

// cannot reports whether a node is well but lacks what another may have.
func cannot(err error) bool {
	return errors.Is(err, chains.ErrUnsupported) || errors.Is(err, chains.ErrIncomplete)
}

// rest notes why a node failed.
func (f *Failover) rest(c *candidate, err error) {
	c.err = err
	c.wrong = c.wrong || errors.Is(err, chains.ErrBadAnswer)
	c.rests = f.Now().Add(restPeriod)
}

// String names the nodes.
func (f *Failover) String() string {
	names := make([]string, len(f.list))
	for i, c := range f.list {
		names[i] = c.Name
	}
	return strings.Join(names, ", else ")
}

// Close ends the connections of the nodes that hold any.
func (f *Failover) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	for _, c := range f.list {
		if held, ok := c.node.(io.Closer); ok {
			err = errors.Join(err, held.Close())
		}
	}
	return err
}

// Chain is of Node.
func (f *Failover) Chain() chains.Chain { return f.chain }

// do asks the node in use, and the others in turn while they fail, with growing pauses while
// none can be reached.
func (f *Failover) do(ctx context.Context, ask func(Backend) error) error {
	began := time.Now()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 3*time.Second) {
		err := f.round(ctx, ask)
		if err == nil || !errors.Is(err, chains.ErrUnreachable) || ctx.Err() != nil || time.Since(began)+pause > f.Patience {
			return err
		}
		f.log.Info("asking the nodes of the list again", "in", pause, "why", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w, while waiting to ask again: %w", err, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// round asks each node once at most.
func (f *Failover) round(ctx context.Context, ask func(Backend) error) error {
	tried := map[int]bool{}
	for {
		f.mu.Lock()
		f.comeBack(ctx)
		at, node := f.used, f.list[f.used].node
		f.mu.Unlock()
		err := ask(node)
		if err != nil && cannot(err) && ctx.Err() == nil {
			return f.elsewhere(ctx, at, err, ask)
		}
		if err == nil || ctx.Err() != nil || !movesOn(err) {
			return err
		}
		tried[at] = true
		if next := f.leave(ctx, at, err, tried); next != nil {
			return next
		}
	}
}

// elsewhere asks the others what the node at could not answer, for the reason why.
func (f *Failover) elsewhere(ctx context.Context, at int, why error, ask func(Backend) error) error {
	for i, c := range f.list {
		f.mu.Lock()
		skip := i == at || c.wrong || f.Now().Before(c.rests)
		var node Backend
		if !skip && f.take(ctx, c) == nil {
			node = c.node
		}
		f.mu.Unlock()
		if node == nil {
			continue
		}
		err := ask(node)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if movesOn(err) {
			f.mu.Lock()
			f.rest(c, err)
			f.mu.Unlock()
			f.log.Warn("a node of the list cannot be used now", "node", c.Name, "why", err)
		}
	}
	return why
}

// comeBack tries, beside the question that is asked, whether the first node before the one in
// use that has rested can serve again. The trial ends with ctx.
func (f *Failover) comeBack(ctx context.Context) {
	for i, c := range f.list[:f.used] {
		if c.wrong || f.Now().Before(c.rests) {
			continue
		}
		c.rests = f.Now().Add(restPeriod) // one trial at a time
		node, top := c.node, f.top
		go func() {
			node, err := f.reach(ctx, c, node, top)
			f.mu.Lock()
			defer f.mu.Unlock()
			if err != nil {
				f.log.Debug("a node of the list cannot be used yet", "node", c.Name, "why", err)
				return
			}
			if c.node = node; c.wrong || f.used <= i {
				return
			}
			f.log.Info("a node of the list serves again", "node", c.Name, "instead_of", f.list[f.used].Name)
			f.used = i
		}()
		return
	}
}

// leave takes the next node in place of the one at that failed with why; tried are those
// that the same question has met. Without another it returns what is wrong with all.
func (f *Failover) leave(ctx context.Context, at int, why error, tried map[int]bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.used != at && !tried[f.used] { // another question has changed it meanwhile
		return nil
	}
	f.rest(f.list[at], why)
	all := []error{why}
	for _, rested := range []bool{true, false} {
		for i, c := range f.list {
			if i == at || tried[i] || c.wrong || rested == f.Now().Before(c.rests) {
				continue
			}
			err := f.take(ctx, c)
			if errors.Is(err, chains.ErrWrongChain) {
				return err
			}
			if err != nil {
				tried[i] = true
				all = append(all, fmt.Errorf("%s: %w", c.Name, err))
				continue
			}
			f.log.Warn("another node takes over", "node", c.Name, "instead_of", f.list[at].Name, "why", why)
			f.used = i
			return nil
		}
	}
	return errors.Join(all...)
}

// take reaches a node that is to answer now.
func (f *Failover) take(ctx context.Context, c *candidate) error {
	node, err := f.reach(ctx, c, c.node, f.top)
	if err != nil {
		f.rest(c, err)
		f.log.Warn("a node of the list cannot be used now", "node", c.Name, "why", err)
		return err
	}
	c.node = node
	return nil
}

// reach dials c where node is nil, and makes sure that it is of the chain and not behind top.
func (f *Failover) reach(ctx context.Context, c *candidate, node Backend, top chains.BlockRef) (_ Backend, err error) {
	if node == nil {
		if node, err = c.Dial(ctx); err != nil {
			return nil, err
		}
	}
	if err := f.sameChain(c, node); err != nil {
		return nil, err
	}
	if top.Hash == (chains.BlockHash{}) {
		return node, nil
	}
	_, err = node.HashAt(ctx, top.Height)
	if errors.Is(err, chains.ErrNotFound) {
		return nil, fmt.Errorf("it is behind: it has no block %d yet: %w", top.Height, chains.ErrIncomplete)
	}
	return node, err
}

// named notes a block of the main chain that is handed out.
func (f *Failover) named(height int64, hash chains.BlockHash) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.top.Hash == (chains.BlockHash{}) || height > f.top.Height {
		f.top = chains.BlockRef{Height: height, Hash: hash}
	}
}
