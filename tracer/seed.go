package tracer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"clew/chains"
	"clew/strict"
)

// ParseSeed reads a seed as it stands on the command line:
//
//	CHAIN:TXID:VOUT                an output
//	CHAIN:TXID:ADDRESS[:ASSET]     what ADDRESS received in TXID
//	CHAIN:ADDRESS[:ASSET]@FROM..TO what ADDRESS received from FROM to TO
//
// FROM and TO are heights or times like 20220329T111950Z, both included. Without ASSET:
// the native coin.
func ParseSeed(id, text string, codec Codec) (Seed, error) {
	s := Seed{ID: id, Asset: chains.Native, Height: -1}
	chain, rest, err := chains.SplitChain(text)
	if err != nil {
		return s, fmt.Errorf("seed %q: %w", text, err)
	}
	s.Chain = chain
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		err = s.window(rest[:at], rest[at+1:], codec)
	} else {
		err = s.inTx(rest, codec)
	}
	if err != nil {
		return s, fmt.Errorf("seed %q: %w", text, err)
	}
	return s, nil
}

// String gives the seed in the form that ParseSeed reads, but for its part.
func (s *Seed) text(codec Codec) string {
	switch {
	case s.Out != nil:
		return fmt.Sprintf("%s:%s", s.Chain, s.Out)
	case s.Tx != nil:
		return fmt.Sprintf("%s:%s:%s", s.Chain, s.Tx, s.receiver(codec))
	}
	return fmt.Sprintf("%s:%s@%s..%s", s.Chain, s.receiver(codec), s.From, s.To)
}

// receiver gives ADDRESS, and the asset behind it where that is not the native coin.
func (s *Seed) receiver(codec Codec) string {
	text := codec.FormatAddress(s.Chain, s.Address)
	if s.Asset != chains.Native {
		text += ":" + string(s.Asset)
	}
	return text
}

func (s *Seed) window(address, span string, codec Codec) error {
	from, to, ok := strings.Cut(span, "..")
	if !ok {
		return fmt.Errorf("window %q: want FROM..TO", span)
	}
	var err error
	if s.From, err = parseBound(from); err != nil {
		return err
	}
	if s.To, err = parseBound(to); err != nil {
		return err
	}
	if err := s.checkWindow(); err != nil {
		return err
	}
	return s.addressAsset(address, codec)
}

func (s *Seed) checkWindow() error {
	if s.From.after(s.To) {
		return fmt.Errorf("window from %s to %s ends before it starts", s.From, s.To)
	}
	return nil
}

// addressAsset reads ADDRESS[:ASSET]; a colon may also belong to the address.
func (s *Seed) addressAsset(text string, codec Codec) error {
	a, err := codec.ParseAddress(s.Chain, text)
	if err == nil {
		s.Address = a
		return nil
	}
	cut := strings.LastIndexByte(text, ':')
	if claimed := strings.Index(text, ":"+chains.ClaimedPrefix); claimed >= 0 {
		cut = claimed
	}
	if cut < 0 {
		return err
	}
	a, second := codec.ParseAddress(s.Chain, text[:cut])
	if second != nil {
		return err
	}
	s.Address = a
	s.Asset, err = ParseAsset(s.Chain, text[cut+1:], codec)
	return err
}

func (s *Seed) inTx(rest string, codec Codec) error {
	id, what, ok := strings.Cut(rest, ":")
	if !ok {
		return errors.New("want CHAIN:TXID:VOUT, CHAIN:TXID:ADDRESS or CHAIN:ADDRESS@FROM..TO")
	}
	tx, err := parseTxID(id)
	if err != nil {
		return err
	}
	if s.Chain.Info().Family == chains.FamilyEVM {
		s.Tx = &tx
		return s.addressAsset(what, codec)
	}
	if vout, err := strconv.ParseUint(what, 10, 32); err == nil {
		s.Out = &chains.OutPoint{Tx: tx, Index: uint32(vout)}
		return nil
	}
	s.Tx = &tx
	return s.addressAsset(what, codec)
}

// String gives a height, or a time in the basic form that seeds use.
func (b Bound) String() string {
	if b.Time.IsZero() {
		return strconv.FormatInt(b.Height, 10)
	}
	return b.Time.UTC().Format("20060102T150405Z")
}

// after reports whether b is surely behind c: both are heights, or both times.
func (b Bound) after(c Bound) bool {
	return b.Time.IsZero() == c.Time.IsZero() && b.compare(c) > 0
}

