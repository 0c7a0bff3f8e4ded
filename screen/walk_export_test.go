package screen

import (
	"context"
	"time"

	"clew/chains"
)

// What tests see of walks.

type (
	WalkStart = walkStart
	WalkPlace = Place
)

// WalkOf are the parts of a walk.
type WalkOf struct {
	Facts  Facts
	Chain  chains.Chain
	Codec  Codec
	Who    Attributor
	Hits   interface{ At(Place) []Hit }
	Places Places
	Own    []chains.Address
	Budget Budget
	Limit  string
	Now    func() time.Time
}

// WalkResult is what a walk found.
type WalkResult struct {
	Whole              map[chains.Asset]chains.Amount
	Ends               []WalkEnd
	Rests              []WalkRest
	Transactions, Deep int
	Ended, Limit       string
	Gaps               []Gap
}

type WalkEnd struct {
	Asset chains.Asset
	Units Split[chains.Amount]
	At    Place
	Hops  int
	Hits  []Hit
	Found *Attribution
	Note  string
	Still bool
	Path  func(most int) Path
}

type WalkRest struct {
	Asset      chains.Asset
	Units      Split[chains.Amount]
	Why, Limit string
}

// Walk goes back, or forward.
func Walk(ctx context.Context, w WalkOf, forward bool, starts ...WalkStart) (*WalkResult, error) {
	of := walking{
		facts: w.Facts, chain: w.Chain, codec: w.Codec, who: w.Who, hits: w.Hits, places: w.Places, own: w.Own,
		budget: w.Budget, limit: w.Limit, now: w.Now,
	}
	way := walkBack
	if forward {
		way = walkForward
	}
	found, err := way(ctx, of, starts)
	if err != nil {
		return nil, err
	}
	r := &WalkResult{
		Whole: map[chains.Asset]chains.Amount{}, Transactions: found.transactions, Deep: found.deepest,
		Ended: found.ended, Limit: found.limit, Gaps: found.gaps,
	}
	for _, v := range found.whole {
		r.Whole[v.asset] = v.units
	}
	for i := range found.ends {
		e := &found.ends[i]
		r.Ends = append(r.Ends, WalkEnd{e.asset, e.units, e.at, e.hops, e.hits, e.found, e.note, e.still, e.path})
	}
	for _, x := range found.rests {
		r.Rests = append(r.Rests, WalkRest{x.asset, x.units, x.why, x.limit})
	}
	return r, nil
}
