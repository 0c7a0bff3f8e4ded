package ingest

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
	"clew/strict"
)

// What an object of a chain of accounts can have at most, in bytes.
const (
	maxExecHeader = 100_000    // a header has some 600; chains with votes in it some thousands
	maxExecTx     = 4_000_000  // a transaction in a block of the largest gas limits
	maxReceipt    = 64_000_000 // logs cost 8 gas a byte
	maxAttested   = 256_000_000
	maxProof      = 64 // nodes from the root down: a key has at most 8 nibbles in practice
)

// keptFacts is what a recording of a chain of accounts holds.
type keptFacts struct {
	txs   []chains.Tx // in the order of the chain, decoded and checked
	state map[question]stateAnswer
}

func (r *Recording) openAccounts(ctx context.Context) error {
	if err := r.readExecHeaders(); err != nil {
		return err
	}
	if len(r.Wrapped()) != len(r.Manifest.Wrapped) {
		return fmt.Errorf("wrapped: %q: want hex digits: %w", r.Manifest.Wrapped, chains.ErrBadAnswer)
	}
	for i := range r.Manifest.Txs {
		if err := ctx.Err(); err != nil {
			return err
		}
		e := &r.Manifest.Txs[i]
		tx, err := r.readExec(e)
		if err != nil {
			return fmt.Errorf("recorded transaction %s: %w", e.TxID, err)
		}
		if i > 0 && !r.kept.txs[i-1].Before(&tx) {
			return fmt.Errorf("transaction %s is not in the order of the chain: %w", e.TxID, chains.ErrBadAnswer)
		}
		r.kept.txs = append(r.kept.txs, tx)
		r.byID[tx.ID] = at{e.Height, e.Index}
	}
	return r.readState()
}

// readExecHeaders checks that the headers are those of the manifest's heights, as far as they
// follow each other, and lead from From to the pinned block.
func (r *Recording) readExecHeaders() error {
	m := &r.Manifest
	n := len(m.Heights)
	if n == 0 || m.Heights[0] != m.From || m.Heights[n-1] != m.To || m.To != m.AsOf.Height || n > maxHeaders {
		return fmt.Errorf("headers of %d blocks from %d to %d, as of block %d: %w", n, m.From, m.To, m.AsOf.Height, chains.ErrBadAnswer)
	}
	data, err := r.object(m.Headers, uint64(n)*maxExecHeader)
	if err != nil {
		return err
	}
	if r.raws, err = framed(data, n); err != nil {
		return fmt.Errorf("headers of %d blocks: %w", n, err)
	}
	for i, raw := range r.raws {
		h, err := r.execHeader(raw)
		if err != nil {
			return fmt.Errorf("header of block %d: %w: %w", m.Heights[i], chains.ErrBadAnswer, err)
		}
		if raw[0] == '{' {
			r.raws[i] = nil
		}
		if i > 0 && m.Heights[i] <= m.Heights[i-1] {
			return fmt.Errorf("block %d stands behind block %d: %w", m.Heights[i], m.Heights[i-1], chains.ErrBadAnswer)
		}
		if i > 0 && (m.Heights[i] == m.Heights[i-1]+1 && h.Prev != r.headers[i-1].Hash || h.Time < r.headers[i-1].Time) {
			return fmt.Errorf("block %d does not follow the one before: %w", m.Heights[i], chains.ErrBadAnswer)
		}
		r.headers = append(r.headers, h)
	}
	if last := r.headers[n-1]; last.Hash != m.AsOf.Hash || last.Time != m.AsOf.Time {
		return fmt.Errorf("the header of the pinned block is that of %s at %d, not of %s at %d: %w",
			last.Hash, last.Time, m.AsOf.Hash, m.AsOf.Time, chains.ErrBadAnswer)
	}
	return nil
}

// execHeader reads the bytes of a header or, where they are not known, what was said of it.
func (r *Recording) execHeader(raw []byte) (h chains.Header, err error) {
	if len(raw) == 0 {
		return h, errors.New("it is empty")
	}
	if raw[0] != '{' {
		return r.exec.DecodeHeader(r.Manifest.Chain, raw)
	}
	var said saidHeader
	err = strict.JSON(raw, &said)
	return chains.Header{Hash: said.Hash, Prev: said.Prev, Time: said.Time}, err
}

