package screen

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// Index answers which incidents trace something to a place. It is immutable and safe for concurrent
// use; With, Without and Stale return another one.
type Index struct {
	codec  Codec
	loaded map[string]*Loaded
	places map[Place][]Hit
}

// NewIndex returns an index without incidents. The codec reads the addresses of their traces.
func NewIndex(codec Codec) *Index {
	return &Index{codec: codec, loaded: map[string]*Loaded{}, places: map[Place][]Hit{}}
}

// With returns an index that knows one incident more, or another trace of one that it knows.
func (x *Index) With(t *tracer.Trace, about Loaded) (*Index, error) {
	y := x.Without(about.ID)
	y.loaded[about.ID] = &about
	nodes := map[string]*tracer.Node{}
	for i := range t.Nodes {
		nodes[t.Nodes[i].ID] = &t.Nodes[i]
	}
	for i := range t.Hops {
		h := &t.Hops[i]
		leg := &h.Legs[len(h.Legs)-1]
		p := Place{Chain: leg.Chain, Tx: leg.TxID, Asset: leg.Asset}
		node := nodes[leg.To]
		if leg.Chain.Info().Family == chains.FamilyEVM && node != nil && node.Address != "" {
			a, err := x.codec.ParseAddress(leg.Chain, node.Address)
			if err != nil {
				return nil, fmt.Errorf("incident %s, hop %d: %w", about.ID, h.Number, err)
			}
			p.Account = a
		} else if leg.Positions[0].Kind == "vout" {
			n, err := strconv.ParseUint(leg.Positions[0].Value, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("incident %s, hop %d: output %q: %w", about.ID, h.Number, leg.Positions[0].Value, err)
			}
			p.Vout = uint32(n)
		} else {
			continue
		}
		hit := Hit{Incident: &about, Place: p, Units: Split[chains.Amount]{FIFO: h.Traced.Value[tracer.FIFO], ProRata: h.Traced.Value[tracer.ProRata]}, Whole: leg.Units, Ref: i}
		if node != nil {
			hit.Address = node.Address
		}
		y.places[p] = append(slices.Clone(y.places[p]), hit)
	}
	return y, nil
}

// Without returns an index that does not know an incident.
func (x *Index) Without(id string) *Index {
	y := &Index{codec: x.codec, loaded: maps.Clone(x.loaded), places: maps.Clone(x.places)}
	delete(y.loaded, id)
	for p, hits := range y.places {
		y.places[p] = slices.DeleteFunc(slices.Clone(hits), func(h Hit) bool { return h.Incident.ID == id })
	}
	return y
}

// Stale returns an index in which an incident's matches do not count, and why; "" counts them again.
func (x *Index) Stale(id, why string) *Index {
	y := x.Without("")
	if in := y.loaded[id]; in != nil {
		other := *in
		other.Stale = why
		y.loaded[id] = &other
	}
	return y
}

// Incidents returns what is loaded, in order of ids.
func (x *Index) Incidents() []Loaded {
	out := make([]Loaded, 0, len(x.loaded))
	for _, id := range slices.Sorted(maps.Keys(x.loaded)) {
		out = append(out, *x.loaded[id])
	}
	return out
}

// At returns what each incident traced to a place, in order of their ids: one hit for each.
func (x *Index) At(p Place) []Hit { return x.where(func(at Place, _ *Hit) bool { return at == p }) }

// Address returns every place at an address, as its chain writes it.
func (x *Index) Address(chain chains.Chain, address string) []Hit {
	return x.where(func(at Place, h *Hit) bool { return at.Chain == chain && h.Address == address })
}

// Tx returns every place in a transaction.
func (x *Index) Tx(chain chains.Chain, id chains.TxID) []Hit {
	return x.where(func(at Place, _ *Hit) bool { return at.Chain == chain && at.Tx == id })
}

func (x *Index) where(fits func(Place, *Hit) bool) []Hit {
	var out []Hit
	for p, hits := range x.places {
		for i := range hits {
			if fits(p, &hits[i]) {
				h := hits[i]
				h.Incident = x.loaded[h.Incident.ID]
				out = append(out, h)
			}
		}
	}
	slices.SortFunc(out, func(a, b Hit) int {
		if c := strings.Compare(a.Incident.ID, b.Incident.ID); c != 0 {
			return c
		}
		return a.Ref - b.Ref
	})
	return out
}

// Path returns the ways that stolen value took from its seeds to a hit's place, of at most so many
// steps each.
func (x *Index) Path(h Hit, most int) ([]Path, error) {
	if x.loaded[h.Incident.ID] == nil {
		return nil, fmt.Errorf("path of incident %s: it is not loaded", h.Incident.ID)
	}
	return []Path{}, nil
}
