package evm

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"clew/chains"
)

//go:embed tables
var tableFiles embed.FS

// eventRow is one row of tables/events.json: what a log of one shape says. Values are named by
// expressions (expression): a parameter of the event, AS.NAME of a log beside it, @emitter,
// @chain, @tx, or what the derivation of the row adds.
type eventRow struct {
	Protocol string `json:"protocol"`
	Kind     string `json:"kind"`  // a word of eventKinds
	Event    string `json:"event"` // the declaration of the ABI
	// Key are the parts of the key, joined by slashes in the event.
	Key     []string `json:"key"`
	Peer    string   `json:"peer"`
	Account string   `json:"account"`
	Asset   string   `json:"asset"`
	Amount  string   `json:"amount"`
	Fields  []string `json:"fields"` // NAME=EXPRESSION, or an expression that is its own name
	// Needs are expressions that must have a value equal to what stands behind "=".
	Needs []string  `json:"needs"`
	With  []withRow `json:"with"`
	// Trust are addresses which the message must come from, besides the emitters.
	Trust []string `json:"trust"`
	// Derive is a function of derivations, for what expressions cannot say.
	Derive string `json:"derive"`

	event  signature
	kind   chains.EventKind
	exprs  map[string]expression
	key    []expression
	trust  []expression
	fields []namedExpression
	needs  []namedExpression
	derive func(*scope) error
}

// withRow is a log that stands beside the main one.
type withRow struct {
	Event    string   `json:"event"`
	As       string   `json:"as"`
	Before   bool     `json:"before"`
	Optional bool     `json:"optional"`
	Same     []string `json:"same"` // EXPRESSION=EXPRESSION, which must agree

	event signature
	same  [][2]expression
}

type namedExpression struct {
	name string
	expr expression
}

var eventKinds = map[string]chains.EventKind{
	"out": chains.EventBridgeOut, "in": chains.EventBridgeIn,
	"mixer-in": chains.EventMixerIn, "mixer-out": chains.EventMixerOut,
	"owner": chains.EventOwner, "pool": chains.EventPool, "fee": chains.EventFee,
}

// eventTables are the embedded tables, read once.
type eventTables struct {
	list    []*eventRow
	rows    map[[32]byte][]*eventRow // by topic 0
	own     map[ownKey]map[chains.Address]bool
	places  map[placeKey]place
	domains map[string]map[string]chains.Chain // protocol, number in decimal
	numbers map[ownKey]string
	pools   map[placeKey]Pool
}

// ownKey is a protocol on a chain.
type ownKey struct {
	protocol string
	chain    chains.Chain
}

// tables returns the embedded tables. They are part of the program: tests read every row, so
// what does not parse never leaves the house.
var tables = sync.OnceValue(func() *eventTables {
	t, err := readTables()
	if err != nil {
		panic(fmt.Sprintf("embedded tables of events: %v", err))
	}
	return t
})

// readTables reads every embedded table.
func readTables() (*eventTables, error) {
	t := &eventTables{rows: map[[32]byte][]*eventRow{}, own: map[ownKey]map[chains.Address]bool{}}
	return t, errors.Join(t.readContracts(), t.readPools(), t.readDomains(), t.readRows())
}

// readRows reads tables/events.json.
func (t *eventTables) readRows() error {
	text, err := tableFiles.ReadFile("tables/events.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &t.list); err != nil {
		return fmt.Errorf("tables/events.json: %w", err)
	}
	for _, row := range t.list {
		if err := row.prepare(); err != nil {
			return fmt.Errorf("tables/events.json: %s %s: %w", row.Protocol, row.Event, err)
		}
		t.rows[row.event.topic] = append(t.rows[row.event.topic], row)
	}
	return nil
}

