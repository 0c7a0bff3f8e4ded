package tracer

import "clew/chains"

// clean is the seed of a lot that is not stolen.
const clean int32 = -1

// lot is an amount in a pot with its provenance: which seed of the incident it came from,
// or clean, and the weakest basis on its way here.
type lot struct {
	amount chains.Amount
	seed   int32 // index in the incident's seeds, or clean
	basis  Basis // Whole for clean lots
}

func (l lot) stolen() bool { return l.seed != clean }

// lots is what a holding or a pot contains, in the order in which it entered. Amounts are
// never zero and neighbours differ in seed or basis.
type lots []lot

// push appends l, joined to the last lot where both are alike.
func (ls lots) push(l lot) lots {
	if l.amount.IsZero() {
		return ls
	}
	if n := len(ls); n > 0 && ls[n-1].seed == l.seed && ls[n-1].basis == l.basis {
		ls[n-1].amount = ls[n-1].amount.Plus(l.amount)
		return ls
	}
	return append(ls, l)
}

func cleanLots(units chains.Amount) lots { return lots(nil).push(lot{amount: units, seed: clean}) }

// traced returns the sum of the stolen lots.
func (ls lots) traced() chains.Amount {
	var sum chains.Amount
	for _, l := range ls {
		if l.stolen() {
			sum = sum.Plus(l.amount)
		}
	}
	return sum
}

// mixed reports whether there are both clean and stolen lots.
func (ls lots) mixed() bool {
	var hasClean, hasStolen bool
	for _, l := range ls {
		hasStolen = hasStolen || l.stolen()
		hasClean = hasClean || !l.stolen()
	}
	return hasClean && hasStolen
}

// weaken appends ls to an empty out, which may share its memory, with every stolen lot's
// basis at least b.
func (ls lots) weaken(out lots, b Basis) lots {
	for _, l := range ls {
		if l.stolen() && l.basis < b {
			l.basis = b
		}
		out = out.push(l)
	}
	return out
}

// mark turns n clean units of ls into stolen ones of the seed: the first n, or the last n.
// There must be n clean units.
func (ls lots) mark(seed int32, n chains.Amount, last bool) lots {
	if last {
		return ls.reversed().mark(seed, n, false).reversed()
	}
	out := make(lots, 0, len(ls)+2)
	for _, l := range ls {
		if l.stolen() || n.IsZero() {
			out = out.push(l)
			continue
		}
		part := chains.Min(l.amount, n)
		n = n.Minus(part)
		out = out.push(lot{amount: part, seed: seed, basis: Whole})
		out = out.push(lot{amount: l.amount.Minus(part), seed: clean})
	}
	return out
}

func (ls lots) reversed() lots {
	out := make(lots, len(ls))
	for i, l := range ls {
		out[len(ls)-1-i] = l
	}
	return out
}
