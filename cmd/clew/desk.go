package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/screen"
	"clew/server"
	"clew/store"
	"clew/store/journal"
)

// desk is what screening on this machine rests on: the store, the journal beside it, the rules, and
// what is made of them. Its methods are safe for concurrent use.
type desk struct {
	w     *world
	c     *cli.Context
	db    string
	st    *store.Store     // nil: there is none
	j     *journal.Journal // nil: verdicts are not kept
	rules string           // the file of --rules; "" for the program's own

	change sync.Mutex // one state is made at a time
	made   deskParts  // what the current state was made of; guarded by change
	state  atomic.Pointer[deskState]
	fault  atomic.Pointer[string] // why the rules on the disk are not in force; nil: they are
	nodes  nodeHeads
}

// deskState is what screenings are made from at a moment. It is immutable.
type deskState struct {
	Screener *screen.Screener
	Policy   *screen.Policy
	Blobs    []journal.Blob // texts that its verdicts name by their hashes
	heads    []screen.Head
	rules    string // the file of the policy, for people
	api      *server.State
	mark     string // of what it is made of
	words    string // of what it is made of beside blocks: rules, labels, incidents and whether they stand
	// listed is the date of its newest list of sanctions; zero: it has none.
	listed time.Time
}

// journalPath returns the file of the journal: that of --journal, else the one beside the store.
func journalPath(c *cli.Context) string {
	if file := c.String("journal"); file != "" {
		return file
	}
	return journalBeside(c.String("db"))
}

// journalBeside returns the file of the journal that belongs to a store.
func journalBeside(db string) string {
	return strings.TrimSuffix(db, filepath.Ext(db)) + ".screening" + or(filepath.Ext(db), ".db")
}

