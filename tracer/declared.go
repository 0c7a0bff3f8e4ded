package tracer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/strict"
)

// KnownWrapped is the kind of a contract that wraps the native coin, beside the kinds of nodes.
const KnownWrapped NodeKind = "wrapped"

// KnownWallet is the kind of an account that one owner holds, whatever code it has.
const KnownWallet NodeKind = "wallet"

// knownKinds are those that the incident may name.
var knownKinds = []NodeKind{KnownWallet, NodeService, NodeMixer, NodeBridge, NodePool, NodeContract, KnownWrapped}

// outputKinds are those of addresses where value lies in outputs: there is no code.
var outputKinds = []NodeKind{KnownWallet, NodeService, NodeMixer, NodeBridge}

// Known is an account that the analyst names. It wins over all tables, over labels and over what the
// node says.
type Known struct {
	Chain    chains.Chain
	Address  chains.Address
	Kind     string // wallet, service, mixer, bridge, pool, contract or wrapped
	Entity   string // whose it is; "" for not said
	Protocol string // of a bridge, whose events count as registered where they come from here
	Source   string // who says so
}

// Adopt is a candidate behind a mixer or a bridge that the analyst adopts: what went in goes on
// where he says.
type Adopt struct {
	FromChain chains.Chain
	FromTx    chains.TxID    // the transaction with the deposit
	To        Seed           // what an address receives in a transaction
	Units     *chains.Amount // of the deposit; nil: all that is left of it
	Reason    string
	line      strict.Value
}

// errorf is an error that names the line.
func (a *Adopt) errorf(format string, args ...any) error {
	if a.line.Node == nil {
		return fmt.Errorf("adopt: "+format, args...)
	}
	return a.line.Errorf(format, args...)
}

// known returns what the incident says of an account; nil where it says nothing.
func (inc *Incident) known(chain chains.Chain, a chains.Address) *Known {
	for i := range inc.Known {
		if k := &inc.Known[i]; k.Chain == chain && k.Address == a {
			return k
		}
	}
	return nil
}

// protocol reads the name of a bridge.
func (p *parser) protocol(v strict.Value, to *string) error {
	if err := v.Text(to); err != nil {
		return err
	}
	b, ok := p.codec.(Bridges)
	if !ok || slices.Contains(b.BridgeProtocols(), *to) {
		return nil
	}
	return v.Errorf("protocol %q: want one of %s", *to, strings.Join(b.BridgeProtocols(), ", "))
}

func (p *parser) known(v strict.Value, inc *Incident) error {
	var k Known
	address := v
	err := v.Fields(map[string]func(strict.Value) error{
		"chain":    func(v strict.Value) error { return strict.Parse(v, &k.Chain, chains.ParseChain) },
		"address":  func(v strict.Value) error { address = v; return nil },
		"kind":     func(v strict.Value) error { return strict.Parse(v, &k.Kind, parseKnownKind) },
		"entity":   func(v strict.Value) error { return v.Text(&k.Entity) },
		"protocol": func(v strict.Value) error { return p.protocol(v, &k.Protocol) },
		"source":   func(v strict.Value) error { return v.Text(&k.Source) },
	})
	if err != nil {
		return err
	}
	if k.Chain == "" || k.Kind == "" || k.Source == "" {
		return v.Errorf("a known account needs chain, address, kind and source")
	}
	if inOutputs(k.Chain) && !slices.Contains(outputKinds, NodeKind(k.Kind)) {
		return v.Errorf("kind %q: %s keeps value in outputs, where an address is one of %v", k.Kind, k.Chain, outputKinds)
	}
	if err := strict.Parse(address, &k.Address, func(text string) (chains.Address, error) {
		return p.codec.ParseAddress(k.Chain, text)
	}); err != nil {
		return err
	}
	if inc.known(k.Chain, k.Address) != nil {
		return v.Errorf("this account stands twice")
	}
	inc.Known = append(inc.Known, k)
	return nil
}

func parseKnownKind(s string) (string, error) {
	if !slices.Contains(knownKinds, NodeKind(s)) {
		return "", fmt.Errorf("kind %q: want one of %v", s, knownKinds)
	}
	return s, nil
}

func (p *parser) adopt(v strict.Value, inc *Incident) error {
	a := Adopt{line: v}
	var from, to string
	err := v.Fields(map[string]func(strict.Value) error{
		"from": func(v strict.Value) error { return v.Text(&from) },
		"to":   func(v strict.Value) error { return v.Text(&to) },
		"units": func(v strict.Value) error {
			a.Units = new(chains.Amount)
			return strict.Parse(v, a.Units, chains.ParseAmount)
		},
		"reason": func(v strict.Value) error { return v.Text(&a.Reason) },
	})
	switch {
	case err != nil:
		return err
	case from == "" || to == "" || a.Reason == "":
		return v.Errorf("an adopted candidate needs from (CHAIN:TXID), to (CHAIN:TXID:ADDRESS[:ASSET]) and a reason")
	case a.Units != nil && a.Units.IsZero():
		return v.Errorf("an amount of 0 adopts nothing")
	}
	chain, rest, err := chains.SplitChain(from)
	if err == nil {
		a.FromChain = chain
		a.FromTx, err = parseTxID(rest)
	}
	if err != nil {
		return v.Errorf("from: want CHAIN:TXID: %v", err)
	}
	if a.To, err = ParseSeed("adopt", to, p.codec); err != nil {
		return v.Errorf("to: %v", err)
	}
	switch {
	case a.To.Tx == nil:
		return v.Errorf("to: want CHAIN:TXID:ADDRESS[:ASSET], what an address receives in a transaction")
	case a.FromChain.Info().Family != chains.FamilyEVM, a.To.Chain.Info().Family != chains.FamilyEVM:
		return v.Errorf("candidates are adopted on chains of accounts")
	}
	inc.Adopt = append(inc.Adopt, a)
	return nil
}

