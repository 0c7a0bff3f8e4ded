package screen

import (
	"fmt"
	"slices"
	"time"

	"clew/chains"
	"clew/strict"
)

// rule reads one line of a policy.
func (p *policyParser) rule(v strict.Value) error {
	r := Rule{Line: v.Line}
	fields := p.conditions(&r)
	fields["id"] = func(v strict.Value) error { return strict.Parse(v, &r.ID, parseID) }
	fields["action"] = func(v strict.Value) error { return parseWord(v, &r.Action, Allow, Review, Block) }
	fields["reason"] = func(v strict.Value) error { return strict.Parse(v, &r.Reason, parseText) }
	if err := v.Fields(fields); err != nil {
		return err
	}
	if err := p.checkRule(v, &r); err != nil {
		return err
	}
	p.policy.Rules = append(p.policy.Rules, r)
	return nil
}

// conditions has a reader for each condition of a rule.
func (p *policyParser) conditions(r *Rule) map[string]func(strict.Value) error {
	return map[string]func(strict.Value) error{
		"category":  severalWords(&r.Categories, Categories()...),
		"type":      severalWords(&r.Distance, Own, Direct, Indirect),
		"direction": severalWords(&r.Direction, Source, Destination),
		"known_by":  severalWords(&r.KnownBy, ByIncident, ByLabel, ByCluster, ByWalk),
		"chains":    func(v strict.Value) error { return parseSeveral(v, &r.Chains, parseChain) },
		"assets":    func(v strict.Value) error { return parseSeveral(v, &r.Assets, p.ruleAsset) },
		"min_share": func(v strict.Value) error { return strict.Parse(v, &r.MinShare, parseShare) },
		"min_units": func(v strict.Value) error { return p.amounts(v, &r.MinUnits) },
		"max_hops":  func(v strict.Value) error { return parseMaxHops(v, &r.MaxHops) },
		"bases":     func(v strict.Value) error { return parseSeveral(v, &r.Bases, parseBasis) },
		"evidence":  func(v strict.Value) error { return parseSeveral(v, &r.Evidence, parseEvidence) },
		"when":      func(v strict.Value) error { return parseWord(v, &r.When, AtTransaction, AtPresent, AtEither) },
		"from":      func(v strict.Value) error { return strict.Parse(v, &r.From, parseMoment(false)) },
		"until":     func(v strict.Value) error { return strict.Parse(v, &r.Until, parseMoment(true)) },
		"expires":   func(v strict.Value) error { return strict.Parse(v, &r.Expires, parseMoment(true)) },
		"incidents": func(v strict.Value) error { return parseSeveral(v, &r.Incidents, parseText) },
		"entities":  func(v strict.Value) error { return parseSeveral(v, &r.Entities, parseText) },
		"addresses": func(v strict.Value) error { return parseSeveral(v, &r.Addresses, p.address) },
	}
}

// ruleAsset reads an asset that a rule is for, on whatever chain of accounts: a token's address is the
// same text on all of them.
func (p *policyParser) ruleAsset(s string) (chains.Asset, error) { return p.asset(chains.EVM(1), s) }

// address reads CHAIN:ADDRESS.
func (p *policyParser) address(s string) (AddressOf, error) {
	chain, text, err := chains.SplitChain(s)
	if err != nil {
		return AddressOf{}, err
	}
	if p.codec == nil {
		return AddressOf{}, fmt.Errorf("address %q: none can be named here", s)
	}
	a, err := p.codec.ParseAddress(chain, text)
	if err != nil {
		return AddressOf{}, err
	}
	return AddressOf{chain, p.codec.FormatAddress(chain, a)}, nil
}

func parseMaxHops(v strict.Value, to *int) error {
	if err := strict.Parse(v, to, strict.Count); err != nil {
		return err
	}
	if *to == 0 {
		return v.Errorf("0 hops is what is said of an own address: write type: own, or leave the field out for any")
	}
	return nil
}

// named reports whether the rule names what it is for.
func (r *Rule) named() bool { return len(r.Incidents)+len(r.Entities)+len(r.Addresses) > 0 }

// checkRule refuses a rule that lacks something or that nothing could ever fit.
func (p *policyParser) checkRule(v strict.Value, r *Rule) error {
	at := func(field string) strict.Value { return v.Below(field) }
	for _, other := range p.policy.Rules {
		if other.ID == r.ID {
			return at("id").Errorf("%q stands in line %d already", r.ID, other.Line)
		}
	}
	switch {
	case r.ID == "":
		return at("id").Errorf("a rule needs an id: verdicts name it")
	case r.Action == "":
		return at("action").Errorf("a rule needs an action: allow, review or block")
	case r.Reason == "":
		return at("reason").Errorf("a rule needs a reason: whoever reads the verdict will ask")
	case r.Action == Allow:
		if err := checkAllow(v, r); err != nil {
			return err
		}
	case len(r.Categories) == 0:
		return at("category").Errorf("a rule to %s needs a category", r.Action)
	}
	if !r.From.IsZero() && !r.Until.IsZero() && r.Until.Before(r.From) {
		return at("until").Errorf("%s is before from", r.Until.Format(time.DateOnly))
	}
	if slices.Equal(r.Distance, []Distance{Own}) && (r.MinShare > 0 || r.MinUnits != nil || r.MaxHops > 0) {
		return at("type").Errorf("what is said of an own address is no part of its value: leave min_share, min_units and max_hops out")
	}
	if slices.Contains(r.Categories, Unknown) {
		return checkUnknown(at("category"), r)
	}
	return nil
}

// checkAllow: an exception is narrow, and ends.
func checkAllow(v strict.Value, r *Rule) error {
	switch {
	case !r.named():
		return v.Below("action").Errorf("allow takes what fits the rule out of all other rules: name incidents, entities or addresses")
	case r.Expires.IsZero():
		return v.Below("expires").Errorf("an exception needs a day on which somebody looks at it again")
	case r.MinShare > 0 || r.MinUnits != nil || r.MaxHops > 0:
		return v.Below("action").Errorf("allow takes single exposures whole: leave min_share, min_units and max_hops out")
	}
	return nil
}

// checkUnknown: of unknown value nothing but its amount is known.
func checkUnknown(v strict.Value, r *Rule) error {
	if len(r.Categories) > 1 {
		return v.Errorf("unknown is what no category explains: write a rule of its own for it")
	}
	if r.named() || len(r.Distance)+len(r.Bases)+len(r.Evidence)+len(r.KnownBy)+r.MaxHops > 0 ||
		r.When != "" || !r.From.IsZero() || !r.Until.IsZero() {
		return v.Errorf("of unknown value only the amount is known: want direction, chains, assets, min_share, min_units and expires only")
	}
	return nil
}
