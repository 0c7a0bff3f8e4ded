package tracer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"clew/chains"
	"clew/strict"
)

// FieldError says which line and field of an incident file is wrong.
type FieldError = strict.FieldError

// ParseIncident reads an incident file. name stands in errors. They are *FieldError for an
// unknown field, a wrong type, an impossible value, two seeds that overlap, and what is not
// YAML at all.
func ParseIncident(name string, data []byte, codec Codec) (*Incident, error) {
	root, err := strict.YAML(name, data, strict.Form{First: "clew", Want: "want clew: " + IncidentSchema, One: "one incident in a file"})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	inc := &Incident{Accounts: AccountsOutput, Stop: Stop{Touched: DefaultTouched}, SHA256: hex.EncodeToString(sum[:])}
	p := &parser{codec: codec, ids: map[string]bool{}}
	if err := p.incident(root, inc); err != nil {
		return nil, err
	}
	return inc, nil
}

type parser struct {
	codec Codec
	ids   map[string]bool // of the seeds read so far
}

func (p *parser) incident(root strict.Value, inc *Incident) error {
	var schema string
	declared := false
	seeds := root.At("seeds")
	var stop strict.Value // read behind the seeds, whose chains say what may stand there
	err := root.Fields(map[string]func(strict.Value) error{
		"clew":        func(v strict.Value) error { return v.Text(&schema) },
		"id":          func(v strict.Value) error { return v.Text(&inc.ID) },
		"title":       func(v strict.Value) error { return v.Text(&inc.Title) },
		"synthetic":   func(v strict.Value) error { return strict.Parse(v, &inc.Synthetic, strict.Bool) },
		"rule":        func(v strict.Value) error { declared = true; return strict.Parse(v, &inc.Rule, parseAccounting) },
		"rule_reason": func(v strict.Value) error { return v.Text(&inc.RuleReason) },
		"accounts":    func(v strict.Value) error { return strict.Parse(v, &inc.Accounts, parseAccounts) },
		"seeds": func(v strict.Value) error {
			seeds = v
			return v.List(func(v strict.Value) error { return p.seed(v, inc) })
		},
		"stop":      func(v strict.Value) error { stop = v; return nil },
		"openings":  func(v strict.Value) error { return v.List(func(v strict.Value) error { return p.opening(v, inc) }) },
		"adopt":     func(v strict.Value) error { return v.List(func(v strict.Value) error { return p.adopt(v, inc) }) },
		"known":     func(v strict.Value) error { return v.List(func(v strict.Value) error { return p.known(v, inc) }) },
		"statement": func(v strict.Value) error { return v.List(func(v strict.Value) error { return p.statement(v, inc) }) },
		"notes":     func(v strict.Value) error { return v.Text(&inc.Notes) },
		"case":      func(v strict.Value) error { inc.Case = &Case{}; return caseFields(v, inc.Case) },
	})
	if err == nil && stop.Node != nil {
		err = p.stop(stop, inc)
	}
	if err != nil {
		return err
	}
	switch {
	case schema != IncidentSchema:
		return root.At("clew").Errorf("want %q, got %q", IncidentSchema, schema)
	case !declared:
		return root.At("rule").Errorf("declare an accounting rule before any result: %s", strings.Join(ruleNames[:Poison], ", "))
	case len(inc.Seeds) == 0:
		return seeds.Errorf("a trace needs at least one seed")
	case inc.Rule == TIHO && inc.Accounts != AccountsOutput:
		return root.At("rule").Errorf("tiho is defined for outputs only, and accounts is %q", inc.Accounts)
	case inc.Accounts == AccountsCluster && slices.ContainsFunc(inc.Seeds, func(s Seed) bool { return !inOutputs(s.Chain) }):
		return root.At("accounts").Errorf("clusters are of addresses that spend together, which is not so on a chain of accounts: use address")
	case inc.Rule == TIHO && slices.ContainsFunc(inc.Seeds, func(s Seed) bool { return s.Chain.Info().Family == chains.FamilyEVM }):
		return root.At("rule").Errorf("tiho is defined for outputs only, and a seed lies on a chain of accounts")
	}
	if inc.ID == "" {
		return root.At("id").Errorf("an incident needs an id")
	}
	return overlaps(seeds, inc.Seeds)
}

