package screen

import (
	"context"
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// arrival is what a transaction pays an account of an asset.
type arrival struct {
	account chains.Address
	asset   chains.Asset
	units   chains.Amount
}

// arrivals returns what a transaction of a chain of accounts pays to whom, in order, each account and
// asset once: what a walk with the same own explains at that place. Fees, what the block's maker gets of
// them, and contracts that value only passes are left out.
func (w *walking) arrivals(ctx context.Context, tx *chains.Tx) ([]arrival, error) {
	t, err := newAccountBooks(w, newMeter(w)).settle(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []arrival
	for k := range t.set.Steps {
		st := &t.set.Steps[k]
		if !arrives(t, st) {
			continue
		}
		i := slices.IndexFunc(out, func(a arrival) bool { return a.account == st.To && a.asset == st.Asset })
		if i < 0 {
			out = append(out, arrival{st.To, st.Asset, st.Units})
			continue
		}
		if out[i].units, err = out[i].units.Add(st.Units); err != nil {
			return nil, fmt.Errorf("what an account received: %w", err)
		}
	}
	return out, nil
}

// arrives reports whether a step pays an account that keeps it.
func arrives(t *settled, st *heuristics.Step) bool {
	tip := st.From == "" && slices.ContainsFunc(st.Moves, func(i int) bool { return t.tx.Exec.Moves[i].Kind == chains.MoveTip })
	return st.To != "" && st.Kind != heuristics.StepFee && !tip && counts(st) &&
		!t.set.Through[heuristics.Holding{Account: st.To, Asset: st.Asset}]
}
