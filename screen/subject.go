package screen

import "clew/chains"

// Kind says what is screened.
type Kind string

// The kinds of subjects.
const (
	KindAddress     Kind = "address"     // everything that it received, or sent
	KindTransaction Kind = "transaction" // all that it spends, or pays
	KindOutput      Kind = "output"      // one output of a chain of outputs
	KindDeposit     Kind = "deposit"     // what an address receives in a transaction
)

// Direction says which way the value is looked at.
type Direction string

// The directions.
const (
	Source      Direction = "source"      // where the funds came from
	Destination Direction = "destination" // where they went
)

// Subject is what is screened. Its texts are in the chain's own form, as Parse made them.
type Subject struct {
	Kind    Kind         `json:"kind"`
	Chain   chains.Chain `json:"chain"`
	Address string       `json:"address,omitempty"` // of an address and a deposit
	TxID    string       `json:"txid,omitempty"`    // of all but an address; with 0x on a chain of accounts
	Vout    *uint32      `json:"vout,omitempty"`    // of an output
	// Asset bounds it to one asset; "" is every asset that moves there.
	Asset     chains.Asset `json:"asset,omitempty"`
	Direction Direction    `json:"direction"`
}

// Codec reads and writes addresses. The adapters implement it.
type Codec interface {
	ParseAddress(chain chains.Chain, text string) (chains.Address, error)
	FormatAddress(chain chains.Chain, a chains.Address) string
}
