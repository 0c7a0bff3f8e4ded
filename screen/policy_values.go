package screen

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"clew/chains"
	"clew/strict"
	"clew/tracer"
)

// Categories returns every category, the gravest first.
func Categories() []Category { return slices.Clone(grave[:]) }

// oneOf reads one of the known words. The error names the one that the text is likely a slip of.
func oneOf[T ~string](text string, known []T) (T, error) {
	words := make([]string, len(known))
	for i, k := range known {
		if string(k) == text {
			return k, nil
		}
		words[i] = string(k)
	}
	near := strict.Nearest(text, words)
	if _, categories := any(known).([]Category); categories && near == "" {
		near = string(gravestOf(text)) // a word of the field for one of them
	}
	if near != "" {
		return "", fmt.Errorf("%q: did you mean %q? (known: %s)", text, near, strings.Join(words, ", "))
	}
	return "", fmt.Errorf("%q: want one of %s", text, strings.Join(words, ", "))
}

func parseWord[T ~string](v strict.Value, to *T, known ...T) error {
	return strict.Parse(v, to, func(s string) (T, error) { return oneOf(s, known) })
}

// parseSeveral reads a list, or one element without a list, none of which stands twice.
func parseSeveral[T comparable](v strict.Value, to *[]T, read func(string) (T, error)) error {
	one := func(v strict.Value) error {
		var t T
		if err := strict.Parse(v, &t, read); err != nil {
			return err
		}
		for _, other := range *to {
			if other == t {
				return v.Errorf("%v stands twice", t)
			}
		}
		*to = append(*to, t)
		return nil
	}
	if v.Kind == yaml.ScalarNode {
		return one(v)
	}
	if err := v.List(one); err != nil {
		return err
	}
	if len(*to) == 0 {
		return v.Errorf("the list is empty, so that nothing would fit: leave the field out for any")
	}
	return nil
}

func severalWords[T ~string](to *[]T, known ...T) func(strict.Value) error {
	return func(v strict.Value) error {
		return parseSeveral(v, to, func(s string) (T, error) { return oneOf(s, known) })
	}
}

func parseText(s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", errors.New("empty: leave the field out")
	}
	return s, nil
}

func parseChain(s string) (chains.Chain, error) {
	chain, err := chains.ParseChain(s)
	if err == nil {
		return chain, nil
	}
	names := make([]string, 0, len(chains.Known()))
	for _, in := range chains.Known() {
		names = append(names, string(in.Name))
	}
	if near := strict.Nearest(s, names); near != "" {
		return "", fmt.Errorf("did you mean %q? %w", near, err)
	}
	return "", err
}

func parseBasis(s string) (tracer.Basis, error) {
	names := make([]string, 0, tracer.Adopted+1)
	for b := tracer.Whole; b <= tracer.Adopted; b++ {
		if b.String() == s {
			return b, nil
		}
		names = append(names, b.String())
	}
	_, err := oneOf(s, names)
	return 0, err
}

func parseEvidence(s string) (chains.Evidence, error) {
	names := make([]string, 0, chains.EvidenceProven)
	for e := chains.EvidenceImported; e <= chains.EvidenceProven; e++ {
		if e.String() == s {
			return e, nil
		}
		names = append(names, e.String())
	}
	_, err := oneOf(s, names)
	return 0, err
}

// shareUnits are how many decimals a share may have behind the point, for each way to write it: as many
// as a part in a million has.
var shareUnits = []struct {
	suffix   string
	decimals int
}{{"%", 4}, {"ppm", 0}, {"", 6}}

// parseShare reads a share as "1%", "0.01" or "10000 ppm", exactly. A bare 1 is refused: who means one part in a
// hundred writes it too.
func parseShare(s string) (int64, error) {
	if s == "1" {
		return 0, errors.New("share 1: write 100% or 1%")
	}
	for _, unit := range shareUnits {
		digits, ok := strings.CutSuffix(s, unit.suffix)
		if !ok {
			continue
		}
		n, err := decimalUnits(strings.TrimSpace(digits), unit.decimals)
		if err != nil {
			return 0, fmt.Errorf("share %q: %w: want one like 1%%, 0.01 or 250 ppm, in whole parts of a million", s, err)
		}
		ppm, fits := n.Uint64()
		if !fits || ppm == 0 || ppm > Million {
			return 0, fmt.Errorf("share %q: want more than 0 and at most all (100%% or 1000000 ppm); leave the field out for any", s)
		}
		return int64(ppm), nil
	}
	return 0, fmt.Errorf("share %q: want one like 1%%, 0.01 or 250 ppm", s)
}

