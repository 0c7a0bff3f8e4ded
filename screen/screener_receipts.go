package screen

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
)

const (
	// mostReceiptTxs is how many transactions of an address are read to find what it was paid, the
	// earliest first; mostReceiptTxsDeep in a deep screening. They are no part of the walk's budget.
	mostReceiptTxs     = 1_000
	mostReceiptTxsDeep = 20_000
	// receiptPage is how many of them are asked for at once.
	receiptPage = 250
)

// open opens the subject's chain as of the block that the state names.
func (w *work) open(ctx context.Context) error {
	f, err := w.s.cfg.Chains.Facts(ctx, w.subject.Chain, w.head.Block.Height)
	switch {
	case errors.Is(err, chains.ErrNotFound), errors.Is(err, chains.ErrIncomplete):
		return fmt.Errorf("%w: block %d of %s is not in the store any more: %w", ErrMoved, w.head.Block.Height, w.subject.Chain, err)
	case err != nil:
		return fmt.Errorf("open %s as of block %d: %w", w.subject.Chain, w.head.Block.Height, err)
	}
	if _, block := f.Covered(); block.Hash != w.head.Block.Hash {
		return errors.Join(fmt.Errorf("%w: block %d of %s is now %s, and was %s", ErrMoved,
			w.head.Block.Height, w.subject.Chain, block.Hash, w.head.Block.Hash), f.Close())
	}
	w.facts = f
	return nil
}

// receive finds what the subject was paid, and what of that came unasked.
func (w *work) receive(ctx context.Context) error {
	if w.subject.Kind == KindAddress {
		return w.receiveAll(ctx)
	}
	tx, err := w.facts.Tx(ctx, w.tx)
	switch {
	case errors.Is(err, chains.ErrNotFound), errors.Is(err, chains.ErrIncomplete):
		return w.missing(ctx)
	case err != nil:
		return fmt.Errorf("transaction %s: %w", w.subject.TxID, err)
	}
	w.read++
	n, err := w.receiveTx(ctx, tx)
	if err == nil && n == 0 {
		w.unpaid = true
		w.absent(w.subject.String(), "the transaction pays nothing there")
	}
	return err
}

// missing falls back to what incidents tell of a transaction that was not read.
func (w *work) missing(ctx context.Context) error {
	if _, err := w.lookup(ctx); err != nil {
		return err
	}
	w.absent("transaction "+w.subject.TxID, "it is not in the blocks that were read")
	w.lookedUp("an incident tells of the places that it traced alone")
	return nil
}

// receiveAll reads the transactions of an address.
func (w *work) receiveAll(ctx context.Context) error {
	most := mostReceiptTxs
	if w.deep {
		most = mostReceiptTxsDeep
	}
	after := BeforeFirst
	for {
		want := min(receiptPage, most+1-w.read)
		page, err := w.facts.AddressTxs(ctx, w.address, after, want)
		if err != nil {
			return fmt.Errorf("transactions of %s: %w", w.subject.Address, err)
		}
		for _, tx := range page {
			if w.read == most {
				w.partial = true
				w.gap(Gap{
					Chain: w.subject.Chain, What: fmt.Sprintf("what the address was paid from block %d on", tx.Block.Height),
					Why:    fmt.Sprintf("it has more than %d transactions, and no more are read", most),
					Effect: "value and shares are of what came before",
				})
				return nil
			}
			w.read++
			if _, err := w.receiveTx(ctx, tx); err != nil {
				return err
			}
			after = chains.Place{Height: tx.Block.Height, Index: tx.Index}
		}
		if len(page) < want {
			return nil
		}
	}
}

