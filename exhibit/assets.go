package exhibit

import (
	"fmt"
	"math"
	"strings"
	"unicode"

	"clew/chains"
	"clew/tracer"
)

const (
	// symbolRunes is how many characters of a claimed symbol are shown.
	symbolRunes = 12
	// mostDecimals is what 2²⁵⁶ − 1 has digits, less one: more decimals cannot be meant.
	mostDecimals = 77
)

// Assets knows how the amounts of a trace are written. A token is written by the symbol that
// its contract claims and, since any contract can claim any symbol, the short form of its
// address; one that is known (tokens.go) by its symbol alone. Two that would be written alike
// are told apart by their chain, and by the whole address if need be. The zero Assets knows
// native coins only. Safe for concurrent use.
type Assets struct{ names map[Unit]naming }

// naming is how a unit is written.
type naming struct {
	symbol   string
	brief    string // in drawings and summaries; "" where symbol is all there is
	decimals int    // digits behind the point
}

// NameAssets reads the assets of t.
func NameAssets(t *tracer.Trace) *Assets {
	a := &Assets{names: map[Unit]naming{}}
	info := map[Unit]*tracer.AssetInfo{}
	for i := range t.Assets {
		info[Unit{t.Assets[i].Chain, t.Assets[i].Asset}] = &t.Assets[i]
	}
	var order []Unit
	see := func(u Unit) {
		if _, seen := a.names[u]; !seen {
			a.names[u] = nameOf(u, info[u])
			order = append(order, u)
		}
	}
	eachUnit(t, see)
	tell := func(other func(Unit, naming) string) {
		alike := map[string]int{}
		for _, u := range order {
			alike[a.names[u].symbol]++
		}
		for _, u := range order {
			if n := a.names[u]; alike[n.symbol] > 1 {
				n.symbol = other(u, n)
				a.names[u] = n
			}
		}
	}
	tell(func(u Unit, n naming) string { return n.symbol + " (" + visible(string(u.Chain)) + ")" })
	tell(func(u Unit, n naming) string { return n.symbol + " " + visible(string(u.Asset)) })
	a.shorten(order, info)
	return a
}

// shorten gives tokens of order the name that drawings and summaries use, which explain it once
// (legend): the symbol that is claimed, with the chain where tokens of several chains claim it.
// One that claims what another of its chain does, or the symbol of a coin or of a known token,
// keeps its address: nothing may pass for something else.
func (a *Assets) shorten(order []Unit, info map[Unit]*tracer.AssetInfo) {
	type claim struct {
		symbol string
		chain  chains.Chain
	}
	onChain, chainsWith, taken := map[claim]int{}, map[string]int{}, takenSymbols(order)
	claims := map[Unit]string{}
	for _, u := range order {
		i := info[u]
		if i == nil || u.Asset.IsValuation() || i.Decimals < 0 || i.Decimals > mostDecimals || strings.Contains(string(u.Asset), "/") {
			continue
		}
		symbol := claimedSymbol(i.Symbol)
		if symbol == "" || symbol != i.Symbol || taken[strings.ToUpper(symbol)] {
			continue
		}
		claims[u] = symbol
		key := claim{strings.ToUpper(symbol), u.Chain}
		if onChain[key]++; onChain[key] == 1 {
			chainsWith[key.symbol]++
		}
	}
	for u, symbol := range claims {
		upper, n := strings.ToUpper(symbol), a.names[u]
		switch {
		case onChain[claim{upper, u.Chain}] > 1:
			continue
		case chainsWith[upper] > 1:
			symbol += " (" + visible(string(u.Chain)) + ")"
		}
		n.brief = symbol
		a.names[u] = n
	}
}

// takenSymbols are those of coins and of known tokens.
func takenSymbols(order []Unit) map[string]bool {
	taken := map[string]bool{}
	for _, u := range order {
		taken[strings.ToUpper(nativeName(u.Chain).symbol)] = true
	}
	for _, symbol := range KnownTokens() {
		taken[symbol] = true
	}
	return taken
}

// eachUnit calls see for the units that t counts in, in the order in which it names them.
func eachUnit(t *tracer.Trace, see func(Unit)) {
	for i := range t.Seeds {
		see(Unit{t.Seeds[i].Chain, t.Seeds[i].Asset})
	}
	for i := range t.Hops {
		for k := range t.Hops[i].Legs {
			see(legUnit(&t.Hops[i].Legs[k]))
		}
	}
	for i := range t.Endpoints {
		see(Unit{t.Endpoints[i].Chain, t.Endpoints[i].Asset})
	}
	for r := range t.Conservation.Value {
		for _, c := range t.Conservation.Value[r] {
			see(Unit{c.Chain, c.Asset})
		}
	}
}

// nameOf writes u by what its contract claims; nil: nothing is known of that.
func nameOf(u Unit, info *tracer.AssetInfo) naming {
	if u.Asset == chains.Native {
		return nativeName(u.Chain)
	}
	if u.Asset.IsValuation() {
		return valued(u, info)
	}
	short := shortAsset(u.Asset)
	if info == nil {
		return naming{symbol: "units of " + short}
	}
	symbol := claimedSymbol(info.Symbol)
	switch {
	case info.Decimals < 0 || info.Decimals > mostDecimals:
		return naming{symbol: strings.Join(strings.Fields("units of "+symbol+" "+short), " ")}
	case symbol == "":
		return naming{symbol: "token " + short, decimals: info.Decimals}
	case KnownTokens()[u] == info.Symbol:
		return naming{symbol: symbol, decimals: info.Decimals}
	}
	return naming{symbol: symbol + " " + short, decimals: info.Decimals}
}