// decimalUnits returns a decimal times 10^places, if that is whole.
func decimalUnits(s string, places int) (chains.Amount, error) {
	whole, frac, point := strings.Cut(s, ".")
	if whole == "" || point && frac == "" {
		return chains.Amount{}, errors.New("digits are missing")
	}
	if len(frac) > places {
		if strings.Trim(frac[places:], "0") != "" {
			return chains.Amount{}, fmt.Errorf("more than %d digits behind the point", places)
		}
		frac = frac[:places]
	}
	return chains.ParseAmount(whole + frac + strings.Repeat("0", places-len(frac)))
}

// parseUnits reads an amount in whole smallest units, or, of a chain's own coin, in coins with their
// symbol: "100000", "0.001 BTC".
func parseUnits(chain chains.Chain, asset chains.Asset) func(string) (chains.Amount, error) {
	return func(s string) (chains.Amount, error) {
		digits, symbol, inCoins := strings.Cut(s, " ")
		var a chains.Amount
		var err error
		switch in := chain.Info(); {
		case !inCoins && asset == chains.Native && strings.Contains(s, "."):
			err = fmt.Errorf("%q: want whole units, digits only, or coins with their symbol: %q", s, s+" "+in.Symbol)
		case !inCoins:
			a, err = chains.ParseAmount(s)
		case asset != chains.Native:
			err = fmt.Errorf("%q: how many decimals a token has, its contract claims: want whole units, digits only", s)
		case symbol != in.Symbol:
			err = fmt.Errorf("%q: the coin of %s is %s", s, chain, in.Symbol)
		default:
			a, err = decimalUnits(digits, in.Decimals)
		}
		if err == nil && a.IsZero() {
			err = errors.New("0 asks for nothing: leave the field out")
		}
		return a, err
	}
}

// parseMoment reads a time, or a day in UTC: its first second, or where end is set its last.
func parseMoment(end bool) func(string) (time.Time, error) {
	return func(s string) (time.Time, error) {
		t, err := time.Parse(time.DateOnly, s)
		if err == nil && end {
			t = t.AddDate(0, 0, 1).Add(-time.Second)
		}
		if err != nil {
			t, err = time.Parse(time.RFC3339, s)
		}
		if err != nil || t.Nanosecond() != 0 || t.UTC().Year() < 1970 || t.UTC().Year() > 9999 {
			return time.Time{}, fmt.Errorf("%q: want a day like 2026-03-31 or a time like 2026-03-31T12:00:00Z, from 1970 on", s)
		}
		return t.UTC(), nil
	}
}

// asset reads an asset of a chain, in the form in which adapters write it.
func (p *policyParser) asset(chain chains.Chain, s string) (chains.Asset, error) {
	if s == string(chains.Native) {
		return chains.Native, nil
	}
	if p.codec == nil {
		return "", fmt.Errorf("asset %q: only native can be named here", s)
	}
	return tracer.ParseAsset(chain, s, p.codec)
}

// amounts reads an amount for each asset of each chain.
func (p *policyParser) amounts(v strict.Value, to *map[chains.Chain]map[chains.Asset]chains.Amount) error {
	*to = map[chains.Chain]map[chains.Asset]chains.Amount{}
	if len(v.Content) == 0 && v.Kind == yaml.MappingNode {
		return v.Errorf("it names no asset: leave the field out")
	}
	return v.Each(func(f strict.Value, key string) error {
		chain, err := parseChain(key)
		if err != nil {
			return f.Errorf("%v", err)
		}
		assets := map[chains.Asset]chains.Amount{}
		if err := putOnce(f, *to, chain, assets); err != nil {
			return err
		}
		return f.Each(func(f strict.Value, key string) error {
			asset, err := p.asset(chain, key)
			if err != nil {
				return f.Errorf("%v", err)
			}
			var a chains.Amount
			if err := strict.Parse(f, &a, parseUnits(chain, asset)); err != nil {
				return err
			}
			return putOnce(f, assets, asset, a)
		})
	})
}
