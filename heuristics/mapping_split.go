package heuristics

import (
	"cmp"
	"math/big"
	"math/bits"
	"slices"
	"sort"
)

// SplitRule says what is split, and into what parts.
type SplitRule struct {
	// In and Out are the values of inputs and outputs.
	In, Out []int64
	// Least and Most are by how much the inputs of a part may be worth more than its outputs.
	Least, Most int64
	// Alone: a part may have no outputs. Spare: outputs may be in no part.
	Alone, Spare bool
	// ByValue: things of equal value are not told apart.
	ByValue bool
	// MostOut is how many outputs a part has at most; 0 for any number.
	MostOut int
}

// MappingPlaces is the most inputs and outputs together of a transaction whose mappings are counted:
// there are 4·10³⁰ ways to put 36 things into parts, which 128 bits hold with their weights.
const MappingPlaces = 36

const (
	// mostParts is the most different parts that are held, of 16 bytes each.
	mostParts = 4 << 20
	// mostStates is the most remainders whose counts are held.
	mostStates = 4 << 20
	// mostChoices is the most ways to choose from one side.
	mostChoices = 1 << 18
	// stepSize is the work between two questions whether to stop, in parts that are looked at.
	stepSize = 1 << 16
)

// splitter counts the ways to split one transaction. Equal values of a side are one class, of which
// only the number matters; every choice of inputs and outputs is a vector with a number for each
// class, packed so that two are compared and subtracted in one operation: each field has a bit more
// than it needs, and where that is set in the difference the field is no less.
type splitter struct {
	in, out half
	rule    SplitRule
	parts   [][]state // by the first class of inputs that is in them
	memo    map[remainder]u128
	stop    func() bool
	work    int
}

// half is inputs or outputs.
type half struct {
	values  []int64
	counts  []int
	shift   []uint
	mask    []uint64
	at      [128]uint8 // the class whose field a bit is in
	classOf []int      // by index in the rule
	guards  uint64
	full    uint64
}

// state is what is left, or a part.
type state struct{ in, out uint64 }

// remainder is what is left, of which the parts that have the first class stand at from or behind.
type remainder struct {
	state
	from int
}

// newSplitter finds all parts. ok is false where there are too many, and once stop says so.
func newSplitter(rule SplitRule, stop func() bool) (*splitter, bool) {
	if len(rule.In) == 0 || len(rule.In)+len(rule.Out) > MappingPlaces {
		return nil, false
	}
	s := &splitter{in: newHalf(rule.In), out: newHalf(rule.Out), rule: rule, memo: map[remainder]u128{}, stop: stop}
	if s.in.choices() > mostChoices || s.out.choices() > mostChoices {
		return nil, false
	}
	s.parts = make([][]state, len(s.in.values))
	found := 0
	outs := s.out.all()
	for _, a := range s.in.all() {
		if a.packed == 0 {
			continue
		}
		first := s.in.first(a.packed)
		from := sort.Search(len(outs), func(i int) bool { return outs[i].sum >= a.sum-rule.Most })
		for _, b := range outs[from:] {
			if b.sum > a.sum-rule.Least {
				break
			}
			if b.packed == 0 && !rule.Alone || rule.MostOut > 0 && s.out.size(b.packed) > rule.MostOut {
				continue
			}
			if found++; found > mostParts || s.over() {
				return nil, false
			}
			s.parts[first] = append(s.parts[first], state{a.packed, b.packed})
		}
		if s.over() {
			return nil, false
		}
	}
	return s, true
}

// over counts one unit of work and reports whether to stop.
func (s *splitter) over() bool {
	s.work++
	return s.work%stepSize == 0 && s.stop()
}

// newHalf makes classes of equal values, the largest first.
func newHalf(values []int64) half {
	d := half{values: slices.Clone(values)}
	slices.SortFunc(d.values, func(a, b int64) int { return cmp.Compare(b, a) })
	d.values = slices.Compact(d.values)
	d.counts = make([]int, len(d.values))
	for _, v := range values {
		c, _ := slices.BinarySearchFunc(d.values, v, func(a, b int64) int { return cmp.Compare(b, a) })
		d.counts[c]++
		d.classOf = append(d.classOf, c)
	}
	next := uint(0)
	for c, n := range d.counts {
		width := uint(bits.Len(uint(n)))
		d.shift = append(d.shift, next)
		d.mask = append(d.mask, 1<<width-1)
		d.full |= uint64(n) << next
		d.guards |= 1 << (next + width)
		for b := next; b <= next+width; b++ {
			d.at[b] = uint8(c)
		}
		next += width + 1
	}
	return d
}

// first returns the first class of which packed has any.
func (d *half) first(packed uint64) int { return int(d.at[bits.TrailingZeros64(packed)]) }

// number returns how many of class c there are in packed.
func (d *half) number(packed uint64, c int) int {
	return int(packed >> d.shift[c] & d.mask[c])
}

// size returns how many things there are in packed.
func (d *half) size(packed uint64) int {
	n := 0
	for c := range d.counts {
		n += d.number(packed, c)
	}
	return n
}

