package tracer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"clew/chains"
)

// FieldError says which line and field of an incident file is wrong.
type FieldError struct {
	File   string
	Line   int
	Field  string // "" for the file as a whole, and where the line is no YAML
	Reason string
}

// Error gives FILE:LINE: field FIELD: REASON, or FILE:LINE: REASON.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s:%d: field %s: %s", e.File, e.Line, e.Field, e.Reason)
}

// ParseIncident reads an incident file. name stands in errors. They are *FieldError for an
// unknown field, a wrong type, an impossible value, two seeds that overlap, and what is not
// YAML at all.
func ParseIncident(name string, data []byte, codec Codec) (*Incident, error) {
	root, err := document(name, data, "clew", "want clew: "+IncidentSchema, "one incident in a file")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	inc := &Incident{Accounts: AccountsOutput, Stop: Stop{Touched: DefaultTouched}, SHA256: hex.EncodeToString(sum[:])}
	p := &parser{file: name, codec: codec, ids: map[string]bool{}}
	if err := p.incident(root, inc); err != nil {
		return nil, err
	}
	return inc, nil
}

// document returns the root of the one YAML document in data. first is the field that an empty file
// lacks, want what to do then, and one says why a second document is refused.
func document(name string, data []byte, first, want, one string) (*yaml.Node, error) {
	var doc, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&doc); errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		return nil, &FieldError{name, 1, first, "the file is empty: " + want}
	} else if err != nil {
		return nil, syntaxError(name, data, err)
	}
	if err := d.Decode(&second); err == nil {
		return nil, &FieldError{name, max(1, second.Line), first, "a second document begins here: " + one}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(name, data, err)
	}
	return doc.Content[0], nil
}

// syntaxError says in which line of data err is: the first one up to which data has this
// error. (The YAML parser's own number is one too low for some errors, and absent from others.)
func syntaxError(name string, data []byte, err error) error {
	what := withoutLine(err)
	lines := bytes.SplitAfter(data, []byte("\n"))
	n := sort.Search(len(lines), func(i int) bool {
		d := yaml.NewDecoder(bytes.NewReader(bytes.Join(lines[:i+1], nil)))
		var doc yaml.Node
		var err error
		for err == nil {
			err = d.Decode(&doc)
		}
		return withoutLine(err) == what
	})
	return &FieldError{File: name, Line: min(n+1, len(lines)), Reason: "this is not YAML: " + what}
}

// withoutLine returns what the YAML parser says, but for "yaml: line N: " in front of it.
func withoutLine(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if _, what, ok := strings.Cut(rest, ": "); ok {
			return what
		}
	}
	return text
}

type parser struct {
	file  string
	codec Codec
	ids   map[string]bool // of the seeds read so far
}

// value is a node of the file with the path to it, for errors.
type value struct {
	*yaml.Node
	p    *parser
	path string
}

func (v value) errorf(format string, args ...any) error {
	return &FieldError{v.p.file, v.Line, v.path, fmt.Sprintf(format, args...)}
}

