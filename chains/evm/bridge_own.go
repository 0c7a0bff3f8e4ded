package evm

import (
	"github.com/ethereum/go-ethereum/common"

	"clew/chains"
)

// What a rollup puts into its blocks by itself, without a log: coins deposited on the L1.
const (
	opDepositType       = 0x7e
	arbitrumDepositType = 0x64
)

// ownDeposit returns the arrival that a transaction of a rollup's own type is: its hash is the key
// that the departure on the L1 computes. Not ok: it is none, or brings no coins, or its logs tell
// of the arrival themselves. The contract of the event is "", since it is the protocol's word.
func ownDeposit(chain chains.Chain, p *Parts, told []chains.Event) (chains.Event, bool) {
	e := chains.Event{Kind: chains.EventBridgeIn, Name: "deposit transaction", Key: p.Tx.Hash.Hex(), Asset: chains.Native, Registered: true}
	to := p.Sender
	if p.Tx.To != nil {
		to = *p.Tx.To
	}
	switch {
	case p.Tx.Type == opDepositType && !p.Tx.Own.Mint.IsZero():
		e.Protocol, e.Amount = "op-stack", chains.AmountOf(&p.Tx.Own.Mint)
		if p.Tx.Value.IsZero() {
			to = p.Sender
		}
	case p.Tx.Type == arbitrumDepositType && !p.Tx.Value.IsZero():
		e.Protocol, e.Amount = "arbitrum", chains.AmountOf(&p.Tx.Value)
	default:
		return e, false
	}
	known := tables()
	own := known.contracts(e.Protocol, chain)
	if len(own) == 0 {
		return e, false
	}
	for i := range told {
		if told[i].Kind == chains.EventBridgeIn {
			return e, false
		}
	}
	at, _ := known.place(chain, Address(common.Address(own[0])))
	e.Peer, e.Account = at.peer, Address(to)
	e.Fields = []chains.Field{{Name: "chain.from", Value: string(e.Peer)}, {Name: "chain.to", Value: string(chain)}}
	return e, true
}
