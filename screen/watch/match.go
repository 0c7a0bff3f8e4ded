package watch

import (
	"slices"

	"clew/chains"
	"clew/screen"
	"clew/store/journal"
)

// What a transaction does to a watched place.
const (
	Moved    = "moved"
	Received = "received"
)

// mostParties is how many of those who pay, or are paid, an event names.
const mostParties = 50

// Party is one who pays or is paid.
type Party struct {
	Address  string        `json:"address,omitempty"` // "" where the chain names none
	Outpoint string        `json:"outpoint,omitempty"`
	Asset    chains.Asset  `json:"asset"`
	Units    chains.Amount `json:"units"`
}

// Value is a sum of one asset, in its smallest units: of the chain's own coin, 10 to the power of
// Decimals are one. Of tokens, the chain does not say it.
type Value struct {
	Asset    chains.Asset  `json:"asset"`
	Units    chains.Amount `json:"units"`
	Symbol   string        `json:"symbol,omitempty"`
	Decimals int           `json:"decimals,omitempty"`
}

// places are the watched places of one chain, by what a transaction shows of them.
type places struct {
	addresses map[chains.Address][]*journal.Watch
	outputs   map[chains.OutPoint][]*journal.Watch
}

// add takes a watch in. What is no address, or no transaction, of its chain is an error.
func (p *places) add(w *journal.Watch, codec screen.Codec) error {
	if w.Address == "" {
		id, err := parseTx(w.TxID)
		if err != nil {
			return err
		}
		o := chains.OutPoint{Tx: id, Index: w.Vout}
		p.outputs[o] = append(p.outputs[o], w)
		return nil
	}
	a, err := codec.ParseAddress(chains.Chain(w.Chain), w.Address)
	if err != nil {
		return err
	}
	p.addresses[a] = append(p.addresses[a], w)
	return nil
}

// touched returns the watches of which a transaction touches the place, each once, in a fixed order.
func (p *places) touched(tx *chains.Tx) []*journal.Watch {
	var found []*journal.Watch
	seen := map[chains.Address]bool{}
	address := func(a chains.Address) {
		if ws := p.addresses[a]; len(ws) > 0 && !seen[a] {
			seen[a] = true
			found = append(found, ws...)
		}
	}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		found = append(found, p.outputs[in.Prev]...)
		if in.Known {
			address(in.Spent.Address)
		}
	}
	for i := range tx.Outputs {
		address(tx.Outputs[i].Address)
	}
	if tx.Exec != nil {
		for i := range tx.Exec.Moves {
			address(tx.Exec.Moves[i].From)
			address(tx.Exec.Moves[i].To)
		}
	}
	return found
}

// found is what a transaction does to one watched place.
type found struct {
	watch    *journal.Watch
	tx       *chains.Tx
	kind     string
	value    []Value
	from, to []Party
	moreFrom int // beyond mostParties
	moreTo   int
}

// look returns what a transaction does to the place of a watch: nothing, one, or on a chain of accounts
// two things. What an address pays itself back is no receipt.
func look(w *journal.Watch, tx *chains.Tx, codec screen.Codec) ([]*found, error) {
	f := &found{watch: w, tx: tx}
	if w.Address == "" {
		id, err := parseTx(w.TxID)
		if err != nil {
			return nil, err
		}
		point := chains.OutPoint{Tx: id, Index: w.Vout}
		f.spends(codec, func(in *chains.Input) bool { return in.Prev == point })
		return f.result(codec), nil
	}
	a, err := codec.ParseAddress(chains.Chain(w.Chain), w.Address)
	if err != nil {
		return nil, err
	}
	if tx.Exec != nil {
		in := &found{watch: w, tx: tx}
		f.moves(codec, Moved, func(m *chains.Move) bool { return m.From == a })
		in.moves(codec, Received, func(m *chains.Move) bool { return m.To == a && m.From != a })
		return append(f.result(codec), in.result(codec)...), nil
	}
	f.spends(codec, func(in *chains.Input) bool { return in.Known && in.Spent.Address == a })
	if f.kind == "" {
		f.pays(codec, a)
	}
	return f.result(codec), nil
}