// fields reads a mapping; known has a reader for each field that may stand in it.
func (v value) fields(known map[string]func(value) error) error {
	if v.Kind != yaml.MappingNode {
		return v.errorf("want fields, each as `name: value`")
	}
	seen := map[string]bool{}
	for i := 0; i < len(v.Content); i += 2 {
		key := v.Content[i].Value
		f := value{v.Content[i+1], v.p, strings.TrimPrefix(v.path+"."+key, ".")}
		f.Line = v.Content[i].Line
		read, ok := known[key]
		if !ok {
			return f.errorf("unknown field (known: %s)", strings.Join(sortedKeys(known), ", "))
		}
		if seen[key] {
			return f.errorf("stands twice")
		}
		seen[key] = true
		if f.Kind == yaml.ScalarNode && f.Tag == "!!null" {
			continue
		}
		if err := read(f); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// list reads a sequence, one element at a time.
func (v value) list(read func(value) error) error {
	if v.Kind != yaml.SequenceNode {
		return v.errorf("want a list")
	}
	for i, n := range v.Content {
		if err := read(value{n, v.p, fmt.Sprintf("%s[%d]", v.path, i)}); err != nil {
			return err
		}
	}
	return nil
}

func (v value) text(to *string) error {
	if v.Kind != yaml.ScalarNode {
		return v.errorf("want a text")
	}
	*to = v.Value
	return nil
}

// parse reads a scalar with f and says where it stands if that fails.
func parse[T any](v value, to *T, f func(string) (T, error)) error {
	var s string
	if err := v.text(&s); err != nil {
		return err
	}
	t, err := f(s)
	if err != nil {
		return v.errorf("%v", err)
	}
	*to = t
	return nil
}

func parseBool(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q: want true or false", s)
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || s[0] == '+' {
		return 0, fmt.Errorf("%q: want a whole number from 0", s)
	}
	return n, nil
}

func (p *parser) incident(n *yaml.Node, inc *Incident) error {
	root := value{n, p, ""}
	var schema string
	declared := false
	seeds := value{Node: n, p: p, path: "seeds"}
	var stop value // read behind the seeds, whose chains say what may stand there
	err := root.fields(map[string]func(value) error{
		"clew":        func(v value) error { return v.text(&schema) },
		"id":          func(v value) error { return v.text(&inc.ID) },
		"title":       func(v value) error { return v.text(&inc.Title) },
		"synthetic":   func(v value) error { return parse(v, &inc.Synthetic, parseBool) },
		"rule":        func(v value) error { declared = true; return parse(v, &inc.Rule, parseAccounting) },
		"rule_reason": func(v value) error { return v.text(&inc.RuleReason) },
		"accounts":    func(v value) error { return parse(v, &inc.Accounts, parseAccounts) },
		"seeds":       func(v value) error { seeds = v; return v.list(func(v value) error { return p.seed(v, inc) }) },
		"stop":        func(v value) error { stop = v; return nil },
		"openings":    func(v value) error { return v.list(func(v value) error { return p.opening(v, inc) }) },
		"adopt":       func(v value) error { return v.list(func(v value) error { return p.adopt(v, inc) }) },
		"known":       func(v value) error { return v.list(func(v value) error { return p.known(v, inc) }) },
		"statement":   func(v value) error { return v.list(func(v value) error { return p.statement(v, inc) }) },
		"notes":       func(v value) error { return v.text(&inc.Notes) },
		"case":        func(v value) error { inc.Case = &Case{}; return v.caseFields(inc.Case) },
	})
	if err == nil && stop.Node != nil {
		err = p.stop(stop, inc)
	}
	if err != nil {
		return err
	}
	switch {
	case schema != IncidentSchema:
		return value{n, p, "clew"}.errorf("want %q, got %q", IncidentSchema, schema)
	case !declared:
		return value{n, p, "rule"}.errorf("declare an accounting rule before any result: %s", strings.Join(ruleNames[:Poison], ", "))
	case len(inc.Seeds) == 0:
		return seeds.errorf("a trace needs at least one seed")
	case inc.Rule == TIHO && inc.Accounts != AccountsOutput:
		return value{n, p, "rule"}.errorf("tiho is defined for outputs only, and accounts is %q", inc.Accounts)
	case inc.Accounts == AccountsCluster && slices.ContainsFunc(inc.Seeds, func(s Seed) bool { return !inOutputs(s.Chain) }):
		return value{n, p, "accounts"}.errorf("clusters are of addresses that spend together, which is not so on a chain of accounts: use address")
	case inc.Rule == TIHO && slices.ContainsFunc(inc.Seeds, func(s Seed) bool { return s.Chain.Info().Family == chains.FamilyEVM }):
		return value{n, p, "rule"}.errorf("tiho is defined for outputs only, and a seed lies on a chain of accounts")
	}
	if inc.ID == "" {
		return value{n, p, "id"}.errorf("an incident needs an id")
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

func (p *parser) stop(v value, inc *Incident) error {
	stop := &inc.Stop
	var touched int
	err := v.fields(map[string]func(value) error{
		"hops": func(v value) error {
			if err := parse(v, &stop.Hops, parseCount); err != nil || stop.Hops > 0 {
				return err
			}
			return v.errorf("0 hops follow nothing: leave the field out for no limit")
		},
		"touched": func(v value) error { return parse(v, &touched, parseCount) },
		"until": func(v value) error {
			var t time.Time
			stop.Until = &t
			return parse(v, &t, parseTime)
		},
		"dust": func(v value) error {
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
func (p *parser) dust(v value, inc *Incident) error {
	known := map[string]func(value) error{}
	read := func(asset chains.Asset) func(value) error {
		return func(v value) error {
			if asset.IsValuation() {
				return v.errorf("%s is somebody's valuation, of which no accounting rule traces anything that could be too little", asset)
			}
			var a chains.Amount
			err := parse(v, &a, chains.ParseAmount)
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
	return v.fields(known)
}

func (p *parser) opening(v value, inc *Incident) error {
	o := Opening{Asset: chains.Native}
	address, asset, stated := v, value{}, false
	err := v.fields(map[string]func(value) error{
		"chain":   func(v value) error { return parse(v, &o.Chain, chains.ParseChain) },
		"address": func(v value) error { address = v; return nil },
		"asset":   func(v value) error { asset = v; return nil },
		"amount":  func(v value) error { stated = true; return parse(v, &o.Amount, chains.ParseAmount) },
		"source":  func(v value) error { return v.text(&o.Source) },
	})
	if err != nil {
		return err
	}
	if o.Chain == "" || o.Source == "" || !stated {
		return v.errorf("an opening balance needs chain, address, amount and source")
	}
	if o.Address, err = p.codec.ParseAddress(o.Chain, address.Value); err != nil {
		return address.errorf("%v", err)
	}
	if err := p.asset(asset, o.Chain, &o.Asset); err != nil {
		return err
	}
	for _, other := range inc.Openings {
		if other.Chain == o.Chain && other.Address == o.Address && other.Asset == o.Asset {
			return v.errorf("the opening balance of this address stands twice")
		}
	}
	inc.Openings = append(inc.Openings, o)
	return nil
}

// asset reads a field that names an asset of a chain; one that is absent leaves to as it is.
func (p *parser) asset(v value, chain chains.Chain, to *chains.Asset) error {
	if v.Node == nil {
		return nil
	}
	return parse(v, to, func(text string) (chains.Asset, error) { return ParseAsset(chain, text, p.codec) })
}
