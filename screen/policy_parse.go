package screen

import (
	"crypto/sha256"
	_ "embed" // of the default policy
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"clew/chains"
	"clew/strict"
)

// PolicySchema is the value of the field `clew` in a policy.
const PolicySchema = "rules/1"

//go:embed policies/default.yaml
var defaultPolicy []byte

// DefaultPolicyName is how the policy that the program carries is called where a file's name would stand.
const DefaultPolicyName = "default.yaml"

var parseDefault = sync.OnceValue(func() *Policy {
	p, err := ParsePolicy(DefaultPolicyName, defaultPolicy, nil)
	if err != nil {
		panic("screen: the policy that the program carries: " + err.Error())
	}
	return p
})

// DefaultPolicy returns the policy that the program carries, with a reason for each of its lines.
func DefaultPolicy() *Policy { return parseDefault() }

// ParsePolicy reads a policy. name stands in errors, which are *strict.FieldError with line and field
// for an unknown field, a word that is not known, a wrong type, an impossible value, a rule that
// contradicts itself, an id that stands twice, and what is not YAML at all. codec reads the addresses
// and tokens that it names; with nil it may name none.
func ParsePolicy(name string, data []byte, codec Codec) (*Policy, error) {
	root, err := strict.YAML(name, data, strict.Form{
		First: "clew", Want: "want clew: " + PolicySchema, One: "one policy in a file", Near: true,
	})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	p := &policyParser{codec: codec, policy: &Policy{
		DecideBy: ByLarger, NotCovered: Review, Failed: Review,
		Budget: Budget{Hops: 20, Transactions: 2_000, Milliseconds: 1_000},
		Deep:   Budget{Hops: 200, Transactions: 100_000, Milliseconds: 60_000},
		SHA256: hex.EncodeToString(sum[:]), Source: append([]byte(nil), data...),
	}}
	if err := p.root(root); err != nil {
		return nil, err
	}
	return p.policy, nil
}

type policyParser struct {
	codec  Codec
	policy *Policy
}

func (p *policyParser) root(root strict.Value) error {
	to := p.policy
	var schema string
	rules := root.At("rules")
	err := root.Fields(map[string]func(strict.Value) error{
		"clew":        func(v strict.Value) error { return v.Text(&schema) },
		"id":          func(v strict.Value) error { return strict.Parse(v, &to.ID, parseID) },
		"title":       func(v strict.Value) error { return v.Text(&to.Title) },
		"notes":       func(v strict.Value) error { return v.Text(&to.Notes) },
		"decide_by":   func(v strict.Value) error { return parseWord(v, &to.DecideBy, ByFIFO, ByProRata, ByLarger) },
		"budget":      func(v strict.Value) error { return parseBudget(v, &to.Budget) },
		"deep":        func(v strict.Value) error { return parseBudget(v, &to.Deep) },
		"not_covered": func(v strict.Value) error { return parseWord(v, &to.NotCovered, Allow, Review, Block) },
		"failed":      func(v strict.Value) error { return parseFailed(v, &to.Failed) },
		"max_behind":  func(v strict.Value) error { return p.maxBehind(v) },
		"dust":        func(v strict.Value) error { return p.amounts(v, &to.Dust) },
		"score":       func(v strict.Value) error { return p.score(v) },
		"rules":       func(v strict.Value) error { rules = v; return v.List(p.rule) },
	})
	switch {
	case err != nil:
		return err
	case schema != PolicySchema:
		return root.At("clew").Errorf("want %q, got %q", PolicySchema, schema)
	case to.ID == "":
		return root.At("id").Errorf("a policy needs an id: verdicts name it")
	case len(to.Rules) == 0:
		return rules.Errorf("a policy needs at least one rule: without any nothing is ever a match")
	}
	return nil
}

// parseID reads what names a policy or a rule in verdicts and logs: letters, digits, and . _ - between.
func parseID(s string) (string, error) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if s == "" || len(s) > 64 || strings.Trim(s, letters+"._-") != "" || !strings.Contains(letters, s[:1]) {
		return "", fmt.Errorf("%q: want 1 to 64 letters, digits, dots, hyphens or underscores, a letter or digit first", s)
	}
	return s, nil
}

// parseFailed reads what to do where screening failed. That is never allow: an error is no answer.
func parseFailed(v strict.Value, to *Action) error {
	var action Action
	if err := parseWord(v, &action, Allow, Review, Block); err != nil {
		return err
	}
	if action == Allow {
		return v.Errorf("an error says nothing of the subject, so it allows nothing: want review or block")
	}
	*to = action
	return nil
}

// parseBudget reads bounds. One that is left out keeps what it was.
func parseBudget(v strict.Value, to *Budget) error {
	most := MaxBudget()
	bound := func(to *int, most int) func(strict.Value) error {
		return func(v strict.Value) error {
			var n int
			err := strict.Parse(v, &n, strict.Count)
			switch {
			case err != nil:
				return err
			case n == 0 || n > most:
				return v.Errorf("%d: want from 1 to %d", n, most)
			}
			*to = n
			return nil
		}
	}
	return v.Fields(map[string]func(strict.Value) error{
		"hops":         bound(&to.Hops, most.Hops),
		"transactions": bound(&to.Transactions, most.Transactions),
		"milliseconds": bound(&to.Milliseconds, most.Milliseconds),
	})
}

func (p *policyParser) maxBehind(v strict.Value) error {
	p.policy.MaxBehind = map[chains.Chain]int64{}
	return v.Each(func(f strict.Value, key string) error {
		chain, err := parseChain(key)
		if err != nil {
			return f.Errorf("%v", err)
		}
		var n int
		if err := strict.Parse(f, &n, strict.Count); err != nil {
			return err
		}
		return putOnce(f, p.policy.MaxBehind, chain, int64(n))
	})
}

func (p *policyParser) score(v strict.Value) error {
	p.policy.Score = map[Category]int{}
	return v.Each(func(f strict.Value, key string) error {
		category, err := oneOf(key, Categories())
		if err != nil {
			return f.Errorf("%v", err)
		}
		var weight int
		if err := strict.Parse(f, &weight, strict.Count); err != nil {
			return err
		}
		if weight > mostScore {
			return f.Errorf("%d: want a weight from 0 to %d", weight, mostScore)
		}
		p.policy.Score[category] = weight
		return nil
	})
}

// putOnce puts a value under a key that may be written in several ways.
func putOnce[K comparable, V any](f strict.Value, m map[K]V, key K, value V) error {
	if _, twice := m[key]; twice {
		return f.Errorf("stands twice, as %v", key)
	}
	m[key] = value
	return nil
}
