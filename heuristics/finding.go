package heuristics

import "clew/chains"

// Kind names what a transaction is found to be. The words are a contract (docs/format.md).
type Kind string

// The kinds of transactions.
const (
	KindWhirlpool     Kind = "coinjoin/whirlpool"
	KindWhirlpoolTx0  Kind = "coinjoin/whirlpool-tx0" // prepares a mix; one owner
	KindWasabi1       Kind = "coinjoin/wasabi1"
	KindWasabi2       Kind = "coinjoin/wasabi2"
	KindJoinMarket    Kind = "coinjoin/joinmarket"
	KindPeel          Kind = "peel"
	KindChange        Kind = "change"
	KindConsolidation Kind = "consolidation"
	KindBatch         Kind = "batch"
)

// Mix reports whether value of several owners meets in a transaction of this kind, so that its
// inputs say nothing of each other and no rule follows value through it.
func (k Kind) Mix() bool {
	switch k {
	case KindWhirlpool, KindWasabi1, KindWasabi2, KindJoinMarket:
		return true
	}
	return false
}

// Finding is what a heuristic says of one transaction: never a fact.
type Finding struct {
	Heuristic string // its name in scores.json: that of the kind, for kinds of transactions
	Version   string
	Kind      Kind
	Says      string // a sentence for people, with what fired
	// Outputs are those that it is about, ascending: of a mix the outputs that look alike, of a
	// change the change, of a peel the one that continues.
	Outputs []int
	// Set is the anonymity set of a mix: how many outputs have the value SetValue (in smallest units),
	// the most frequent one; an upper bound of those among whom the owner of one of these outputs is
	// hidden. It says nothing of outputs of other values: see Emerge. 0 where it is none.
	Set      int
	SetValue uint64
	// Band is the range that a change's score lies in; "" of other kinds.
	Band string
}

// Facts is what may be known beside a transaction. A nil function: nothing of it is known.
type Facts struct {
	// Spender returns the transaction that spends output i; nil where nothing does, or nobody
	// knows.
	Spender func(i int) *chains.Tx
	// Maker returns the transaction that made what input i spends; nil where nobody knows.
	Maker func(i int) *chains.Tx
	// Around says in the same way what is known beside a transaction that Spender or Maker returned.
	Around func(tx *chains.Tx) Facts
	// Seen says whether an address was paid before this transaction; known is false where
	// nobody can tell.
	Seen func(a chains.Address) (seen, known bool)
	// Service reports whether an address is labelled as a service.
	Service func(a chains.Address) bool
}
