package screen

import (
	"clew/chains"
	"clew/tracer"
)

// traced is a trace as the index keeps it: who moved what where, in columns. It takes about 150 bytes
// a hop, and some 30 more for each further seed whose value a hop carries. It is immutable.
//
// Numbers are into its own slices; -1 is none.
type traced struct {
	texts     string // all addresses, as text and as key
	assets    []chains.Asset
	seeds     []string // ids
	txs       []tracedTx
	addresses []tracedAddress
	said      []nodeSaid             // see tracedAddress
	links     map[int32]*tracer.Link // of hops, by their places
	arrivals  []tracedArrival        // of seeds first, then of each hop's legs
	hops      []tracedHop
	parents   []int32    // see tracedHop
	parts     []seedPart // of arrivals, by seed; none where there is one seed
	several   []int32    // see tracedArrival.from
	big       []chains.Amount
	balances  []heldBalance
	accounts  bool // pots are accounts: which output a leg spends is not told
}

type tracedTx struct {
	id    chains.TxID
	chain chains.Chain
	time  int64
	// height is an int64 as everywhere.
	height int64
	first  int32 // of its arrivals
}

type tracedAddress struct {
	chain        chains.Chain
	text, key    uint32 // where they begin in texts
	textLen      uint16
	keyLen       uint16 // 0: the key was not needed
	first        int32  // of its arrivals
	firstBalance int32
	said         int32 // what the trace says of it, in said; -1: nothing
}

// nodeSaid is what a trace says of an address, and who claims it.
type nodeSaid struct{ entity, source string }

// tracedArrival is value that came somewhere: by a leg of a hop, or as a seed.
type tracedArrival struct {
	units [2]packed // traced: fifo, prorata
	whole packed
	tx    int32
	// address is where it came to; from where it came from, or, where there are several, the place in
	// several at which they stand, counted below -1: their number, then each. Of a seed, from is the
	// address of the pot that it lies in.
	address, from int32
	hop           int32 // that brought it; of a seed the number of its id, of an alias the arrival that it stands for
	vout          uint32
	nextAtPlace   int32
	nextInTx      int32
	nextAtAddress int32
	parts         int32 // the first of its parts; they end where those of the next arrival begin
	asset         uint16
	flags         arrivalFlags
	kind          uint8 // of nodeKinds
	reason        uint8 // of tracer.Reasons, plus one; 0: it went on
	evidence      chains.Evidence
	basis         [2]tracer.Basis
}

// arrivalFlags say what an arrival is.
type arrivalFlags uint16

const (
	isSeed       arrivalFlags = 1 << iota
	isOutput                  // vout says which
	isAlias                   // one more output of an arrival that came in several
	noPlace                   // nobody can ask for it as a place: fees, what is burnt, what goes into a mix of outputs
	isSecond                  // the second leg of its hop: the first is the arrival before it
	unsaid                    // neither rule says anything
	wholeCounted              // another arrival at the place has its whole
	isLater                   // another arrival at the place comes before it
	inMix                     // it goes into a mix of outputs
	isShared                  // it came in several outputs; aliases stand for the others
)

// has reports whether f is among the flags.
func (a *tracedArrival) has(f arrivalFlags) bool { return a.flags&f != 0 }

// tracedHop is a hop. What it carries on are parents: arrivals, by their numbers, and hops that took
// from the same account before it, counted below -1.
type tracedHop struct {
	number  int32
	hops    int32 // from a seed, the least
	parents int32 // the first; they end where those of the next hop begin
	last    int32 // arrival of its last leg
	// own is the weakest evidence of its legs, came that of all ways that lead to where it begins.
	own, came chains.Evidence
	kind      uint8 // of hopKinds
	// skip is, of every stride-th hop of a run in which each carries on one arrival alone, the arrival
	// stride hops before it; -1 of others. skipped is the weakest evidence of those between.
	skip    int32
	skipped chains.Evidence
}

// stride is how many hops a way skips at once.
const stride = 128

// seedPart is the share of one seed in an arrival.
type seedPart struct {
	units [2]packed
	seed  int32
}

// heldBalance is what an account held at the end.
type heldBalance struct {
	units   [2]packed
	whole   packed
	address int32
	next    int32 // of the same address
	asset   uint16
	basis   [2]tracer.Basis
}

// nodeKinds numbers the kinds of nodes.
var nodeKinds = [...]tracer.NodeKind{
	tracer.NodeAddress, tracer.NodeTransaction, tracer.NodeService, tracer.NodeMixer, tracer.NodeBridge,
	tracer.NodePool, tracer.NodeContract, tracer.NodeCoinbase,
}

// hopKinds numbers the kinds of hops.
var hopKinds = [...]tracer.HopKind{tracer.HopTransfer, tracer.HopSwap, tracer.HopBridge, tracer.HopMixer, tracer.HopFee}

// seedKind is what a path calls the receipt of a seed.
const seedKind = "seed"

// packed is an amount: itself where it is below manyUnits, else the number of one in big.
type packed uint64

const manyUnits packed = 1 << 63

func (t *traced) amount(p packed) chains.Amount {
	if p < manyUnits {
		return chains.Units(uint64(p))
	}
	return t.big[p-manyUnits]
}