// result returns f with its other side; nothing where it moves nothing.
func (f *found) result(codec screen.Codec) []*found {
	if f.kind == "" {
		return nil
	}
	if f.tx.Exec == nil {
		f.others(codec)
	}
	f.from, f.moreFrom = cut(f.from)
	f.to, f.moreTo = cut(f.to)
	return []*found{f}
}

// cut bounds a list.
func cut(all []Party) ([]Party, int) {
	if len(all) <= mostParties {
		return all, 0
	}
	return slices.Clone(all[:mostParties]), len(all) - mostParties
}

func (f *found) sum(asset chains.Asset, units chains.Amount) {
	for i := range f.value {
		if f.value[i].Asset == asset {
			sum, err := f.value[i].Units.Add(units)
			if err != nil { // a token may claim any amounts: the sum is then more than there can be
				sum = chains.Max(f.value[i].Units, units)
			}
			f.value[i].Units = sum
			return
		}
	}
	v := Value{Asset: asset, Units: units}
	if asset == chains.Native {
		in := chains.Chain(f.watch.Chain).Info()
		v.Symbol, v.Decimals = in.Symbol, in.Decimals
	}
	f.value = append(f.value, v)
}

// spends notes the inputs that are the place's.
func (f *found) spends(codec screen.Codec, is func(*chains.Input) bool) {
	for i := range f.tx.Inputs {
		in := &f.tx.Inputs[i]
		if !is(in) {
			continue
		}
		f.kind = Moved
		f.from = append(f.from, f.input(codec, in))
		if in.Known {
			f.sum(chains.Native, chains.Units(in.Spent.Value))
		}
	}
}

func (f *found) input(codec screen.Codec, in *chains.Input) Party {
	p := Party{Outpoint: in.Prev.String(), Asset: chains.Native}
	if in.Known {
		p.Address, p.Units = f.format(codec, in.Spent.Address), chains.Units(in.Spent.Value)
	}
	return p
}

func (f *found) format(codec screen.Codec, a chains.Address) string {
	if a == "" {
		return ""
	}
	return codec.FormatAddress(chains.Chain(f.watch.Chain), a)
}

// pays notes the outputs that pay the place.
func (f *found) pays(codec screen.Codec, a chains.Address) {
	for i := range f.tx.Outputs {
		if out := &f.tx.Outputs[i]; out.Address == a {
			f.kind = Received
			f.to = append(f.to, f.output(codec, i))
			f.sum(chains.Native, chains.Units(out.Value))
		}
	}
}

func (f *found) output(codec screen.Codec, i int) Party {
	out := &f.tx.Outputs[i]
	return Party{
		Address: f.format(codec, out.Address), Outpoint: chains.OutPoint{Tx: f.tx.ID, Index: uint32(i)}.String(),
		Asset: chains.Native, Units: chains.Units(out.Value),
	}
}

// others names the other side of a transaction between outputs: nothing in it says who paid whom.
func (f *found) others(codec screen.Codec) {
	if f.kind == Moved {
		for i := range f.tx.Outputs {
			f.to = append(f.to, f.output(codec, i))
		}
		return
	}
	for i := range f.tx.Inputs {
		f.from = append(f.from, f.input(codec, &f.tx.Inputs[i]))
	}
}

// moves notes the movements of accounts that are the place's. The fee of its transactions is one: it
// leaves too, to nobody.
func (f *found) moves(codec screen.Codec, kind string, is func(*chains.Move) bool) {
	for i := range f.tx.Exec.Moves {
		m := &f.tx.Exec.Moves[i]
		if !is(m) {
			continue
		}
		f.kind = kind
		f.sum(m.Asset, m.Amount)
		f.from = append(f.from, Party{Address: f.format(codec, m.From), Asset: m.Asset, Units: m.Amount})
		f.to = append(f.to, Party{Address: f.format(codec, m.To), Asset: m.Asset, Units: m.Amount})
	}
}