// has reports whether packed has all of a.
func (d *half) has(packed, a uint64) bool { return ((packed|d.guards)-a)&d.guards == d.guards }

// choices returns how many ways there are to choose from the side.
func (d *half) choices() int {
	n := 1
	for _, c := range d.counts {
		if n *= c + 1; n > mostChoices {
			break
		}
	}
	return n
}

// choice is some of a side.
type choice struct {
	packed uint64
	sum    int64
}

// all returns every choice from the side, by its sum and then as packed.
func (d *half) all() []choice {
	list := []choice{{}}
	for c, n := range d.counts {
		had := len(list)
		for k := 1; k <= n; k++ {
			for _, x := range list[:had] {
				list = append(list, choice{x.packed | uint64(k)<<d.shift[c], x.sum + int64(k)*d.values[c]})
			}
		}
	}
	slices.SortFunc(list, func(a, b choice) int { return cmp.Or(cmp.Compare(a.sum, b.sum), cmp.Compare(a.packed, b.packed)) })
	return list
}

// whole is the transaction.
func (s *splitter) whole() state { return state{s.in.full, s.out.full} }

// CountSplits returns the number of ways to split by a rule, under the conditions of Mapping.
func CountSplits(rule SplitRule, stop func() bool) (*big.Int, bool) {
	s, ok := newSplitter(rule, stop)
	if !ok {
		return nil, false
	}
	n, ok := s.count(s.whole())
	return n.big(), ok
}

// count returns the ways to split what is left; ok is false once it is to stop.
func (s *splitter) count(left state) (total u128, ok bool) { return s.split(remainder{left, 0}) }

// split chooses a part with something of the first class that is left, and splits what is then left.
// Where equal values are told apart, it is the part of one input of that class. Where not, the parts
// that share the class are chosen in the order in which they are listed, so that each set of them is
// found once.
func (s *splitter) split(left remainder) (total u128, ok bool) {
	if left.in == 0 {
		if left.out == 0 || s.rule.Spare {
			return u128{lo: 1}, true
		}
		return u128{}, true
	}
	if n, ok := s.memo[left]; ok {
		return n, true
	}
	first := s.in.first(left.in)
	list := s.parts[first]
	for i := left.from; i < len(list); i++ {
		p := &list[i]
		if s.over() {
			return u128{}, false
		}
		if !s.in.has(left.in, p.in) || !s.out.has(left.out, p.out) {
			continue
		}
		rest, weight := remainder{state: state{left.in - p.in, left.out - p.out}}, uint64(1)
		if !s.rule.ByValue {
			weight = s.ways(left.state, *p)
		} else if s.in.number(rest.in, first) > 0 {
			rest.from = i
		}
		n, ok := s.split(rest)
		if !ok {
			return u128{}, false
		}
		total = total.plus(n.times(weight))
	}
	if len(s.memo) >= mostStates {
		return u128{}, false
	}
	s.memo[left] = total
	return total, true
}

// ways returns in how many ways the part can be taken from what is left, one input of its first
// class being given.
func (s *splitter) ways(left, p state) uint64 {
	first := s.in.first(left.in)
	n := binomial(s.in.number(left.in, first)-1, s.in.number(p.in, first)-1)
	for c := first + 1; c < len(s.in.counts); c++ {
		n *= binomial(s.in.number(left.in, c), s.in.number(p.in, c))
	}
	for c := range s.out.counts {
		n *= binomial(s.out.number(left.out, c), s.out.number(p.out, c))
	}
	return n
}

// links returns by class of inputs and class of outputs in how many ways to split one input and one
// output of them are in the same part.
func (s *splitter) links() ([][]*big.Int, bool) {
	sums := make([][]*big.Int, len(s.in.counts))
	for a := range sums {
		sums[a] = make([]*big.Int, len(s.out.counts))
		for b := range sums[a] {
			sums[a][b] = new(big.Int)
		}
	}
	whole := s.whole()
	for _, list := range s.parts {
		for _, p := range list {
			rest, ok := s.count(state{whole.in - p.in, whole.out - p.out})
			if !ok {
				return nil, false
			}
			if !rest.zero() {
				s.addLinks(sums, p, rest)
			}
		}
	}
	for a := range sums {
		for b, sum := range sums[a] {
			sum.Quo(sum, big.NewInt(int64(s.in.counts[a]*s.out.counts[b])))
		}
	}
	return sums, true
}

// addLinks adds to sums, for each class of inputs and of outputs, the mappings that have the part
// times its inputs and outputs of these classes.
func (s *splitter) addLinks(sums [][]*big.Int, p state, rest u128) {
	ways := uint64(1)
	for c, n := range s.in.counts {
		ways *= binomial(n, s.in.number(p.in, c))
	}
	for c, n := range s.out.counts {
		ways *= binomial(n, s.out.number(p.out, c))
	}
	all := rest.times(ways).big()
	var add big.Int
	for a := range s.in.counts {
		na := s.in.number(p.in, a)
		for b := range s.out.counts {
			if n := int64(na * s.out.number(p.out, b)); n > 0 {
				sums[a][b].Add(sums[a][b], add.Mul(all, add.SetInt64(n)))
			}
		}
	}
}
