package heuristics

import (
	"bytes"

	"clew/chains"
)

// Whirlpool (Samourai, Sparrow, Ashigaru). A Tx0 cuts a wallet's coins into premix outputs of the
// pool's value and a share of the mining fee of the first mix, pays the coordinator and returns the
// change. A mix takes n inputs, each from another transaction, and gives n outputs of exactly the
// pool's value: those that enter pay the fee with what they have above it, those that were mixed
// before pay nothing. Both order inputs and outputs by BIP 69.

// pools are the values of Whirlpool's pools: Samourai's (0.001, 0.01, 0.05 and 0.5, at first 0.1
// too) and Ashigaru's (0.025 and 0.25), in satoshi.
var pools = [...]uint64{100_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000}

const (
	// leastMixers and mostMixers are how many take part in a mix: five, and up to ten since the
	// coordinators of 2023.
	leastMixers, mostMixers = 5, 10
	// leastShare and mostShare are what a premix output has above the pool's value, in satoshi: the
	// coordinator's least mining fee is 102; 110,000 is what Dumplings allows, above the coordinator's
	// cap in all samples (76,500 is the most seen in March 2024).
	leastShare, mostShare = 100, 110_000
	// mostTx0Rest is how many spendable outputs besides the premix ones a Tx0 has at most: the
	// coordinator's fee, and change of one or two accounts and of a decoy.
	mostTx0Rest = 4
)

// whirlpoolMix recognises a mix.
func whirlpoolMix(tx *chains.Tx) (mix, bool) {
	n := len(tx.Outputs)
	if n < leastMixers || n > mostMixers || len(tx.Inputs) != n {
		return mix{}, false
	}
	pool := tx.Outputs[0].Value
	if !isPool(pool) {
		return mix{}, false
	}
	for i := range tx.Outputs {
		if tx.Outputs[i].Value != pool || tx.Outputs[i].Type == chains.ScriptNullData {
			return mix{}, false
		}
	}
	entrants, remixes := 0, 0
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		for j := range i {
			if tx.Inputs[j].Prev.Tx == in.Prev.Tx {
				return mix{}, false
			}
		}
		switch {
		case !in.Known:
		case in.Spent.Value == pool:
			remixes++
		case in.Spent.Value > pool && in.Spent.Value-pool <= mostShare:
			entrants++
		default:
			return mix{}, false
		}
	}
	if !outputsDiffer(tx) {
		return mix{}, false
	}
	if entrants+remixes < n {
		return mix{KindWhirlpool, pool, n, "equal outputs of a pool's value, an input from another transaction for each"}, inBIP69(tx)
	}
	if entrants == 0 || remixes == 0 || distinctSpent(tx) < n {
		return mix{}, false
	}
	return mix{KindWhirlpool, pool, n, "equal outputs of a pool's value, as many inputs of that value or with a share of the fee above it"}, true
}

// inBIP69 reports whether the inputs of tx stand in the order of BIP 69, by the outputs that they
// spend.
func inBIP69(tx *chains.Tx) bool {
	for i := 1; i < len(tx.Inputs); i++ {
		a, b := &tx.Inputs[i-1].Prev, &tx.Inputs[i].Prev
		if order := bytes.Compare(a.Tx[:], b.Tx[:]); order > 0 || order == 0 && a.Index > b.Index {
			return false
		}
	}
	return true
}

// isPool reports whether value is a pool's.
func isPool(value uint64) bool {
	for _, p := range pools {
		if value == p {
			return true
		}
	}
	return false
}

// poolOf returns the pool for which an output of that value would be premix; 0 for none.
func poolOf(value uint64) uint64 {
	for _, p := range pools {
		if value >= p+leastShare && value <= p+mostShare {
			return p
		}
	}
	return 0
}

// tx0Fee returns what Samourai's coordinator asked for entering a pool, as its wallet showed it, in
// satoshi: 5 and 3.5 %. Codes of partners made it less, at times nothing; then no amount tells it. 0
// for other pools, whose fee is not known. In March 2024 an output is worth it in 742 of 749 of these.
func tx0Fee(pool uint64) uint64 {
	switch pool {
	case 100_000, 1_000_000:
		return pool / 20
	case 5_000_000, 50_000_000:
		return pool * 35 / 1000
	}
	return 0
}

// Tx0Fee returns the output of a transaction that prepares Whirlpool mixes which is the coordinator's
// fee: the only one worth what that asks in full. False where none or several are.
func Tx0Fee(tx *chains.Tx) (output int, ok bool) {
	prepared, ok := whirlpoolTx0(tx)
	fee := tx0Fee(prepared.pool)
	if !ok || fee == 0 {
		return -1, false
	}
	output = -1
	for i := range tx.Outputs {
		if tx.Outputs[i].Value != fee {
			continue
		}
		if output >= 0 {
			return -1, false
		}
		output = i
	}
	return output, output >= 0
}

// tx0 is what was recognised in a transaction that prepares Whirlpool mixes.
type tx0 struct {
	pool   uint64
	premix uint64 // the value of each premix output
	count  int    // of premix outputs
}

// whirlpoolTx0 recognises a Tx0 by its outputs, which stand in the order of BIP 69: first one that
// holds 64 or 80 bytes of data and no value (it tells the coordinator, masked, which fee was paid; at
// first without the partner's part), then the others by
// value, all to new scripts of their own; those of the premix are equal and P2WPKH. Of several equal
// runs that may be premix it is the longest, of equally long ones that of the largest value.
func whirlpoolTx0(tx *chains.Tx) (tx0, bool) {
	n := len(tx.Outputs)
	if n < 3 || tx.Coinbase || tx.Outputs[0].Type != chains.ScriptNullData || tx.Outputs[0].Value != 0 {
		return tx0{}, false
	}
	if data := tx.Outputs[0].Data; data != 0 && data != 64 && data != 80 {
		return tx0{}, false
	}
	var found tx0
	for start := 1; start < n; {
		end := start
		for end < n && tx.Outputs[end].Value == tx.Outputs[start].Value {
			if t := tx.Outputs[end].Type; t == chains.ScriptNullData {
				return tx0{}, false
			}
			end++
		}
		value := tx.Outputs[start].Value
		if end < n && tx.Outputs[end].Value < value {
			return tx0{}, false
		}
		if pool := poolOf(value); pool > 0 && end-start >= found.count && allOf(tx.Outputs[start:end], chains.ScriptP2WPKH) {
			found = tx0{pool, value, end - start}
		}
		start = end
	}
	rest := n - 1 - found.count
	if found.count == 0 || rest < 1 || rest > mostTx0Rest {
		return tx0{}, false
	}
	return found, outputsDiffer(tx)
}

// allOf reports whether all outputs are of one form.
func allOf(outputs []chains.Output, form chains.ScriptType) bool {
	for i := range outputs {
		if outputs[i].Type != form {
			return false
		}
	}
	return true
}
