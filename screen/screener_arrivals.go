package screen

import (
	"context"
	"slices"

	"clew/chains"
	"clew/heuristics"
	"clew/tracer"
)

// arrival is what a transaction pays an account of an asset.
type arrival struct {
	account chains.Address
	asset   chains.Asset
	units   chains.Amount
}

// arrivals returns what a transaction of a chain of accounts pays to whom, in order, each account and
// asset once. Fees, tips, and contracts that value only passes are left out.
func (w *walking) arrivals(_ context.Context, tx *chains.Tx) ([]arrival, error) {
	settled := heuristics.Settle(tx, func(a chains.Address) heuristics.Role {
		if w.places != nil {
			switch kind, _, _, ok := w.places.Place(w.chain, a); {
			case !ok:
			case kind == tracer.NodeMixer:
				return heuristics.RoleMixer
			case kind == tracer.NodeBridge:
				return heuristics.RoleBridge
			case kind == tracer.NodeService:
				return heuristics.RoleService
			case kind == tracer.NodePool:
				return heuristics.RolePool
			default:
				return heuristics.RoleContract
			}
		}
		if slices.Contains(tx.Exec.Ran, a) {
			return heuristics.RoleContract
		}
		return heuristics.RoleParty
	})
	var out []arrival
	for i := range settled.Steps {
		step := &settled.Steps[i]
		if step.Kind == heuristics.StepFee || step.To == "" || step.From == step.To ||
			settled.Through[heuristics.Holding{Account: step.To, Asset: step.Asset}] {
			continue
		}
		at := slices.IndexFunc(out, func(a arrival) bool { return a.account == step.To && a.asset == step.Asset })
		if at < 0 {
			out = append(out, arrival{step.To, step.Asset, step.Units})
			continue
		}
		sum, err := out[at].units.Add(step.Units)
		if err != nil {
			return nil, err
		}
		out[at].units = sum
	}
	return out, nil
}
