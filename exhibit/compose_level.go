package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/exhibit/scene"
)

// leastLevelWidth is how wide the drawing of a level is at least, for its head.
const leastLevelWidth = 720

// composeLevel draws the inside of a fold: its head, then what was laid out.
func (a *artist) composeLevel(p *placement) error {
	s := a.scene
	s.Width = max(leastLevelWidth, p.w+2*margin)
	fr := a.d.Frame()
	s.Title = fmt.Sprintf("Fold %d: %s", a.fold, fr.words())
	s.Description = fr.Sentence(a.d.Assets)
	g := scene.Group{Kind: scene.GroupFrame, ID: a.prefix + "head"}
	y, err := a.paragraph(&g, s.Title, margin/2, a.textWidth(), 16, true)
	if err != nil {
		return err
	}
	if y, err = a.paragraph(&g, s.Description, y, a.textWidth(), 13, false); err != nil {
		return err
	}
	g.Frame = scene.Rect{X: margin, Y: margin / 2, W: s.Width - 2*margin, H: y - margin/2}
	s.Groups = append(s.Groups, g)
	if err := a.groups(p, (s.Width-p.w)/2, y+14); err != nil {
		return err
	}
	s.Height = y + 14 + p.h + margin
	return a.watermark()
}

// Frame is what crosses the frame of a level, and what begins and ends inside.
type Frame struct {
	Enter, Leave       Sums // by the arrows from and to boxes outside
	Seeded, Held, Fees Sums
	// Given and received in swaps and bridges inside:
	ConvertedOut, ConvertedIn Sums
	feeWords                  string
	Known                     bool // false: the trace does not divide an amount, or says not how much is converted
	Addresses, Hops, Arrows   int  // Arrows cross the frame
	Endpoints                 int
}

// Frame adds up d, the diagram of a level, as its folded box does: Enter, Seeded and ConvertedIn
// equal Leave, Held, Fees and ConvertedOut where Known, asset by asset.
func (d *Diagram) Frame() Frame {
	f := Frame{Known: true, feeWords: d.feeWords()}
	hops := map[int]bool{}
	for i := range d.Boxes {
		b := &d.Boxes[i]
		f.Seeded, f.Fees = f.Seeded.addAll(b.Seeded), f.Fees.addAll(b.Fees)
		f.ConvertedOut, f.ConvertedIn = f.ConvertedOut.addAll(b.ConvertedOut), f.ConvertedIn.addAll(b.ConvertedIn)
		for _, h := range b.Held {
			f.Held = f.Held.add(Unit{h.Chain, h.Asset}, h.Traced)
			f.Endpoints += len(h.Endpoints)
		}
		f.Addresses += b.Addresses
		f.Known = f.Known && !b.unclear
		for _, h := range b.Hops {
			hops[h] = true
		}
	}
	for i := range d.Arrows {
		a := &d.Arrows[i]
		f.Known = f.Known && a.Known
		enters, leaves := d.Boxes[a.From].Kind == BoxFrom, d.Boxes[a.To].Kind == BoxTo
		if enters {
			f.Enter = f.Enter.add(a.unit(), a.Traced)
		}
		if leaves {
			f.Leave = f.Leave.add(a.unit(), a.Traced)
		}
		if enters || leaves {
			f.Arrows++
			continue
		}
		for _, h := range a.Hops {
			hops[h] = true
		}
	}
	f.Hops = len(hops)
	return f
}

// words count what is inside.
func (f *Frame) words() string {
	return count(f.Addresses, "address") + ", " + count(f.Hops, "hop") + " inside"
}

// Sentence is the sum of the level, which a reader can check on the drawing: asset by asset
// where there are several.
func (f *Frame) Sentence(names *Assets) string {
	var units []Unit
	for _, s := range []Sums{f.Enter, f.Seeded, f.ConvertedIn, f.Leave, f.Held, f.Fees, f.ConvertedOut} {
		for _, e := range s {
			if !slices.Contains(units, e.unit()) && !e.Units.IsZero() {
				units = append(units, e.unit())
			}
		}
	}
	if len(units) < 2 && !slices.ContainsFunc(units, func(u Unit) bool { return u.Asset.IsValuation() }) {
		return f.sentence(names, nil)
	}
	var parts []string
	for _, u := range units {
		if u.Asset.IsValuation() {
			parts = append(parts, capital(TextValued)+".")
			continue
		}
		parts = append(parts, f.sentence(names, &u))
	}
	return strings.Join(parts, " ")
}

// sentence is the sum of one asset; nil: of the only one.
func (f *Frame) sentence(names *Assets, u *Unit) string {
	var in, out []string
	part := func(list *[]string, what string, s Sums) {
		if u != nil {
			s = Sums{{u.Chain, u.Asset, s.of(*u)}}
		}
		if !s.isZero() {
			*list = append(*list, what+" "+names.sums(s))
		}
	}
	part(&in, "enters", f.Enter)
	part(&in, "alleged stolen inside", f.Seeded)
	part(&in, "comes out of swaps, bridges or mixers inside", f.ConvertedIn)
	part(&out, "leaves", f.Leave)
	part(&out, "ends inside", f.Held)
	part(&out, f.feeWords, f.Fees)
	part(&out, "goes into them inside", f.ConvertedOut)
	if len(in) == 0 {
		in = []string{"enters 0"}
	}
	if len(out) == 0 {
		out = []string{"leaves 0"}
	}
	if !f.Known {
		return "In part not divided by the trace, or converted inside: " + strings.Join(in, " + ") + "; " + strings.Join(out, ", ") + "."
	}
	return capital(strings.Join(in, " + ")) + " = " + strings.Join(out, " + ") + "."
}