// compare orders two heights, or two times.
func (b Bound) compare(c Bound) int {
	return cmp.Or(cmp.Compare(b.Height, c.Height), b.Time.Compare(c.Time))
}

func parseBound(s string) (Bound, error) {
	if h, err := strconv.ParseInt(s, 10, 64); err == nil && h >= 0 {
		return Bound{Height: h}, nil
	}
	t, err := parseTime(s)
	if err != nil {
		return Bound{}, fmt.Errorf("%q: want a height, or a time like 20220329T111950Z or 2022-03-29T11:19:50Z", s)
	}
	return Bound{Time: t}, nil
}

func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "20060102T150405Z"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t = t.UTC(); t.Nanosecond() != 0 || t.Year() < 1970 || t.Year() > 9999 {
			return time.Time{}, fmt.Errorf("%q: want whole seconds, from 1970 on", s)
		}
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%q: want a time in UTC like 2022-03-29T11:19:50Z", s)
}

// isWindow reports whether the seed is what an address received in a span of blocks.
func (s *Seed) isWindow() bool { return s.Out == nil && s.Tx == nil }

// before reports whether the bound lies before block r, r itself not included.
func (b Bound) before(r chains.BlockRef) bool {
	if b.Time.IsZero() {
		return b.Height < r.Height
	}
	return b.Time.Unix() < r.Time
}

// behind reports whether the bound lies behind block r.
func (b Bound) behind(r chains.BlockRef) bool {
	if b.Time.IsZero() {
		return b.Height > r.Height
	}
	return b.Time.Unix() > r.Time
}

// contains reports whether a block lies in the seed's window.
func (s *Seed) contains(r chains.BlockRef) bool { return !s.From.behind(r) && !s.To.before(r) }

// seedFields are the fields of one seed of the file, before they are put together.
type seedFields struct {
	output, address, to, asset strict.Value
	tx                         *chains.TxID
	from                       *Bound
	take                       string
}

// seed reads one of the three forms of seed in an incident file.
func (p *parser) seed(v strict.Value, inc *Incident) error {
	s := Seed{Asset: chains.Native, Height: -1}
	var f seedFields
	bound := func(to **Bound) func(strict.Value) error {
		return func(v strict.Value) error { *to = new(Bound); return strict.Parse(v, *to, parseBound) }
	}
	err := v.Fields(map[string]func(strict.Value) error{
		"id":      func(v strict.Value) error { return v.Text(&s.ID) },
		"output":  func(v strict.Value) error { f.output = v; return nil },
		"chain":   func(v strict.Value) error { return strict.Parse(v, &s.Chain, chains.ParseChain) },
		"tx":      func(v strict.Value) error { f.tx = new(chains.TxID); return strict.Parse(v, f.tx, parseTxID) },
		"address": func(v strict.Value) error { f.address = v; return nil },
		"from":    bound(&f.from),
		"to": func(v strict.Value) error { // the receiver of `tx`, or the end of a window
			f.to = v
			return nil
		},
		"asset": func(v strict.Value) error { f.asset = v; return nil },
		"amount": func(v strict.Value) error {
			s.Amount = new(chains.Amount)
			return strict.Parse(v, s.Amount, chains.ParseAmount)
		},
		"take": func(v strict.Value) error { return v.Text(&f.take) },
		"height": func(v strict.Value) error {
			n := 0
			err := strict.Parse(v, &n, strict.Count)
			s.Height = int64(n)
			return err
		},
	})
	if err != nil {
		return err
	}
	if s.ID == "" {
		s.ID = fmt.Sprintf("V%d", len(inc.Seeds)+1)
	}
	if p.ids[s.ID] {
		return v.Errorf("the id %q stands twice", s.ID)
	}
	p.ids[s.ID] = true
	if err := p.form(v, &s, f); err != nil {
		return err
	}
	if err := p.asset(f.asset, s.Chain, &s.Asset); err != nil {
		return err
	}
	if err := s.part(v, f.take); err != nil {
		return err
	}
	inc.Seeds = append(inc.Seeds, s)
	return nil
}