// openDesk opens what screening needs. The store need not exist; the journal is made where it does not,
// unless none is wanted.
func openDesk(ctx context.Context, w *world, c *cli.Context, o deskOptions) (d *desk, err error) {
	d = &desk{w: w, c: c, db: c.String("db"), rules: c.String("rules")}
	d.nodes.now, d.nodes.heads = w.now, map[chains.Chain]nodeHead{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	d.st, err = store.Open(ctx, d.db, store.Options{ReadOnly: !o.write, Create: o.write})
	switch {
	case errors.Is(err, store.ErrNoStore) && d.db != defaultDB:
		w.remark("there is no store %s: incidents and labels of the program alone are asked\n", d.db)
	case err != nil && !errors.Is(err, store.ErrNoStore):
		return d, err
	}
	if err != nil {
		d.st = nil
	}
	if o.noJournal {
		return d, nil
	}
	d.j, err = journal.Open(ctx, journalPath(c), journal.Options{Create: !o.look, Now: w.now})
	return d, err
}

// deskOptions say what a command does at the desk.
type deskOptions struct {
	write     bool // into the store, which is made where there is none
	noJournal bool // it keeps nothing
	look      bool // at what is there: no journal is made
}

// Close releases all of it.
func (d *desk) Close() error {
	var errs []error
	if d.j != nil {
		errs = append(errs, d.j.Close())
	}
	if d.st != nil {
		errs = append(errs, d.st.Close())
	}
	return errors.Join(errs...)
}

// policy reads the rules, or returns the program's own. Where a state was made already, rules that cannot
// be read change nothing: those before stay in force, and rulesFault says why.
func (d *desk) policy() (*screen.Policy, string, error) {
	if d.rules == "" {
		return screen.DefaultPolicy(), defaultRules, nil
	}
	p, err := d.readRules()
	s := d.state.Load()
	if err == nil || s == nil {
		d.fault.Store(nil)
		return p, d.rules, err
	}
	fault := fmt.Sprintf("the rules cannot be read, and those before stay in force: %v", err)
	d.fault.Store(&fault)
	return s.Policy, s.rules, nil
}

func (d *desk) readRules() (*screen.Policy, error) {
	text, err := os.ReadFile(d.rules)
	if err != nil {
		return nil, fmt.Errorf("--rules: %w", err)
	}
	return parseRules(d.rules, text)
}

// rulesFault says why the rules on the disk are not in force; "" where they are.
func (d *desk) rulesFault() string {
	if fault := d.fault.Load(); fault != nil {
		return *fault
	}
	return ""
}

// defaultRules names the policy that the program carries.
const defaultRules = "default rules"

// parseRules reads a policy, with the way out where it cannot be read.
func parseRules(name string, text []byte) (*screen.Policy, error) {
	p, err := screen.ParsePolicy(name, text, codec())
	return p, withHint(err, "clew rules show --default prints the program's own rules, and docs/screening.md says what may stand in them")
}

// knownChains returns the chains of which the store has blocks.
func (d *desk) knownChains(ctx context.Context) ([]chains.Chain, error) {
	if d.st == nil {
		return nil, nil
	}
	names, err := d.st.Chains(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}

// headsNow returns how far the store has each chain, up to the heights of cut where it names them.
func (d *desk) headsNow(ctx context.Context, cut map[chains.Chain]int64) ([]screen.Head, error) {
	names, err := d.knownChains(ctx)
	if err != nil {
		return nil, err
	}
	var heads []screen.Head
	for _, chain := range names {
		spans, err := d.st.Spans(ctx, chain)
		if err != nil {
			return nil, err
		}
		if height, ok := cut[chain]; ok {
			if spans = upTo(spans, height); len(spans) == 0 || spans[len(spans)-1].To != height {
				return nil, fmt.Errorf("as of block %d of %s: %w: the store has not read it", height, chain, chains.ErrIncomplete)
			}
		}
		if len(spans) == 0 {
			continue
		}
		last, err := d.st.Block(ctx, chain, spans[len(spans)-1].To)
		if err != nil {
			return nil, err
		}
		h := screen.Head{Chain: chain, Spans: spans, Block: last.Ref}
		if _, ok := cut[chain]; !ok {
			h.Behind = d.nodes.of(chain, last.Ref.Height)
		}
		heads = append(heads, h)
	}
	return heads, nil
}

// upTo returns the parts of spans that lie at or below height.
func upTo(spans []chains.Span, height int64) []chains.Span {
	var out []chains.Span
	for _, s := range spans {
		if s.From <= height {
			out = append(out, chains.Span{From: s.From, To: min(s.To, height)})
		}
	}
	return out
}

// nodeHeads remembers the head that each node named last, for as long as that says something of now.
type nodeHeads struct {
	now func() time.Time

	mu    sync.Mutex
	heads map[chains.Chain]nodeHead
}

type nodeHead struct {
	height int64
	at     time.Time // when it was named
}

// headAge is how old the last answer of a node may be. Nodes are asked every few seconds.
const headAge = time.Minute

// tell notes the height of the node's head.
func (n *nodeHeads) tell(chain chains.Chain, height int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.heads[chain] = nodeHead{height, n.now()}
}

// of returns how far a store that has blocks up to height is behind; nil: no node is known, or it has not
// answered lately.
func (n *nodeHeads) of(chain chains.Chain, height int64) *int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	head, ok := n.heads[chain]
	if !ok || n.now().Sub(head.at) > headAge {
		return nil
	}
	behind := max(0, head.height-height)
	return &behind
}

// deskChains reads the chains of the store.
type deskChains struct{ st *store.Store }

// Facts implements screen.Chains.
func (k deskChains) Facts(ctx context.Context, chain chains.Chain, asOf int64) (screen.Facts, error) {
	if k.st == nil {
		return nil, fmt.Errorf("there is no store: %w", chains.ErrNotFound)
	}
	v, err := k.st.View(ctx, chain, asOf)
	if err != nil {
		return nil, err
	}
	return v, nil
}
