package screen

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clew/chains"
)

// AddressSchema is the name and version of an AddressAnswer as JSON.
const AddressSchema = "clew.address/1"

// AddressAnswer is what is known of an address without following any value.
type AddressAnswer struct {
	Schema  string       `json:"schema"`
	Chain   chains.Chain `json:"chain"`
	CAIP2   string       `json:"caip2"`
	Address string       `json:"address"`
	// Category and Entity are what the labels, and those of the cluster, come to: see Attribution. ""
	// where nothing is said.
	Category Category `json:"category,omitempty"`
	Entity   string   `json:"entity,omitempty"`
	KnownBy  Way      `json:"known_by,omitempty"`
	Labels   []Claim  `json:"labels"`
	// Cluster is the group of addresses taken to be of one owner; absent where nothing joins it with others.
	Cluster *AddressCluster `json:"cluster,omitempty"`
	// Incidents are those that trace something here, in order of ids.
	Incidents []AddressIncident `json:"incidents"`
	Pins      Pins              `json:"pins"`
}

// AddressCluster is a Cluster in words.
type AddressCluster struct {
	Size     int      `json:"size"`
	Labelled []string `json:"labelled"` // at most MostLabelled
	More     int      `json:"more_labelled,omitempty"`
}

// AddressIncident is what an incident traces to an address.
type AddressIncident struct {
	Incident  string          `json:"incident"`
	Trace     string          `json:"trace"`
	Title     string          `json:"title,omitempty"`
	Synthetic bool            `json:"synthetic,omitempty"`
	Stale     string          `json:"stale,omitempty"`
	Received  []AddressTraced `json:"received"`       // an entry for each asset, as first met
	Held      []AddressHeld   `json:"held,omitempty"` // of accounts, at the last block of the trace
}

// AddressTraced is what arrived at an address of one asset.
type AddressTraced struct {
	Asset  chains.Asset         `json:"asset"`
	Units  Split[chains.Amount] `json:"units"`
	Places int                  `json:"places"` // outputs, or transactions that paid the account
	Hops   int                  `json:"hops"`   // the least from a seed
	First  string               `json:"first"`  // time of the first and the last block
	Last   string               `json:"last"`
}

// AddressHeld is what an account still held of what was traced to it.
type AddressHeld struct {
	Asset chains.Asset         `json:"asset"`
	Units Split[chains.Amount] `json:"units"`
}

// Address answers what is known of an address without following any value. The error is an ErrSubject,
// or that of reading its cluster.
func (s *Screener) Address(ctx context.Context, chain chains.Chain, address string) (*AddressAnswer, error) {
	subject, keys, err := Subject{Kind: KindAddress, Chain: chain, Address: address}.resolve(s.cfg.Codec)
	if err != nil {
		return nil, err
	}
	a := keys.address
	out := &AddressAnswer{
		Schema: AddressSchema, Chain: subject.Chain, CAIP2: subject.Chain.CAIP2(), Address: subject.Address,
		Labels: []Claim{}, Incidents: []AddressIncident{}, Pins: s.pins,
	}
	if head := s.heads[subject.Chain]; head != nil {
		out.Pins.Blocks, out.Pins.Clusters = head.pins, head.clusters
	}
	found, ok, err := s.who.Attribute(ctx, subject.Chain, a, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("who is behind %s: %w", subject.Address, err)
	}
	if ok {
		out.Category, out.Entity, out.KnownBy = found.Category, found.Entity, found.KnownBy
		out.Labels = append(out.Labels, found.Claims...)
	}
	if err := out.cluster(ctx, s, a); err != nil {
		return nil, err
	}
	return out, out.incidents(s)
}

// cluster says with which addresses a is joined.
func (out *AddressAnswer) cluster(ctx context.Context, s *Screener, a chains.Address) error {
	if s.cfg.Clusters == nil {
		return nil
	}
	c, ok, err := s.cfg.Clusters.ClusterOf(ctx, out.Chain, a)
	if err != nil {
		return fmt.Errorf("cluster of %s: %w", out.Address, err)
	}
	if !ok {
		return nil
	}
	out.Cluster = &AddressCluster{Size: c.Size, Labelled: []string{}, More: c.More}
	for _, b := range c.Labelled {
		out.Cluster.Labelled = append(out.Cluster.Labelled, s.cfg.Codec.FormatAddress(out.Chain, b))
	}
	return nil
}

// incidents adds up what each incident traces to the address.
func (out *AddressAnswer) incidents(s *Screener) error {
	for _, h := range s.cfg.Index.Address(out.Chain, out.Address) {
		if err := out.incident(s, h.Incident).add(&h); err != nil {
			return fmt.Errorf("what incident %s traces to %s: %w", h.Incident.ID, out.Address, err)
		}
	}
	for _, h := range s.cfg.Index.Held(out.Chain, out.Address) {
		in := out.incident(s, h.Incident)
		in.Held = append(in.Held, AddressHeld{Asset: h.Place.Asset, Units: h.Units})
	}
	return nil
}

// incident returns the entry of an incident, which is pinned.
func (out *AddressAnswer) incident(s *Screener, about *Loaded) *AddressIncident {
	at := slices.IndexFunc(out.Incidents, func(x AddressIncident) bool { return x.Incident == about.ID })
	if at < 0 {
		at = len(out.Incidents)
		out.Incidents = append(out.Incidents, AddressIncident{
			Incident: about.ID, Trace: about.Trace, Title: about.Title, Synthetic: about.Synthetic, Stale: about.Stale,
			Received: []AddressTraced{},
		})
		out.Pins.Incidents = append(slices.Clone(out.Pins.Incidents), s.loaded[about.ID])
	}
	return &out.Incidents[at]
}

// add adds a hit to what arrived of its asset.
func (in *AddressIncident) add(h *Hit) error {
	at := slices.IndexFunc(in.Received, func(x AddressTraced) bool { return x.Asset == h.Place.Asset })
	when := formatTime(h.Time)
	if at < 0 {
		in.Received = append(in.Received, AddressTraced{
			Asset: h.Place.Asset, Units: h.Units, Places: 1, Hops: h.Hops, First: when, Last: when,
		})
		return nil
	}
	x := &in.Received[at]
	fifo, err := x.Units.FIFO.Add(h.Units.FIFO)
	if err != nil {
		return err
	}
	prorata, err := x.Units.ProRata.Add(h.Units.ProRata)
	if err != nil {
		return err
	}
	x.Units = Split[chains.Amount]{FIFO: fifo, ProRata: prorata}
	x.Places++
	x.Hops, x.First, x.Last = min(x.Hops, h.Hops), min(x.First, when), max(x.Last, when)
	return nil
}