// readExec reads a transaction and has it checked.
func (r *Recording) readExec(e *TxEntry) (tx chains.Tx, err error) {
	i, ok := slices.BinarySearch(r.Manifest.Heights, e.Height)
	if !ok || e.Index < 0 || e.Order != nil || len(e.Branch) > 0 || e.Spent != "" || len(e.Previous) > 0 {
		return tx, fmt.Errorf("place %d of block %d: no header, or what no chain of accounts has: %w", e.Index, e.Height, chains.ErrBadAnswer)
	}
	h := r.headers[i]
	ref := chains.BlockRef{Height: e.Height, Hash: h.Hash, Time: h.Time}
	kept := chains.Tx{ID: e.TxID, Block: ref, Index: e.Index, Coinbase: e.System, Exec: new(chains.Execution)}
	for _, part := range []struct {
		to    *[]byte
		name  string
		limit uint64
	}{{&kept.Raw, e.Raw, maxExecTx}, {&kept.Exec.Receipt, e.Receipt, maxReceipt}, {&kept.Exec.Attested, e.Attested, maxAttested}} {
		if part.name == "" {
			continue
		}
		if *part.to, err = r.object(part.name, part.limit); err != nil {
			return tx, err
		}
	}
	for _, proof := range []struct {
		to    *[][]byte
		names []string
	}{{&kept.Exec.TxProof, e.TxProof}, {&kept.Exec.ReceiptProof, e.ReceiptProof}} {
		if len(proof.names) > maxProof {
			return tx, fmt.Errorf("a proof of %d nodes: %w", len(proof.names), chains.ErrBadAnswer)
		}
		for _, name := range proof.names {
			node, err := r.object(name, maxReceipt)
			if err != nil {
				return tx, err
			}
			*proof.to = append(*proof.to, node)
		}
	}
	if tx, err = r.exec.DecodeExec(r.Manifest.Chain, r.Wrapped(), r.raws[i], &kept); err != nil {
		return tx, err
	}
	if tx.ID != e.TxID || tx.Index != e.Index || tx.Block != ref || tx.Exec == nil {
		return tx, fmt.Errorf("it is %s at %d of block %s: %w", tx.ID, tx.Index, tx.Block.Hash, chains.ErrBadAnswer)
	}
	return tx, nil
}

// Wrapped is of Wrapper.
func (r *Recording) Wrapped() []chains.Address {
	list := make([]chains.Address, 0, len(r.Manifest.Wrapped))
	for _, text := range r.Manifest.Wrapped {
		if a, err := hex.DecodeString(text); err == nil { // as openAccounts has seen
			list = append(list, chains.Address(a))
		}
	}
	return list
}

// maxState bounds what the node said of accounts, in bytes.
const maxState = 256_000_000

// encodeState writes what the node said of accounts.
func encodeState(answers []stateAnswer) ([]byte, error) {
	data, err := json.MarshalIndent(answers, "", " ")
	if err != nil {
		return nil, fmt.Errorf("what the node said of accounts: %w", err)
	}
	return append(data, '\n'), nil
}

func (r *Recording) readState() error {
	r.kept.state = map[question]stateAnswer{}
	if r.Manifest.State == "" {
		return nil
	}
	data, err := r.object(r.Manifest.State, maxState)
	if err != nil {
		return err
	}
	var answers []stateAnswer
	err = json.Unmarshal(data, &answers)
	again, fault := encodeState(answers)
	if err = errors.Join(err, fault); err == nil && !bytes.Equal(again, data) {
		err = errors.New("it is not in the one form that it may have (docs/format.md)")
	}
	if err != nil {
		return fmt.Errorf("what the node said of accounts: %w: %w", chains.ErrBadAnswer, err)
	}
	for _, a := range answers {
		said := a.Refused != "" || a.What == "balance" && a.Units != nil || a.What == "kind" && a.Is != nil ||
			a.What == "token" && a.Decimals != nil || a.What == "events" || a.What == "history"
		if _, twice := r.kept.state[a.question]; twice || !said || a.Height > r.Manifest.AsOf.Height {
			return fmt.Errorf("what the node said of a %s at block %d is said twice, not at all, or of later: %w", a.What, a.Height, chains.ErrBadAnswer)
		}
		for _, p := range a.Places {
			if i := r.firstKept(p); i == len(r.kept.txs) || r.kept.txs[i].Block.Height != p.Height || r.kept.txs[i].Index != p.Index {
				return fmt.Errorf("an event at %d of block %d, which is not held: %w", p.Index, p.Height, chains.ErrBadAnswer)
			}
		}
		r.kept.state[a.question] = a
	}
	return nil
}

// refused is ErrUnsupported in the words of the node that was recorded.
type refused struct{ text string }

// Error returns the words.
func (e refused) Error() string { return e.text }

// Is makes it ErrUnsupported for errors.Is.
func (e refused) Is(target error) bool { return target == chains.ErrUnsupported }

// said returns what the node said.
func (r *Recording) said(q question) (stateAnswer, error) {
	if !r.ofAccounts() {
		return stateAnswer{}, fmt.Errorf("what accounts hold and are: %w of %s", chains.ErrUnsupported, r.Manifest.Chain)
	}
	a, ok := r.kept.state[q]
	switch {
	case !ok:
		return a, fmt.Errorf("%s %s %s at block %d: whoever recorded did not ask for it: %w", q.What, q.Account, q.Asset, q.Height, chains.ErrIncomplete)
	case a.Refused != "":
		return a, refused{a.Refused}
	}
	return a, nil
}