// receiveTx adds what a transaction pays the subject, and returns how many places that are.
func (w *work) receiveTx(ctx context.Context, tx *chains.Tx) (int, error) {
	if w.subject.Chain.Info().Family == chains.FamilyBitcoin {
		return w.receiveOutputs(tx), nil
	}
	walk := w.walking()
	all, err := walk.arrivals(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("what %s pays: %w", formatTxID(w.subject.Chain, tx.ID), err)
	}
	found := 0
	for _, a := range all {
		if w.address != "" && w.address != a.account || w.subject.Asset != "" && w.subject.Asset != a.asset {
			continue
		}
		found++
		r := receipt{
			place: Place{Chain: w.subject.Chain, Tx: tx.ID, Account: a.account, Asset: a.asset},
			owner: a.account, address: w.s.cfg.Codec.FormatAddress(w.subject.Chain, a.account), tx: tx, units: a.units, time: tx.Block.Time,
		}
		why, err := w.forged(ctx, &r)
		if err != nil {
			return 0, err
		}
		if why != "" {
			w.untrue = append(w.untrue, smallReceipt{r, small{why: why}})
			continue
		}
		w.take(r, w.smallArrival(&r))
	}
	return found, nil
}

// receiveOutputs adds the outputs of a transaction that are the subject's.
func (w *work) receiveOutputs(tx *chains.Tx) int {
	found := 0
	for i := range tx.Outputs {
		out := &tx.Outputs[i]
		switch {
		case out.Value == 0, w.subject.Kind == KindOutput && uint32(i) != *w.subject.Vout,
			w.address != "" && w.address != out.Address:
			continue
		}
		if w.subject.Kind == KindAddress && spends(tx, w.address) && w.isChange(tx, uint32(i)) {
			continue
		}
		found++
		r := receipt{
			place: Place{Chain: w.subject.Chain, Tx: tx.ID, Vout: uint32(i), Asset: chains.Native},
			owner: out.Address, tx: tx, units: chains.Units(out.Value), time: tx.Block.Time,
		}
		if out.Address != "" {
			r.address = w.s.cfg.Codec.FormatAddress(w.subject.Chain, out.Address)
		}
		w.take(r, w.smallOutput(&r))
	}
	return found
}

// isChange reports whether an output of a transaction to which the address gives is its own money alone:
// nobody else gives to it, and no incident begins there. Where others give too, the walk tells what came
// back of its own (see takeBack), but for what incidents trace to the output: that counts whole, and so
// may count again; it is never less than came. A walk forward takes all of it for paid once more.
func (w *work) isChange(tx *chains.Tx, vout uint32) bool {
	for i := range tx.Inputs {
		if in := &tx.Inputs[i]; !in.Known || in.Spent.Address != w.address {
			if w.subject.Direction == Destination {
				w.gap(Gap{
					Chain: w.subject.Chain, TxID: formatTxID(w.subject.Chain, tx.ID), What: "what the address was paid where it gave something itself",
					Why: "others gave too, and what is its own is told apart on the way back alone", Effect: "its own part is counted again in value and shares",
				})
			}
			return false
		}
	}
	for _, h := range w.s.cfg.Index.At(Place{Chain: w.subject.Chain, Tx: tx.ID, Vout: vout, Asset: chains.Native}) {
		if h.Hops == 0 {
			return false
		}
	}
	return true
}

// spends reports whether an address gives to a transaction.
func spends(tx *chains.Tx, a chains.Address) bool {
	for i := range tx.Inputs {
		if in := &tx.Inputs[i]; in.Known && in.Spent.Address == a {
			return true
		}
	}
	return false
}

// take adds a receipt with what incidents trace to it, to the small ones where it is.
func (w *work) take(r receipt, s small) {
	r.met = len(w.receipts) + len(w.small)
	for _, h := range w.s.cfg.Index.At(r.place) {
		if !w.passed(&h) && !w.stale(&h) {
			r.hits = append(r.hits, h)
		}
	}
	for _, h := range w.s.cfg.Index.Contacts(r.place) {
		if h.Unsaid && !w.stale(&h) {
			w.names(h.Incident)
			w.gap(Gap{
				Chain: r.place.Chain, TxID: formatTxID(r.place.Chain, r.place.Tx), What: "how much of incident " + h.Incident.ID + " came here",
				Why: "stolen value does, and no rule says how much: values of inputs are not known, or somebody valued it", Effect: "it counts as unknown",
			})
		}
	}
	if s.why != "" {
		w.small = append(w.small, smallReceipt{r, s})
		return
	}
	w.receipts = append(w.receipts, r)
}

// assetOf is the asset that an amount of the subject without a receipt is told in.
func (w *work) assetOf() chains.Asset {
	if w.subject.Asset != "" {
		return w.subject.Asset
	}
	return chains.Native
}