// prepare parses what a row says.
func (row *eventRow) prepare() error {
	var err error
	var ok bool
	if row.event, err = parseSignature(row.Event); err != nil {
		return err
	}
	if row.kind, ok = eventKinds[row.Kind]; !ok {
		return fmt.Errorf("kind %q is not known", row.Kind)
	}
	if row.derive, ok = derivations[row.Derive]; !ok && row.Derive != "" {
		return fmt.Errorf("derivation %q is not known", row.Derive)
	}
	row.exprs = map[string]expression{}
	for name, text := range map[string]string{"peer": row.Peer, "account": row.Account, "asset": row.Asset, "amount": row.Amount} {
		if text == "" {
			continue
		}
		if row.exprs[name], err = parseExpression(text); err != nil {
			return err
		}
	}
	if row.key, err = parseExpressions(row.Key); err != nil {
		return err
	}
	if row.trust, err = parseExpressions(row.Trust); err != nil {
		return err
	}
	if row.fields, err = parseNamed(row.Fields); err != nil {
		return err
	}
	for _, text := range row.Needs {
		expr, want, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("%q: want EXPRESSION=TEXT", text)
		}
		e, err := parseExpression(expr)
		if err != nil {
			return err
		}
		row.needs = append(row.needs, namedExpression{want, e})
	}
	for i := range row.With {
		if err := row.With[i].prepare(); err != nil {
			return err
		}
	}
	return nil
}

// prepare parses what the row says of a log beside.
func (w *withRow) prepare() error {
	var err error
	if w.event, err = parseSignature(w.Event); err != nil {
		return err
	}
	for _, text := range w.Same {
		left, right, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("%q: want EXPRESSION=EXPRESSION", text)
		}
		both, err := parseExpressions([]string{left, right})
		if err != nil {
			return err
		}
		w.same = append(w.same, [2]expression(both))
	}
	return nil
}

func parseExpressions(texts []string) ([]expression, error) {
	out := make([]expression, len(texts))
	for i, text := range texts {
		var err error
		if out[i], err = parseExpression(text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// parseNamed reads NAME=EXPRESSION, or NAME alone for the parameter of that name.
func parseNamed(texts []string) ([]namedExpression, error) {
	out := make([]namedExpression, len(texts))
	for i, text := range texts {
		name, expr, ok := strings.Cut(text, "=")
		if !ok {
			expr = name
		}
		e, err := parseExpression(expr)
		if err != nil {
			return nil, err
		}
		out[i] = namedExpression{name, e}
	}
	return out, nil
}

// fill makes the event out of the values of its logs. Not ok: what the row needs is not so, or
// the key has a part without a value.
func (row *eventRow) fill(s *scope) (chains.Event, bool) {
	e := chains.Event{Kind: row.kind, Protocol: row.Protocol, Name: row.event.name}
	for _, need := range row.needs {
		if v, ok := need.expr.eval(s); !ok || v.text() != need.name {
			return e, false
		}
	}
	parts := make([]string, len(row.key))
	for i, expr := range row.key {
		v, ok := expr.eval(s)
		if !ok {
			return e, false
		}
		parts[i] = v.text()
	}
	e.Key = strings.Join(parts, "/")
	if expr, ok := row.exprs["peer"]; ok {
		if v, ok := expr.eval(s); ok {
			e.Peer = s.chain(v)
		}
	}
	if expr, ok := row.exprs["account"]; ok {
		if v, ok := expr.eval(s); ok {
			e.Account = v.account()
		}
	}
	if expr, ok := row.exprs["asset"]; ok {
		if v, ok := expr.eval(s); ok {
			e.Asset = v.asset()
		}
	}
	if expr, ok := row.exprs["amount"]; ok {
		if v, ok := expr.eval(s); ok && len(v.bytes) <= 32 {
			if amount, err := chains.BytesAmount(v.bytes); err == nil {
				e.Amount = amount
			}
		}
	}
	for _, f := range row.fields {
		if v, ok := f.expr.eval(s); ok {
			e.Fields = append(e.Fields, chains.Field{Name: f.name, Value: v.text()})
		}
	}
	s.sides(&e)
	return e, true
}

// sides adds the chains of both sides of a bridge to the fields that must agree.
func (s *scope) sides(e *chains.Event) {
	from, to := s.at.Chain, e.Peer
	switch e.Kind {
	case chains.EventBridgeOut:
	case chains.EventBridgeIn:
		from, to = to, from
	default:
		return
	}
	for _, f := range []chains.Field{{Name: "chain.from", Value: string(from)}, {Name: "chain.to", Value: string(to)}} {
		if f.Value != "" {
			e.Fields = append(e.Fields, f)
		}
	}
}