// pack keeps an amount. What is equal to one of the last few is kept once: units, traced units and
// those of the other rule mostly are.
func (t *traced) pack(a chains.Amount) packed {
	if n, ok := a.Uint64(); ok && packed(n) < manyUnits {
		return packed(n)
	}
	const few = 4
	for i := len(t.big) - 1; i >= max(0, len(t.big)-few); i-- {
		if t.big[i].Cmp(a) == 0 {
			return manyUnits + packed(i)
		}
	}
	t.big = append(t.big, a)
	return manyUnits + packed(len(t.big)-1)
}

func (t *traced) text(address int32) string {
	if address < 0 {
		return ""
	}
	a := &t.addresses[address]
	return t.texts[a.text : a.text+uint32(a.textLen)]
}

func (t *traced) key(address int32) chains.Address {
	if address < 0 {
		return ""
	}
	a := &t.addresses[address]
	return chains.Address(t.texts[a.key : a.key+uint32(a.keyLen)])
}

// place returns where an arrival lies.
func (t *traced) place(n int32) Place {
	a := &t.arrivals[n]
	tx := &t.txs[a.tx]
	p := Place{Chain: tx.chain, Tx: tx.id, Asset: t.assets[a.asset]}
	if a.has(isOutput) {
		p.Vout = a.vout
	} else {
		p.Account = t.key(a.address)
	}
	return p
}

// samePlace reports whether an arrival lies at p.
func (t *traced) samePlace(n int32, p *Place) bool {
	a := &t.arrivals[n]
	tx := &t.txs[a.tx]
	if tx.id != p.Tx || tx.chain != p.Chain || t.assets[a.asset] != p.Asset || a.has(isOutput) != (p.Account == "") {
		return false
	}
	if a.has(isOutput) {
		return a.vout == p.Vout
	}
	return t.key(a.address) == p.Account
}

// hit adds up what lies at the place of an arrival, the first of its place. With aliases, it holds what
// the place shares with other outputs.
func (t *traced) hit(n int32, about *Loaded, aliases bool) Hit {
	first := &t.arrivals[n]
	tx := &t.txs[first.tx]
	h := Hit{
		Incident: about, Place: t.place(n), Address: t.text(first.address), Height: tx.height, Time: tx.time,
		Evidence: chains.EvidenceProven, Kind: nodeKinds[first.kind], Ref: int(n), Unsaid: true,
	}
	for i := n; i >= 0; i = t.arrivals[i].nextAtPlace {
		a := &t.arrivals[i]
		if a.has(isAlias) && !aliases {
			continue
		}
		if a.has(isAlias) {
			a = &t.arrivals[a.hop]
		}
		h.Together = h.Together || a.has(isShared)
		t.addTo(&h, a)
		if i == n || t.hopsAt(i) < h.Hops {
			h.Hops = t.hopsAt(i)
		}
	}
	return h
}

// addTo adds an arrival to the hit of its place.
func (t *traced) addTo(h *Hit, a *tracedArrival) {
	h.Units.FIFO = h.Units.FIFO.Plus(t.amount(a.units[0]))
	h.Units.ProRata = h.Units.ProRata.Plus(t.amount(a.units[1]))
	if !a.has(wholeCounted) {
		h.Whole = h.Whole.Plus(t.amount(a.whole))
	}
	h.Evidence = min(h.Evidence, t.weakest(a))
	h.Basis.FIFO, h.Basis.ProRata = max(h.Basis.FIFO, a.basis[0]), max(h.Basis.ProRata, a.basis[1])
	h.Unsaid = h.Unsaid && a.has(unsaid)
	if a.reason > 0 {
		h.Ends = tracer.Reasons()[a.reason-1]
	}
}

// weakest returns the weakest evidence of all ways that lead to an arrival.
func (t *traced) weakest(a *tracedArrival) chains.Evidence {
	if a.has(isSeed) {
		return a.evidence
	}
	return min(t.hops[a.hop].own, t.hops[a.hop].came)
}

// heldHit is what an account held at the end.
func (s *indexSlot) heldHit(n int32) Hit {
	held := &s.balances[n]
	a := &s.addresses[held.address]
	h := Hit{
		Incident: s.about, Place: Place{Chain: a.chain, Account: s.key(held.address), Asset: s.assets[held.asset]}, Address: s.text(held.address),
		Units: Split[chains.Amount]{FIFO: s.amount(held.units[0]), ProRata: s.amount(held.units[1])}, Whole: s.amount(held.whole),
		Evidence: chains.EvidenceAttested, Basis: Split[tracer.Basis]{FIFO: held.basis[0], ProRata: held.basis[1]},
		Kind: tracer.NodeAddress, Ends: tracer.ReasonBalance, Ref: -1,
	}
	for i := range s.about.AsOf {
		if at := &s.about.AsOf[i]; at.Chain == a.chain {
			h.Height = at.Height
		}
	}
	return h
}

// hopsAt returns how many hops lead to an arrival from a seed, at least.
func (t *traced) hopsAt(n int32) int {
	a := &t.arrivals[n]
	if a.has(isAlias) {
		return t.hopsAt(a.hop)
	}
	if a.has(isSeed) {
		return 0
	}
	return int(t.hops[a.hop].hops)
}
