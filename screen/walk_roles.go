package screen

import (
	"clew/chains"
	"clew/heuristics"
	"clew/tracer"
)

// roleOfNode returns what accounts of a kind of node are to a transaction.
func roleOfNode(kind tracer.NodeKind) heuristics.Role {
	switch kind {
	case tracer.NodeService:
		return heuristics.RoleService
	case tracer.NodeMixer:
		return heuristics.RoleMixer
	case tracer.NodeBridge:
		return heuristics.RoleBridge
	case tracer.NodePool:
		return heuristics.RolePool
	case tracer.NodeContract, tracer.KnownWrapped:
		return heuristics.RoleContract
	}
	return heuristics.RoleParty
}

// roleOfCategory returns what accounts are of which that is claimed: whoever ends a walk holds other
// people's value, or is somebody whom value is not followed through.
func roleOfCategory(c Category) heuristics.Role {
	switch c {
	case Mixer:
		return heuristics.RoleMixer
	case Bridge:
		return heuristics.RoleBridge
	case Contract:
		return heuristics.RoleContract
	}
	return heuristics.RoleService
}

// byRole is how a walk ends at an account of which nothing is claimed, by its role; nil at a party.
func (b *accountBooks) byRole(r heuristics.Role, a chains.Address) (*Attribution, string) {
	entity := ""
	if b.places != nil {
		_, entity, _, _ = b.places.Place(b.chain, a)
	}
	switch r {
	case heuristics.RoleMixer:
		return byTransaction(Mixer, entity), "a pool of a mixer"
	case heuristics.RoleBridge:
		return byTransaction(Bridge, entity), "a bridge"
	case heuristics.RoleService:
		return byTransaction(Service, entity), "a service"
	case heuristics.RolePool:
		return byTransaction(Contract, entity), "a pool of a venue, in which value of many lies"
	case heuristics.RoleContract:
		return byTransaction(Contract, entity), "a contract that keeps value, of whom nothing is claimed; a wallet with code looks the same to a store"
	}
	return nil, ""
}

// ofNothing is how a walk ends where value came out of nothing.
func ofNothing(t *settled, st *heuristics.Step) (*Attribution, string) {
	if e := bridged(t.tx, chains.EventBridgeIn); e != nil {
		return byTransaction(Bridge, e.Protocol), "it came over a bridge"
	}
	for _, i := range st.Moves {
		switch t.tx.Exec.Moves[i].Kind {
		case chains.MoveReward, chains.MoveTip, chains.MoveWithdrawal:
			return byTransaction(Mining, ""), "the protocol paid it: rewards, tips and withdrawals of those who make blocks"
		case chains.MoveIssue:
			return byTransaction(Mining, ""), "the protocol issued it"
		}
	}
	return byTransaction(Contract, ""), "the token's contract made it"
}

// intoNothing is how a walk ends where value is gone.
func intoNothing(t *settled, st *heuristics.Step) (*Attribution, string) {
	switch e := bridged(t.tx, chains.EventBridgeOut); {
	case st.Kind == heuristics.StepFee && st.Conversion >= 0:
		return byTransaction(Service, ""), "the fee of the venue"
	case st.Kind == heuristics.StepFee:
		return byTransaction(Mining, ""), "the fee"
	case e != nil:
		return byTransaction(Bridge, e.Protocol), "it left over a bridge"
	}
	return byTransaction(Other, ""), "it was burnt"
}

// bridged returns the event of a bridge's own contract in a transaction, nil where there is none.
func bridged(tx *chains.Tx, kind chains.EventKind) *chains.Event {
	for i := range tx.Exec.Events {
		if e := &tx.Exec.Events[i]; e.Kind == kind && e.Registered {
			return e
		}
	}
	return nil
}
