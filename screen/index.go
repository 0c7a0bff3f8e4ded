package screen

import (
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// Index answers which incidents trace something to a place, an address or a transaction: one lookup,
// however many incidents are loaded. It is immutable and safe for concurrent use; With, Without and
// Stale return another one, which shares what did not change. Every answer is in order of the
// incidents' ids, and within one in chain order.
//
// Fees are no places: nobody can ask for one. What a hop gives to a pool, a bridge or a mixer is a
// place of theirs, and Hit.Kind says so.
type Index struct {
	codec Codec
	seed  maphash.Seed
	slots []indexSlot      // by number; a free one has no trace
	byID  map[string]int32 // numbers of incidents
	runs  []*run           // the largest first; each at least twice as large as the one behind it
	// assets is what tokens claim of themselves, by the first incident that knows.
	assets map[chainAsset]tracer.AssetInfo
}

type chainAsset struct {
	chain chains.Chain
	asset chains.Asset
}

type indexSlot struct {
	*traced
	about *Loaded
}

// ErrNotLoaded: an incident is asked for that the index does not have.
var ErrNotLoaded = errors.New("the incident is not loaded")

// NewIndex returns an index without incidents. The codec reads the addresses of their traces.
func NewIndex(codec Codec) *Index {
	return &Index{codec: codec, seed: maphash.MakeSeed(), byID: map[string]int32{}}
}

// With returns an index that knows one incident more, or another trace of one that it knows. What
// the trace says of itself is added to about. Afterwards the trace is no longer needed. The error
// says what of the trace cannot be read.
func (x *Index) With(t *tracer.Trace, about Loaded) (*Index, error) {
	if about.ID == "" {
		return nil, errors.New("an incident needs an id to be loaded")
	}
	columns, err := readTraced(t, x.codec)
	if err != nil {
		return nil, fmt.Errorf("incident %s: its trace: %w", about.ID, err)
	}
	about.Accounts, about.AsOf, about.Notes = t.Incident.Accounts, slices.Clone(t.AsOf), traceNotes(t)
	about.Assets, about.Tops = slices.Clone(t.Assets), Tops(t)
	about.declared(t)
	y := x.copied(about.ID)
	no := int32(len(y.slots))
	y.slots = append(y.slots, indexSlot{columns, &about})
	y.byID[about.ID] = no
	y.add([]int32{no})
	y.gatherAssets()
	return y, nil
}

// Without returns an index that does not know an incident.
func (x *Index) Without(id string) *Index {
	y := x.copied(id)
	y.gatherAssets()
	return y
}

// gatherAssets gathers what tokens claim of themselves.
func (x *Index) gatherAssets() {
	x.assets = map[chainAsset]tracer.AssetInfo{}
	for _, id := range slices.Sorted(maps.Keys(x.byID)) {
		for _, info := range x.slots[x.byID[id]].about.Assets {
			if _, ok := x.assets[chainAsset{info.Chain, info.Asset}]; !ok {
				x.assets[chainAsset{info.Chain, info.Asset}] = info
			}
		}
	}
}

// Asset returns what a token claims of itself, as the first incident by id has it that knows; false
// where none does.
func (x *Index) Asset(chain chains.Chain, asset chains.Asset) (tracer.AssetInfo, bool) {
	info, ok := x.assets[chainAsset{chain, asset}]
	return info, ok
}

// copied returns a copy without an incident. Its slot stays, empty, until there are more such than
// others.
func (x *Index) copied(without string) *Index {
	y := &Index{codec: x.codec, seed: x.seed, slots: slices.Clone(x.slots), byID: maps.Clone(x.byID), runs: slices.Clone(x.runs), assets: x.assets}
	no, ok := y.byID[without]
	if !ok {
		return y
	}
	delete(y.byID, without)
	y.slots[no] = indexSlot{}
	if len(y.slots) > 2*len(y.byID)+8 {
		y.renumber()
	}
	return y
}

// renumber leaves out empty slots.
func (x *Index) renumber() {
	old := x.slots
	x.slots, x.runs = nil, nil
	var all []int32
	for _, id := range slices.Sorted(maps.Keys(x.byID)) {
		all = append(all, int32(len(x.slots)))
		x.slots, x.byID[id] = append(x.slots, old[x.byID[id]]), int32(len(x.slots))
	}
	if len(all) > 0 {
		x.runs = []*run{x.newRun(all)}
	}
}

// add makes incidents a run and merges those that are not much larger than what stands behind them.
func (x *Index) add(incidents []int32) {
	r := x.newRun(incidents)
	for len(x.runs) > 0 {
		last := x.runs[len(x.runs)-1]
		if last.size >= 2*r.size {
			break
		}
		merged := slices.Concat(last.incidents, r.incidents)
		merged = slices.DeleteFunc(merged, func(no int32) bool { return x.slots[no].traced == nil })
		x.runs = x.runs[:len(x.runs)-1]
		r = x.newRun(merged)
	}
	x.runs = append(x.runs, r)
}

// Stale returns an index in which an incident's matches count up to the blocks in stands alone, and why; ""
// lets all count again. An id that is not loaded changes nothing.
func (x *Index) Stale(id, why string, stands ...Stand) *Index {
	y := x.copied("")
	if no, ok := y.byID[id]; ok {
		about := *y.slots[no].about
		about.Stale, about.Stands = why, stands
		y.slots[no].about = &about
	}
	return y
}

// Incidents returns what is loaded, in order of ids.
func (x *Index) Incidents() []Loaded {
	out := make([]Loaded, 0, len(x.byID))
	for _, id := range slices.Sorted(maps.Keys(x.byID)) {
		out = append(out, *x.slots[x.byID[id]].about)
	}
	return out
}

// At returns what incidents traced to a place: one hit for each that traces units there under FIFO
// or pro rata. Of an output Asset may be "".
func (x *Index) At(p Place) []Hit { return x.at(p, Hit.traces) }

// Contacts returns the incidents that touch a place and trace nothing there under these two rules:
// other rules do, or poison alone, which marks contact; or no rule says how much (Hit.Unsaid), and
// then it is not known to be nothing.
func (x *Index) Contacts(p Place) []Hit {
	return x.at(p, func(h Hit) bool { return !h.traces() })
}

func (h Hit) traces() bool { return !h.Units.FIFO.IsZero() || !h.Units.ProRata.IsZero() }

func (x *Index) at(p Place, wanted func(Hit) bool) (out []Hit) {
	if p.Account == "" && p.Asset == "" {
		p.Asset = chains.Native
	}
	if len(x.runs) == 0 {
		return nil
	}
	hash := x.hashPlace(&p)
	for _, r := range x.runs {
		r.each(hash, func(no, first int32) {
			s := &x.slots[no]
			if s.traced == nil || int(first) >= len(s.arrivals) || s.arrivals[first].has(noPlace|isLater) || !s.samePlace(first, &p) {
				return
			}
			if h := s.hit(first, s.about, true); wanted(h) {
				out = append(out, h)
			}
		})
	}
	return inOrder(out)
}

// Address returns what incidents traced to each place at an address, which is written as its chain
// writes it.
func (x *Index) Address(chain chains.Chain, address string) (out []Hit) {
	hash := x.hashAddress(chain, address)
	x.lists(hash, func(s *indexSlot, n int32) {
		if int(n) >= len(s.addresses) || s.addresses[n].chain != chain || s.text(n) != address {
			return
		}
		for i := s.addresses[n].first; i >= 0; i = s.arrivals[i].nextAtAddress {
			out = s.append(out, i)
		}
	})
	return inOrder(out)
}

// Tx returns what incidents traced to each place in a transaction, and into a mix of outputs (whose
// place has no output: Hit.InMix).
func (x *Index) Tx(chain chains.Chain, id chains.TxID) (out []Hit) {
	hash := x.hashTx(chain, &id)
	x.lists(hash, func(s *indexSlot, n int32) {
		if int(n) >= len(s.txs) || s.txs[n].chain != chain || s.txs[n].id != id {
			return
		}
		for i := s.txs[n].first; i >= 0; i = s.arrivals[i].nextInTx {
			out = s.append(out, i)
		}
	})
	return inOrder(out)
}

// lists calls f with what may be a list with that hash: f knows whether it is.
func (x *Index) lists(hash uint64, f func(s *indexSlot, n int32)) {
	for _, r := range x.runs {
		r.each(hash, func(no, n int32) {
			if s := &x.slots[no]; s.traced != nil {
				f(s, n)
			}
		})
	}
}

// append appends the hit of a place once: with the first of its arrivals.
func (s *indexSlot) append(out []Hit, n int32) []Hit {
	a := &s.arrivals[n]
	if a.has(isLater) || a.has(noPlace) && !a.has(inMix) {
		return out
	}
	h := s.hit(n, s.about, false)
	if h.InMix = a.has(inMix); !h.traces() {
		return out
	}
	return append(out, h)
}

// Held returns what accounts, or addresses as pots, still held of traced value at the last block of
// each trace: a hit for each asset, whose place has no transaction.
func (x *Index) Held(chain chains.Chain, address string) (out []Hit) {
	hash := x.hashAddress(chain, address)
	x.lists(hash, func(s *indexSlot, n int32) {
		if int(n) >= len(s.addresses) || s.addresses[n].chain != chain || s.text(n) != address {
			return
		}
		for i := s.addresses[n].firstBalance; i >= 0; i = s.balances[i].next {
			if h := s.heldHit(i); h.traces() {
				out = append(out, h)
			}
		}
	})
	return inOrder(out)
}

// inOrder puts hits in order of the incidents; within one they are in order already.
func inOrder(hits []Hit) []Hit {
	if len(hits) > 1 {
		slices.SortStableFunc(hits, func(a, b Hit) int { return strings.Compare(a.Incident.ID, b.Incident.ID) })
	}
	return hits
}
