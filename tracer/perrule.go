package tracer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"clew/chains"
)

// Rule is an accounting rule: how a pot decides which lots leave.
type Rule uint8

// The rules, in the order in which every table lists them. Poison marks contact; it is no
// accounting rule and does not conserve.
const (
	FIFO Rule = iota
	LIFO
	ProRata
	LIBR
	PIFO
	TIHO
	Poison
	numRules
)

var ruleNames = [numRules]string{"fifo", "lifo", "prorata", "libr", "pifo", "tiho", "poison"}

// Rules returns every rule in order.
func Rules() []Rule { return []Rule{FIFO, LIFO, ProRata, LIBR, PIFO, TIHO, Poison} }

// ParseRule reads a rule's name.
func ParseRule(name string) (Rule, error) {
	for i, n := range ruleNames {
		if n == name {
			return Rule(i), nil
		}
	}
	return 0, fmt.Errorf("rule %q: want one of %v", name, ruleNames[:Poison])
}

// String returns the rule's name.
func (r Rule) String() string {
	if r >= numRules {
		return fmt.Sprintf("rule %d", uint8(r))
	}
	return ruleNames[r]
}

// Conserves reports whether what is stolen equals what is found under r.
func (r Rule) Conserves() bool { return r != Poison }

// MarshalText gives the rule's name. What is no rule is an error: encoding/json reads a text in place
// of a list of rules as base64, so there can be one.
func (r Rule) MarshalText() ([]byte, error) {
	if r >= numRules {
		return nil, fmt.Errorf("%s: there is none", r)
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (r *Rule) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRule(string(text))
	return err
}

// Basis says how the traced amount in a movement is known. A path is as strong as its
// weakest basis, which is the largest value here.
type Basis uint8

// The bases, strongest first.
const (
	Whole      Basis = iota // nothing else was in the pot
	ByRule                  // an accounting convention decided
	Conversion              // through a swap
	BridgeKey               // over a bridge, by the protocol's own key
	Inference               // a heuristic linked two ends
	Adopted                 // the analyst said so, with a reason
	numBases
)

var basisNames = [numBases]string{"whole", "rule", "conversion", "bridge-key", "inference", "adopted"}

// String returns the word that the contract uses.
func (b Basis) String() string { return basisNames[b] }

// MarshalText gives the basis's name.
func (b Basis) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (b *Basis) UnmarshalText(text []byte) error {
	for i, n := range basisNames {
		if n == string(text) {
			*b = Basis(i)
			return nil
		}
	}
	return fmt.Errorf("basis %q: want one of %v", text, basisNames)
}

// PerRule is a value under each rule, null where the rule has none. In JSON it is an object
// with the rules as keys, in their order.
type PerRule[T any] struct {
	Value [numRules]T
	Null  [numRules]bool
}

// Traced is the traced amount under each rule; null where the rule does not say.
type Traced = PerRule[chains.Amount]

// Get returns the value under r and whether there is one.
func (p *PerRule[T]) Get(r Rule) (T, bool) { return p.Value[r], !p.Null[r] }

// MarshalJSON writes {"fifo": …, …, "poison": …}.
func (p PerRule[T]) MarshalJSON() ([]byte, error) { return p.appendJSON(make([]byte, 0, 192)) }

// appendJSON appends it to b. A trace is made of these, so the usual values are written
// without reflection.
func (p *PerRule[T]) appendJSON(b []byte) ([]byte, error) {
	for i, name := range ruleNames {
		b = append(append(append(b, "{,"[min(i, 1)], '"'), name...), '"', ':')
		if p.Null[i] {
			b = append(b, "null"...)
			continue
		}
		switch v := any(&p.Value[i]).(type) {
		case *chains.Amount:
			b = appendText(b, v.String())
		case *Basis:
			b = appendText(b, v.String())
		case *BasisSplit:
			b = v.appendJSON(b)
		default:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			b = append(b, text...)
		}
	}
	return append(b, '}'), nil
}

// appendText appends digits or a word as JSON's text.
func appendText(b []byte, text string) []byte {
	return append(append(append(b, '"'), text...), '"')
}

// UnmarshalJSON reads what MarshalJSON wrote. A rule that is absent is null.
func (p *PerRule[T]) UnmarshalJSON(data []byte) error {
	var m map[Rule]*T
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	for i := range p.Value {
		v := m[Rule(i)]
		p.Null[i] = v == nil
		if v != nil {
			p.Value[i] = *v
		}
	}
	return nil
}

// BySeed divides traced amounts by the seed that they came from, in the order of the
// incident's seeds. In JSON it is an object keyed by seed id.
type BySeed []SeedTraced

// SeedTraced is what is traced of one seed.
type SeedTraced struct {
	Seed   string
	Traced Traced
	index  int32 // of the seed in the incident
}

// MarshalJSON writes {"V1": {"fifo": …}, …}.
func (s BySeed) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 32+224*len(s)), '{')
	for i := range s {
		if i > 0 {
			b = append(b, ',')
		}
		key, err := json.Marshal(s[i].Seed)
		if err != nil {
			return nil, err
		}
		if b, err = s[i].Traced.appendJSON(append(append(b, key...), ':')); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, keeping the order of the keys.
func (s *BySeed) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return errors.Join(fmt.Errorf("%v: want an object with the seeds as keys", open), err)
	}
	*s = BySeed{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		e := SeedTraced{}
		e.Seed, _ = key.(string) // as the key of an object is
		if err := dec.Decode(&e.Traced); err != nil {
			return err
		}
		*s = append(*s, e)
	}
	return nil
}

// MarshalJSON writes the parts that are not zero: {"whole": "…", "rule": "…"}.
func (s BasisSplit) MarshalJSON() ([]byte, error) { return s.appendJSON(nil), nil }

func (s *BasisSplit) appendJSON(b []byte) []byte {
	b = append(b, '{')
	first := true
	for i := range s.Parts {
		if s.Parts[i].IsZero() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendText(append(appendText(b, basisNames[i]), ':'), s.Parts[i].String())
	}
	return append(b, '}')
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *BasisSplit) UnmarshalJSON(data []byte) error {
	var m map[Basis]chains.Amount
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	*s = BasisSplit{}
	for b, a := range m {
		s.Parts[b] = a
	}
	return nil
}
