package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"clew/chains"
)

// keptAccounts is what a Recorder keeps of a chain of accounts. The same facts give the same
// manifest in whatever order they come, so that several passes may record into one.
type keptAccounts struct {
	headers map[int64]keptHeader
	txs     map[Place]TxEntry
	state   map[question]stateAnswer
}

type keptHeader struct {
	ref chains.BlockRef
	raw []byte
}

// keeps reports whether the transaction at a place was recorded.
func (r *Recorder) keeps(p Place) bool {
	_, ok := r.kept.txs[p]
	return ok
}

// holds reports whether the header of a block was recorded.
func (r *Recorder) holds(ref chains.BlockRef) bool {
	return r.kept.headers[ref.Height].ref.Hash == ref.Hash
}

// execHeader keeps the header of b.
func (r *Recorder) execHeader(b *chains.Block) error {
	if have, ok := r.kept.headers[b.Ref.Height]; ok && have.ref.Hash != b.Ref.Hash {
		return fmt.Errorf("record block %d: it was %s and is %s: %w", b.Ref.Height, have.ref.Hash, b.Ref.Hash, chains.ErrReorged)
	}
	raw := b.Header
	if len(raw) == 0 {
		var err error
		if raw, err = json.Marshal(saidHeader{b.Ref.Hash, b.Prev, b.Ref.Time}); err != nil {
			return fmt.Errorf("record block %d: %w", b.Ref.Height, err)
		}
	}
	r.kept.headers[b.Ref.Height] = keptHeader{b.Ref, raw}
	return nil
}

// saidHeader stands, as JSON, in the place of a header of which only the node's word is known,
// since this program does not know all that a header of the chain has.
type saidHeader struct {
	Hash chains.BlockHash `json:"hash"`
	Prev chains.BlockHash `json:"prev"`
	Time int64            `json:"time"` // Unix seconds
}

// exec keeps transaction i of b, with what a TxPicker gives of it.
func (r *Recorder) exec(b *chains.Block, i int) error {
	tx := &b.Txs[i]
	if err := r.execHeader(b); err != nil {
		return err
	}
	e := TxEntry{TxID: tx.ID, Height: b.Ref.Height, Index: tx.Index, System: tx.Coinbase}
	for _, part := range []struct {
		to   *string
		data []byte
	}{{&e.Raw, tx.Raw}, {&e.Receipt, tx.Exec.Receipt}, {&e.Attested, tx.Exec.Attested}} {
		if part.data == nil {
			continue
		}
		var err error
		if *part.to, err = r.objects.put(part.data); err != nil {
			return err
		}
	}
	for _, proof := range []struct {
		to    *[]string
		nodes [][]byte
	}{{&e.TxProof, tx.Exec.TxProof}, {&e.ReceiptProof, tx.Exec.ReceiptProof}} {
		for _, node := range proof.nodes {
			name, err := r.objects.put(node)
			if err != nil {
				return err
			}
			*proof.to = append(*proof.to, name)
		}
	}
	r.kept.txs[Place{Height: e.Height, Index: e.Index}] = e
	return nil
}

// readBy notes what the node was told of contracts.
func (r *Recorder) readBy(node Node) {
	w, told := node.(Wrapper)
	if !told {
		return
	}
	for _, a := range w.Wrapped() {
		r.manifest.Wrapped = append(r.manifest.Wrapped, hex.EncodeToString([]byte(a)))
	}
	slices.Sort(r.manifest.Wrapped)
	r.manifest.Wrapped = slices.Compact(r.manifest.Wrapped)
}

// closeAccounts puts what was kept into the manifest, in the order of the chain.
func (r *Recorder) closeAccounts(asOf chains.BlockRef) error {
	m := &r.manifest
	m.Heights = slices.Sorted(maps.Keys(r.kept.headers))
	if !r.holds(asOf) || m.Heights[len(m.Heights)-1] != asOf.Height {
		return fmt.Errorf("recording: block %s, the last of the trace, was not read to the end of the pass: %w", asOf.Hash, chains.ErrIncomplete)
	}
	m.From, m.To = m.Heights[0], asOf.Height
	for _, h := range m.Heights {
		raw := r.kept.headers[h].raw
		r.headers = append(binary.AppendUvarint(r.headers, uint64(len(raw))), raw...)
	}
	for _, p := range slices.SortedFunc(maps.Keys(r.kept.txs), comparePlaces) {
		m.Txs = append(m.Txs, r.kept.txs[p])
	}
	if len(r.kept.state) == 0 {
		return nil
	}
	answers := slices.SortedFunc(maps.Values(r.kept.state), func(a, b stateAnswer) int { return a.question.compare(b.question) })
	data, err := encodeState(answers)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	m.State, err = r.objects.put(data)
	return err
}