// parseAccounting reads a rule that can be declared.
func parseAccounting(s string) (Rule, error) {
	r, err := ParseRule(s)
	if err == nil && !r.Conserves() {
		return 0, fmt.Errorf("%s marks contact and divides nothing: declare an accounting rule", r)
	}
	return r, err
}

func parseAccounts(s string) (Accounts, error) {
	switch Accounts(s) {
	case AccountsOutput, AccountsAddress, AccountsCluster:
		return Accounts(s), nil
	}
	return "", fmt.Errorf("%q: want output, address or cluster", s)
}

func (p *parser) stop(v strict.Value, inc *Incident) error {
	stop := &inc.Stop
	var touched int
	err := v.Fields(map[string]func(strict.Value) error{
		"hops": func(v strict.Value) error {
			if err := strict.Parse(v, &stop.Hops, strict.Count); err != nil || stop.Hops > 0 {
				return err
			}
			return v.Errorf("0 hops follow nothing: leave the field out for no limit")
		},
		"touched": func(v strict.Value) error { return strict.Parse(v, &touched, strict.Count) },
		"until": func(v strict.Value) error {
			var t time.Time
			stop.Until = &t
			return strict.Parse(v, &t, parseTime)
		},
		"dust": func(v strict.Value) error {
			stop.Dust = map[chains.Asset]chains.Amount{}
			return p.dust(v, inc)
		},
	})
	if touched > 0 {
		stop.Touched = touched
	}
	return err
}

// dust reads a least amount for each asset. A token's address is the same text on every chain of
// accounts.
func (p *parser) dust(v strict.Value, inc *Incident) error {
	known := map[string]func(strict.Value) error{}
	read := func(asset chains.Asset) func(strict.Value) error {
		return func(v strict.Value) error {
			if asset.IsValuation() {
				return v.Errorf("%s is somebody's valuation, of which no accounting rule traces anything that could be too little", asset)
			}
			var a chains.Amount
			err := strict.Parse(v, &a, chains.ParseAmount)
			inc.Stop.Dust[asset] = a
			return err
		}
	}
	known[string(chains.Native)] = read(chains.Native)
	for i := 0; v.Kind == yaml.MappingNode && i < len(v.Content); i += 2 {
		key := v.Content[i].Value
		for _, seed := range inc.Seeds {
			if asset, err := ParseAsset(seed.Chain, key, p.codec); err == nil {
				known[key] = read(asset)
			}
		}
	}
	return v.Fields(known)
}

func (p *parser) opening(v strict.Value, inc *Incident) error {
	o := Opening{Asset: chains.Native}
	address, asset, stated := v, strict.Value{}, false
	err := v.Fields(map[string]func(strict.Value) error{
		"chain":   func(v strict.Value) error { return strict.Parse(v, &o.Chain, chains.ParseChain) },
		"address": func(v strict.Value) error { address = v; return nil },
		"asset":   func(v strict.Value) error { asset = v; return nil },
		"amount":  func(v strict.Value) error { stated = true; return strict.Parse(v, &o.Amount, chains.ParseAmount) },
		"source":  func(v strict.Value) error { return v.Text(&o.Source) },
	})
	if err != nil {
		return err
	}
	if o.Chain == "" || o.Source == "" || !stated {
		return v.Errorf("an opening balance needs chain, address, amount and source")
	}
	if o.Address, err = p.codec.ParseAddress(o.Chain, address.Value); err != nil {
		return address.Errorf("%v", err)
	}
	if err := p.asset(asset, o.Chain, &o.Asset); err != nil {
		return err
	}
	for _, other := range inc.Openings {
		if other.Chain == o.Chain && other.Address == o.Address && other.Asset == o.Asset {
			return v.Errorf("the opening balance of this address stands twice")
		}
	}
	inc.Openings = append(inc.Openings, o)
	return nil
}

// asset reads a field that names an asset of a chain; one that is absent leaves to as it is.
func (p *parser) asset(v strict.Value, chain chains.Chain, to *chains.Asset) error {
	if v.Node == nil {
		return nil
	}
	return strict.Parse(v, to, func(text string) (chains.Asset, error) { return ParseAsset(chain, text, p.codec) })
}