// BalanceAt is of StateReader.
func (r *Recording) BalanceAt(_ context.Context, a chains.Address, asset chains.Asset, height int64) (held chains.Amount, err error) {
	said, err := r.said(balanceOf(a, asset, height))
	if err != nil {
		return held, err
	}
	return *said.Units, nil
}

// AccountKind is of StateReader.
func (r *Recording) AccountKind(_ context.Context, a chains.Address, height int64) (chains.AccountKind, error) {
	said, err := r.said(kindOf(a, height))
	if err != nil {
		return chains.AccountUnknown, err
	}
	return *said.Is, nil
}

// Token is of StateReader.
func (r *Recording) Token(_ context.Context, asset chains.Asset, height int64) (chains.Token, error) {
	said, err := r.said(tokenOf(asset, height))
	if err != nil {
		return chains.Token{}, err
	}
	return chains.Token{Asset: asset, Symbol: string(said.Symbol), Decimals: *said.Decimals}, nil
}

// FindEvents is of EventSearcher.
func (r *Recording) FindEvents(_ context.Context, q chains.EventQuery, span Span) ([]Place, error) {
	said, err := r.said(eventsOf(q, span.To))
	return said.Places, err
}

// history returns what whoever recorded found that an account did.
func (r *Recording) history(a chains.Address, since, to int64, most int) ([]Place, error) {
	said, err := r.said(historyOf(a, since, to, most))
	return said.Places, err
}

// Touching is of Index: of the transactions that it holds.
func (r *Recording) Touching(_ context.Context, addrs []chains.Address, span Span) (places []Place, to int64, err error) {
	if !r.ofAccounts() {
		return nil, 0, fmt.Errorf("an index of accounts: %w of %s", chains.ErrUnsupported, r.Manifest.Chain)
	}
	asked := make(map[chains.Address]bool, len(addrs))
	for _, a := range addrs {
		asked[a] = true
	}
	for i := r.firstKept(Place{Height: span.From}); i < len(r.kept.txs) && r.kept.txs[i].Block.Height <= span.To; i++ {
		tx := &r.kept.txs[i]
		if asked[tx.Exec.Sender] || slices.ContainsFunc(tx.Exec.Moves, func(m chains.Move) bool { return asked[m.From] || asked[m.To] }) {
			places = append(places, Place{Height: tx.Block.Height, Index: tx.Index})
		}
	}
	return places, span.To, nil
}

// PlaceOf is of TxPicker.
func (r *Recording) PlaceOf(_ context.Context, id chains.TxID) (Place, error) {
	where, ok := r.byID[id]
	if !ok {
		return Place{}, fmt.Errorf("transaction %s: the recording (%s, blocks %d to %d) does not hold it: %w",
			id, r.Manifest.Coverage, r.Manifest.From, r.Manifest.To, chains.ErrNotFound)
	}
	return Place{Height: where.height, Index: where.index}, nil
}

// BlockTxs is of TxPicker.
func (r *Recording) BlockTxs(_ context.Context, height int64, indices []int) (*chains.Block, error) {
	if !r.ofAccounts() {
		return nil, fmt.Errorf("some transactions of a block: %w of %s", chains.ErrUnsupported, r.Manifest.Chain)
	}
	return r.keptBlock(height, indices)
}

// keptBlock returns the transactions of a block at indices, or where that is nil all that it holds.
func (r *Recording) keptBlock(height int64, indices []int) (*chains.Block, error) {
	i, ok := r.headerAt(height)
	if !ok {
		return nil, fmt.Errorf("block %d: the recording holds the blocks that were touched, and it was not: %w", height, chains.ErrIncomplete)
	}
	h := r.headers[i]
	b := &chains.Block{Ref: chains.BlockRef{Height: height, Hash: h.Hash, Time: h.Time}, Prev: h.Prev, Header: r.raws[i], Partial: true}
	for n := r.firstKept(Place{Height: height}); n < len(r.kept.txs) && r.kept.txs[n].Block.Height == height; n++ {
		b.Paid = append(b.Paid, paidIn(r.kept.txs[n].Exec)...)
		if tx := &r.kept.txs[n]; indices == nil || slices.Contains(indices, tx.Index) {
			b.Txs = append(b.Txs, tx.Clone())
		}
	}
	if indices != nil && len(b.Txs) != len(indices) {
		return nil, fmt.Errorf("%d transactions of block %d: the recording holds %d of them: %w", len(indices), height, len(b.Txs), chains.ErrIncomplete)
	}
	return b, nil
}

// firstKept returns the index of the first transaction at or behind a place.
func (r *Recording) firstKept(p Place) int {
	i, _ := slices.BinarySearchFunc(r.kept.txs, p, func(tx chains.Tx, p Place) int {
		return comparePlaces(Place{Height: tx.Block.Height, Index: tx.Index}, p)
	})
	return i
}

// heightAt returns the highest block held below which all blocks are earlier than unix.
func (r *Recording) heightAt(unix int64) int64 {
	for i, h := range slices.Backward(r.headers) {
		if h.Time < unix {
			return r.Manifest.Heights[i]
		}
	}
	return r.Manifest.From
}