// question is one that a node was asked about accounts.
type question struct {
	What    string `json:"what"`              // balance, kind, token, events, history
	Account string `json:"account,omitempty"` // in hex
	Asset   string `json:"asset,omitempty"`
	Height  int64  `json:"height"` // at the end of this block; of events, the last one
	// Of events and histories:
	Kind  chains.EventKind `json:"kind,omitempty"`
	Query string           `json:"query,omitempty"` // protocol and key, or the SHA-256 of the event like which it is; from when on, and how many at most
}

func (q question) compare(o question) int {
	return cmp.Or(cmp.Compare(q.What, o.What), cmp.Compare(q.Height, o.Height), cmp.Compare(q.Account, o.Account),
		cmp.Compare(q.Asset, o.Asset), cmp.Compare(q.Kind, o.Kind), cmp.Compare(q.Query, o.Query))
}

// stateAnswer is what it said.
type stateAnswer struct {
	question
	Units    *chains.Amount      `json:"units,omitempty"`
	Is       *chains.AccountKind `json:"is,omitempty"`
	Symbol   []byte              `json:"symbol,omitempty"` // any bytes
	Decimals *int                `json:"decimals,omitempty"`
	Places   []Place             `json:"places,omitempty"`
	// Refused is why the node could not say: ErrUnsupported.
	Refused string `json:"refused,omitempty"`
}

func balanceOf(a chains.Address, asset chains.Asset, height int64) question {
	return question{What: "balance", Account: hex.EncodeToString([]byte(a)), Asset: string(asset), Height: height}
}

func kindOf(a chains.Address, height int64) question {
	return question{What: "kind", Account: hex.EncodeToString([]byte(a)), Height: height}
}

func tokenOf(asset chains.Asset, height int64) question {
	return question{What: "token", Asset: string(asset), Height: height}
}

// eventsOf is about a query from the first block on: how far it may be narrowed by time is known to
// the node alone.
func eventsOf(q chains.EventQuery, to int64) question {
	text := fmt.Sprintf("%s %s since %d", q.Protocol, q.Key, q.Since)
	if q.Emitter != "" {
		text += fmt.Sprintf(" of %x most %d", string(q.Emitter), q.Most)
	}
	if l := q.Like; l != nil {
		form := fmt.Sprintf("%d %q %q %x %x %t %d %q %q %x %q %s %q", l.Kind, l.Protocol, l.Name, string(l.Emitter), l.Others,
			l.Registered, l.Index, l.Key, l.Peer, string(l.Account), l.Asset, l.Amount, l.Fields)
		sum := sha256.Sum256([]byte(form))
		text += " like " + hex.EncodeToString(sum[:])
	}
	return question{What: "events", Height: to, Kind: q.Kind, Query: text}
}

// historyOf is about what an account did from a time on, up to a block.
func historyOf(a chains.Address, since, to int64, most int) question {
	return question{What: "history", Account: hex.EncodeToString([]byte(a)), Height: to, Query: fmt.Sprintf("since %d most %d", since, most)}
}

// note keeps an answer, or that there is none to have.
func (r *Recorder) note(a stateAnswer, err error) {
	if errors.Is(err, chains.ErrUnsupported) {
		a = stateAnswer{question: a.question, Refused: err.Error()}
	} else if err != nil {
		return
	}
	r.kept.state[a.question] = a
}

// recordedState keeps what a node says of accounts.
type recordedState struct {
	StateReader
	rec *Recorder
}

// BalanceAt is of StateReader.
func (s recordedState) BalanceAt(ctx context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error) {
	held, err := s.StateReader.BalanceAt(ctx, a, asset, height)
	s.rec.note(stateAnswer{question: balanceOf(a, asset, height), Units: &held}, err)
	return held, err
}

// AccountKind is of StateReader.
func (s recordedState) AccountKind(ctx context.Context, a chains.Address, height int64) (chains.AccountKind, error) {
	kind, err := s.StateReader.AccountKind(ctx, a, height)
	s.rec.note(stateAnswer{question: kindOf(a, height), Is: &kind}, err)
	return kind, err
}

// Token is of StateReader.
func (s recordedState) Token(ctx context.Context, asset chains.Asset, height int64) (chains.Token, error) {
	token, err := s.StateReader.Token(ctx, asset, height)
	s.rec.note(stateAnswer{question: tokenOf(asset, height), Symbol: []byte(token.Symbol), Decimals: &token.Decimals}, err)
	return token, err
}

// noteTxs keeps which transactions answer a question.
func (r *Recorder) noteTxs(q question, found []*chains.Tx, err error) {
	a := stateAnswer{question: q}
	for _, tx := range found {
		a.Places = append(a.Places, Place{Height: tx.Block.Height, Index: tx.Index})
	}
	r.note(a, err)
}