func nativeName(c chains.Chain) naming {
	in := c.Info()
	switch in.Symbol {
	case "":
		return naming{symbol: "units of " + visible(string(c)), decimals: in.Decimals}
	case "coin": // of a chain without a name
		return naming{symbol: "coins", decimals: in.Decimals}
	}
	return naming{symbol: in.Symbol, decimals: in.Decimals}
}

// shortAsset shortens a token's address, and the id of one that has an id.
func shortAsset(asset chains.Asset) string {
	address, number, has := strings.Cut(visible(string(asset)), "/")
	if !has {
		return shorten(address)
	}
	return shorten(address) + " #" + shorten(number)
}

// claimedSymbol makes a symbol that a contract claims safe beside a number: at most
// symbolRunes characters, of the Latin script, digits, common signs and currency signs; any
// other is written as [U+05D0], since letters of some scripts turn the order of what stands
// beside them. What does not look like a plain symbol stands in quotation marks.
func claimedSymbol(raw string) string {
	var b strings.Builder
	plain, n := true, 0
	for i, r := range raw {
		if n == symbolRunes {
			b.WriteString("…")
			plain = false
			break
		}
		n++
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		switch {
		case letter, i > 0 && ('0' <= r && r <= '9' || strings.ContainsRune(".-_", r)):
			b.WriteRune(r)
		case ' ' <= r && r <= '~' && r != '"', unicode.In(r, unicode.Latin, unicode.Sc):
			b.WriteRune(r)
			plain = false
		default:
			fmt.Fprintf(&b, "[U+%04X]", r)
			plain = false
		}
	}
	if b.Len() == 0 || plain {
		return b.String()
	}
	return "“" + b.String() + "”"
}

func (a *Assets) name(u Unit) naming {
	if n, ok := a.names[u]; ok {
		return n
	}
	return nameOf(u, nil)
}

// Symbol returns what stands behind a number of an asset: "BTC", "USDC", "START 0x6CcF12…4A7e72",
// "units of 0x6CcF12…4A7e72" where no decimals are known.
func (a *Assets) Symbol(chain chains.Chain, asset chains.Asset) string {
	return a.symbol(Unit{chain, asset})
}

// Number writes an amount for people without its symbol, exact: the digits of the whole part
// are grouped by three with thin spaces.
func (a *Assets) Number(chain chains.Chain, asset chains.Asset, amount chains.Amount) string {
	return a.number(Unit{chain, asset}, amount)
}

func (a *Assets) symbol(u Unit) string { return a.name(u).symbol }

// plain writes an amount as an exact decimal number without grouping: "1234.50000000". Up to 8
// decimals are always printed; of more, trailing zeros beyond the second are left out.
func (a *Assets) plain(u Unit, amount chains.Amount) string {
	whole, frac := splitDecimal(amount.String(), a.name(u).decimals)
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

// format writes an amount for people, with its symbol: "1 234.50000000 BTC". The digits of the
// whole part are grouped by three with thin spaces; nothing is rounded.
func (a *Assets) format(u Unit, amount chains.Amount) string {
	return a.number(u, amount) + "\u00a0" + a.symbol(u)
}

// number is format without the symbol.
func (a *Assets) number(u Unit, amount chains.Amount) string {
	if amount == mostUnits() {
		return "2²⁵⁶−1 or more units, in"
	}
	whole, frac := splitDecimal(amount.String(), a.name(u).decimals)
	whole = groupThousands(whole)
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

// sums writes the amounts one after another: "1.50000000 BTC + 3 units of 0x…".
func (a *Assets) sums(s Sums) string {
	parts := a.parts(s)
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, " + ")
}

// parts writes the amounts of s that are not 0; one that stands alone even then.
func (a *Assets) parts(s Sums) []string {
	parts := make([]string, 0, len(s))
	for _, e := range s {
		if !e.Units.IsZero() || len(s) == 1 {
			parts = append(parts, a.format(e.unit(), e.Units))
		}
	}
	return parts
}

// mostUnits is the largest Amount. A sum of whole movements that is beyond it stays there: a
// contract may move any number of its own tokens.
func mostUnits() chains.Amount {
	most, two64 := chains.Units(math.MaxUint64), chains.Units(math.MaxUint64)
	for range 3 {
		q, _ := most.MulDiv(two64, chains.Units(1))
		most = q.Plus(most).Plus(two64)
	}
	return most
}

// plus adds whole amounts; a sum that is beyond any Amount is mostUnits.
func plus(a, b chains.Amount) chains.Amount {
	sum, err := a.Add(b)
	if err != nil {
		return mostUnits()
	}
	return sum
}

func legUnit(leg *tracer.Leg) Unit { return Unit{leg.Chain, leg.Asset} }