// form decides which of the three forms a seed has.
func (p *parser) form(v strict.Value, s *Seed, f seedFields) error {
	switch {
	case f.output.Node != nil:
		if f.tx != nil || f.address.Node != nil || f.to.Node != nil || f.from != nil {
			return v.Errorf("output stands alone: no tx, to, address or from beside it")
		}
		o, err := ParseSeed(s.ID, f.output.Value, p.codec)
		switch {
		case err != nil:
			return f.output.Errorf("want CHAIN:TXID:VOUT: %v", err)
		case o.Out == nil:
			return f.output.Errorf("want CHAIN:TXID:VOUT, an output: %q is another form of seed", f.output.Value)
		case s.Chain != "" && s.Chain != o.Chain:
			return f.output.Errorf("it is on %s, and the seed's chain is %s", o.Chain, s.Chain)
		}
		s.Chain, s.Out = o.Chain, o.Out
		return nil
	case s.Chain == "":
		return v.Errorf("a seed without output needs a chain")
	case f.tx != nil:
		if f.to.Node == nil || f.address.Node != nil || f.from != nil {
			return v.Errorf("a seed by tx needs `to`, the address that received, and neither address nor from")
		}
		s.Tx = f.tx
		return p.address(f.to, s)
	case f.address.Node != nil && f.from != nil && f.to.Node != nil:
		s.From = *f.from
		if err := strict.Parse(f.to, &s.To, parseBound); err != nil {
			return err
		}
		if err := s.checkWindow(); err != nil {
			return v.Errorf("%v", err)
		}
		return p.address(f.address, s)
	}
	return v.Errorf("want output; or chain, tx and to; or chain, address, from and to")
}

func (p *parser) address(v strict.Value, s *Seed) error {
	if v.Kind != yaml.ScalarNode {
		return v.Errorf("want an address")
	}
	return strict.Parse(v, &s.Address, func(text string) (chains.Address, error) {
		return p.codec.ParseAddress(s.Chain, text)
	})
}

// part reads which part of what was received is meant.
func (s *Seed) part(v strict.Value, take string) error {
	switch take {
	case "first", "last":
	case "":
		if s.Amount != nil {
			return v.Errorf("amount needs take: first or last, which says which part is meant")
		}
	default:
		return v.Errorf("take %q: want first or last", take)
	}
	s.Last = take == "last"
	switch {
	case s.Amount == nil && take != "":
		return v.Errorf("take needs an amount")
	case s.Amount != nil && s.Amount.IsZero():
		return v.Errorf("an amount of 0 seeds nothing")
	case s.Amount != nil && s.Asset.IsValuation():
		return v.Errorf("%s is somebody's valuation: a part of it is no part of the money, and contact has no parts", s.Asset)
	case s.Last && s.isWindow():
		return v.Errorf("take: last of a window is known only at its end: name the transactions instead")
	case s.isWindow() && s.Height >= 0:
		return v.Errorf("height belongs to output and tx; a window has from and to")
	}
	return nil
}

// overlaps finds two seeds that name the same receipt where the incident alone shows it.
// Others are found when both meet an output.
func overlaps(v strict.Value, seeds []Seed) error {
	type scale struct {
		chain   chains.Chain
		address chains.Address
		asset   chains.Asset
		byTime  bool
	}
	exact := map[string]string{}
	windows := map[scale][]*Seed{}
	var scales []scale // in the order of the file
	for i := range seeds {
		s := &seeds[i]
		key := string(s.Chain) + " "
		switch {
		case s.Out != nil:
			key += s.Out.String()
		case s.Tx != nil:
			key += s.Tx.String() + " " + string(s.Address) + " " + string(s.Asset)
		default:
			if byTime := !s.From.Time.IsZero(); byTime == !s.To.Time.IsZero() { // a mixed one is compared with none
				at := scale{s.Chain, s.Address, s.Asset, byTime}
				if windows[at] == nil {
					scales = append(scales, at)
				}
				windows[at] = append(windows[at], s)
			}
			continue
		}
		if other, taken := exact[key]; taken {
			return v.Errorf("the seeds %s and %s overlap", other, s.ID)
		}
		exact[key] = s.ID
	}
	for _, at := range scales {
		if err := overlapping(v, windows[at]); err != nil {
			return err
		}
	}
	return nil
}

// overlapping finds two of the windows, all by height or all by time, that have a block in
// common: once they are sorted by their beginnings, each is compared with the one before
// it, which ends before it begins or the two overlap.
func overlapping(v strict.Value, windows []*Seed) error {
	slices.SortStableFunc(windows, func(a, b *Seed) int { return a.From.compare(b.From) })
	last := windows[0]
	for _, s := range windows[1:] {
		if s.From.compare(last.To) <= 0 {
			return v.Errorf("the seeds %s and %s overlap", last.ID, s.ID)
		}
		last = s // it begins behind last's end, and so ends later
	}
	return nil
}
