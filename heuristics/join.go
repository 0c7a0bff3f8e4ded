package heuristics

import "clew/chains"

// JoinVersion is the version of the rules by which addresses are joined, the forms of mixes that
// are left out among them: what was joined by another version is derived again.
const JoinVersion = "1"

// JoinRule says why two addresses are taken to be one owner's.
type JoinRule string

// The rules. Their names are those of scores.json.
const (
	// JoinCospend: inputs of one transaction spend from both. Who signs for all inputs mostly holds
	// all keys. Fails at transactions that several people make together and that no form of mix
	// tells, at services that spend for their customers, and where keys were given to somebody else
	// (imported into a service's wallet, as at Mt. Gox).
	JoinCospend JoinRule = "co-spend"
	// JoinWraps: one is the witness program inside of the other, a P2SH address, as a spend revealed:
	// the same keys spend both.
	JoinWraps JoinRule = "wraps"
	// JoinChange: the vote on change names an output (Change). It is never used unless asked for.
	JoinChange JoinRule = "change"
)

// Join is the evidence that two addresses are one owner's: an inference, never a fact.
type Join struct {
	A, B chains.Address
	// InA and InB are the inputs that spend from them. JoinWraps: both are the input that spends
	// from A and reveals B. JoinChange: InB is the output that pays B.
	InA, InB int
	Rule     JoinRule
	Tx       chains.TxID
	Height   int64
}

// Joins appends to dst what tx tells of addresses that belong together, by input position: each
// further address that it spends from, joined with the first one, and each script that an input
// reveals inside of another. Nothing is joined by co-spend where the inputs may be of several
// owners (NoCospend), and nothing at all where the spent output of an input is not known, since
// such a transaction may be a mix.
//
// dst may be reused: what it holds shares the memory of tx.
func Joins(tx *chains.Tx, dst []Join) []Join {
	if !mayJoin(tx) {
		return dst
	}
	begin, joint := len(dst), len(tx.Inputs) > 1 && !NoCospend(tx)
	first, firstIn := chains.Address(""), 0
	var seen distinct
	add := func(a, b chains.Address, inA, inB int, rule JoinRule) {
		if a != b && seen.add(rule, b, dst[begin:]) {
			dst = append(dst, Join{A: a, B: b, InA: inA, InB: inB, Rule: rule, Tx: tx.ID, Height: tx.Block.Height})
		}
	}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if in.Spent.Address == "" {
			continue
		}
		if first == "" {
			first, firstIn = in.Spent.Address, i
		}
		if joint {
			add(first, in.Spent.Address, firstIn, i, JoinCospend)
		}
		if inside := in.Inside(); inside != "" {
			add(in.Spent.Address, inside, i, i, JoinWraps)
		}
	}
	return dst
}

// mayJoin is the quick part of Joins: false where nothing can be joined.
func mayJoin(tx *chains.Tx) bool {
	if tx.Coinbase || tx.Exec != nil {
		return false
	}
	several := false
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if !in.Known {
			return false
		}
		several = several || in.Inside() != "" || in.Spent.Address != tx.Inputs[0].Spent.Address
	}
	return several
}

// distinct tells which addresses came before among the joins of one transaction.
type distinct struct{ many map[joined]bool }

// joined is the end of a join by a rule.
type joined struct {
	rule JoinRule
	b    chains.Address
}

// scanned is up to how many joins are looked through one by one: a map costs more below.
const scanned = 16

// add reports whether nothing led to b by the rule among joins, which are all that were added.
func (d *distinct) add(rule JoinRule, b chains.Address, joins []Join) bool {
	if len(joins) < scanned {
		for i := range joins {
			if joins[i].B == b && joins[i].Rule == rule {
				return false
			}
		}
		return true
	}
	if d.many == nil {
		d.many = map[joined]bool{}
		for i := range joins {
			d.many[joined{joins[i].Rule, joins[i].B}] = true
		}
	}
	if d.many[joined{rule, b}] {
		return false
	}
	d.many[joined{rule, b}] = true
	return true
}