func (p *parser) statement(v strict.Value, inc *Incident) error {
	s := Statement{Rows: []StatementRow{}}
	decimals := -1
	number := func(to *string) func(strict.Value) error {
		return func(v strict.Value) error {
			return strict.Parse(v, to, func(text string) (string, error) { return text, checkDecimal(text, decimals) })
		}
	}
	err := v.Fields(map[string]func(strict.Value) error{
		"asset":    func(v strict.Value) error { return v.Text(&s.Asset) },
		"decimals": func(v strict.Value) error { return strict.Parse(v, &decimals, strict.Count) },
		"taken":    number(&s.Taken),
		"source":   func(v strict.Value) error { return v.Text(&s.Source) },
		"rows": func(v strict.Value) error {
			return v.List(func(v strict.Value) error {
				var row StatementRow
				err := v.Fields(map[string]func(strict.Value) error{
					"what":   func(v strict.Value) error { return v.Text(&row.What) },
					"amount": number(&row.Amount),
				})
				if err == nil && (row.What == "" || row.Amount == "") {
					err = v.Errorf("a row needs what and amount")
				}
				s.Rows = append(s.Rows, row)
				return err
			})
		},
	})
	if err != nil {
		return err
	}
	if s.Asset == "" || s.Taken == "" || s.Source == "" {
		return v.Errorf("a statement needs asset, taken, rows and source")
	}
	if s.Unaccounted, err = s.unaccounted(); err != nil {
		return v.Errorf("%v", err)
	}
	inc.Statement = append(inc.Statement, s)
	return nil
}

// checkDecimal refuses what is no plain decimal, and more decimals than the asset has where
// those are told (not −1).
func checkDecimal(text string, decimals int) error {
	whole, part, point := strings.Cut(text, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	switch {
	case !digits(whole) || point && !digits(part) || len(text) > 100:
		return fmt.Errorf("%q: want a decimal number like 4074960.77", text)
	case decimals >= 0 && len(part) > decimals:
		return fmt.Errorf("%q: it has more than %d decimals", text, decimals)
	}
	return nil
}

// unaccounted returns what was taken less the rows, exactly.
func (s *Statement) unaccounted() (string, error) {
	places := 0
	texts := []string{s.Taken}
	for _, r := range s.Rows {
		texts = append(texts, r.Amount)
	}
	for _, text := range texts {
		_, part, _ := strings.Cut(text, ".")
		places = max(places, len(part))
	}
	taken, err := scaledDecimal(s.Taken, places)
	var rows chains.Amount
	for _, text := range texts[1:] {
		row, second := scaledDecimal(text, places)
		sum, third := rows.Add(row)
		rows, err = sum, errors.Join(err, second, third)
	}
	if err != nil {
		return "", err
	}
	sign, left := "", chains.Max(taken, rows).Minus(chains.Min(taken, rows))
	if taken.Less(rows) {
		sign = "-"
	}
	digits := fmt.Sprintf("%0*s", places+1, left)
	if places == 0 {
		return sign + digits, nil
	}
	cut := len(digits) - places
	return sign + strings.TrimSuffix(strings.TrimRight(digits[:cut]+"."+digits[cut:], "0"), "."), nil
}

// scaledDecimal returns a checked decimal times 10^places, which must be at least its own.
func scaledDecimal(text string, places int) (chains.Amount, error) {
	whole, part, _ := strings.Cut(text, ".")
	digits := strings.TrimLeft(whole+part+strings.Repeat("0", places-len(part)), "0")
	return chains.ParseAmount(cmp.Or(digits, "0"))
}

// parseTxID reads a transaction's id; chains of accounts write 0x before it.
func parseTxID(text string) (chains.TxID, error) {
	return chains.ParseHash(strings.TrimPrefix(text, "0x"))
}

// ParseAsset reads an asset of a chain, in the form in which adapters write it: native, a token's
// address, ADDRESS/ID, or claimed:NAME.
func ParseAsset(chain chains.Chain, text string, codec Codec) (chains.Asset, error) {
	name, claimed := strings.CutPrefix(text, chains.ClaimedPrefix)
	switch {
	case text == string(chains.Native):
		return chains.Native, nil
	case chain.Info().Family != chains.FamilyEVM:
		return "", fmt.Errorf("asset %q: on %s the native coin only is followed", text, chain)
	case claimed && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "":
		return chains.Asset(text), nil
	case claimed:
		return "", fmt.Errorf("asset %q: want small letters and digits behind %s", text, chains.ClaimedPrefix)
	}
	address, number, nft := strings.Cut(text, "/")
	a, err := codec.ParseAddress(chain, address)
	if err != nil {
		return "", fmt.Errorf("asset %q: want native or a token's address: %w", text, err)
	}
	asset := chains.Asset(codec.FormatAddress(chain, a))
	if !nft {
		return asset, nil
	}
	if _, err := chains.ParseAmount(number); err != nil || len(number) > 1 && number[0] == '0' {
		return "", errors.New("asset " + text + ": want the id behind / in decimal digits")
	}
	return asset + "/" + chains.Asset(number), nil
}
