package tracer

import (
	"fmt"

	"clew/chains"
)

// course is what a sweep needs whatever its chain's pots are: what it reads and writes, the
// seeds, and how far it has come.
type course struct {
	inc   *Incident
	chain chains.Chain
	src   Source
	opt   Options
	out   *ledger

	seedTxs  map[chains.TxID][]int    // seeds by the transaction in which they are received
	windows  map[chains.Address][]int // seeds by the address that receives them in a window
	found    []chains.Amount          // units seeded, by seed
	received []bool                   // a receipt was met, by seed
	touched  int                      // transactions
	poisoned bool                     // stop.touched was reached
	next     int                      // sequence of the next holding
}

func newCourse(inc *Incident, chain chains.Chain, src Source, codec Codec, opt Options) course {
	return course{
		inc: inc, chain: chain, src: src, opt: opt, out: newLedger(inc, chain, codec, opt),
		seedTxs:  map[chains.TxID][]int{},
		windows:  map[chains.Address][]int{},
		found:    make([]chains.Amount, len(inc.Seeds)),
		received: make([]bool, len(inc.Seeds)),
	}
}

// limits says whether and why the incident's stops cut a holding of an asset off.
func (c *course) limits(h *holding, asset chains.Asset) (Reason, string) {
	stop := &c.inc.Stop
	dust := stop.Dust[asset]
	switch {
	case !dust.IsZero() && h.largest().Less(dust):
		return ReasonDust, fmt.Sprintf("stop.dust: less than %s traced under every accounting rule", dust)
	case stop.Hops > 0 && h.hops >= stop.Hops:
		return ReasonLimit, fmt.Sprintf("stop.hops: %d", stop.Hops)
	case h.conserved():
		return "", ""
	case c.poisoned:
		return ReasonLimit, c.touchedNote()
	case c.opt.TouchedOnly:
		return ReasonLimit, "poison alone is not followed by one pass over a node's blocks"
	}
	return "", ""
}

// reachTouched notes that stop.touched was reached, and reports whether it was only now.
func (c *course) reachTouched() bool {
	reached := !c.poisoned && c.touched >= c.inc.Stop.Touched
	c.poisoned = c.poisoned || reached
	return reached
}

func (c *course) touchedNote() string {
	return fmt.Sprintf("stop.touched: %d transactions; poison alone is not followed", c.inc.Stop.Touched)
}

func (c *course) nextSeq() int {
	c.next++
	return c.next - 1
}
