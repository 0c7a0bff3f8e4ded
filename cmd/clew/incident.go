package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/strict"
	"clew/tracer"
)

// declared is an incident with the bytes of its declaration.
type declared struct {
	*tracer.Incident
	text []byte // of incident.yaml
}

// declaration reads the incident file, or makes one from the flags.
func declaration(w *world, c *cli.Context) (*declared, error) {
	seeds := c.StringSlice("seed")
	file := c.Args().First()
	switch {
	case file == "" && len(seeds) == 0:
		return nil, &usageError{"what to trace? Name an incident file, or give --seed", "clew help trace shows both"}
	case file != "" && len(seeds) > 0:
		return nil, &usageError{fmt.Sprintf("both %s and --seed were given", file), "put the seeds into the file, or leave the file out"}
	case file == "":
		if c.String("rule") == "" {
			w.remark("no --rule was given: fifo is declared\n")
		}
		return fromFlags(c, seeds)
	}
	for _, name := range []string{"rule", "rule-reason", "accounts", "title", "hops", "until", "dust", "touched"} {
		if c.IsSet(name) {
			return nil, &usageError{fmt.Sprintf("--%s goes with --seed; for %s it is declared in the file", name, file),
				"the file's hash is logged before the trace, so what it declares stands in it"}
		}
	}
	var text []byte
	var err error
	if file == "-" {
		file = "standard input"
		text, err = readAll(w.stdin)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the incident: %w", err)
	}
	d, err := parseDeclaration(file, text)
	if err == nil && d.RuleReason == "" {
		w.remark("%s does not say why %s was chosen (rule_reason): who reads the result will ask\n", file, d.Rule)
	}
	return d, err
}

func parseDeclaration(name string, text []byte) (*declared, error) {
	inc, err := tracer.ParseIncident(name, text, codec())
	if field, ok := errors.AsType[*tracer.FieldError](err); ok {
		return nil, withHint(err, "line %d of %s; the fields are described in docs/format.md", field.Line, field.File)
	}
	if err != nil {
		return nil, err
	}
	return &declared{inc, text}, nil
}

// fromFlags writes the flags as an incident file, in one form, so that the same flags give
// the same hash, and reads it.
func fromFlags(c *cli.Context, seeds []string) (*declared, error) {
	var body strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&body, "%s: %s\n", name, quoted(value))
		}
	}
	title := c.String("title")
	if title == "" {
		title = "Trace of " + counted(int64(len(seeds)), "seed") + " given on the command line"
	}
	reason := c.String("rule-reason")
	switch {
	case reason != "":
	case c.String("rule") == "":
		reason = "not stated; fifo is what the command line declares where no rule is given"
	default:
		reason = "not stated"
	}
	field("title", title)
	field("rule", or(c.String("rule"), tracer.FIFO.String()))
	field("rule_reason", reason)
	field("accounts", or(c.String("accounts"), string(tracer.AccountsOutput)))
	body.WriteString("seeds:\n")
	for i, text := range seeds {
		line, err := seedLine(fmt.Sprintf("V%d", i+1), text)
		if err != nil {
			return nil, err
		}
		body.WriteString(line)
	}
	if stop := stopLine(c); stop != "" {
		body.WriteString("stop: {" + stop + "}\n")
	}
	sum := sha256.Sum256([]byte(body.String()))
	text := fmt.Sprintf("clew: incident/1\nid: flags-%x\n%s", sum[:4], body.String())
	d, err := parseDeclaration("the flags", []byte(text))
	if field, ok := errors.AsType[*tracer.FieldError](err); ok {
		name, _, _ := strings.Cut(strings.ReplaceAll(field.Field, "stop.", ""), ".")
		return nil, &usageError{fmt.Sprintf("--%s: %s", strings.ReplaceAll(name, "_", "-"), field.Reason), "see: clew help trace"}
	}
	return d, err
}

func or(value, instead string) string {
	if value == "" {
		return instead
	}
	return value
}

// quoted writes text as YAML's double-quoted form, which JSON's strings are.
func quoted(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return strconv.Quote(text) // a string always encodes
	}
	return strings.TrimSpace(b.String())
}

// seedLine writes a seed of the command line as a line of the file.
func seedLine(id, text string) (string, error) {
	s, err := tracer.ParseSeed(id, text, codec())
	if err != nil {
		if errors.Is(err, chains.ErrUnknownChain) {
			name, _, _ := strings.Cut(text, ":")
			if near := strict.Nearest(name, chainNames()); near != "" {
				return "", withHint(fmt.Errorf("--seed: %w", err), "did you mean %s?", near)
			}
		}
		return "", withHint(fmt.Errorf("--seed: %w", err), "a seed is CHAIN:TXID:VOUT, CHAIN:TXID:ADDRESS[:ASSET] or CHAIN:ADDRESS[:ASSET]@FROM..TO")
	}
	parts := []string{"id: " + id}
	add := func(name, value string) { parts = append(parts, name+": "+quoted(value)) }
	if s.Out != nil {
		add("output", string(s.Chain)+":"+s.Out.String())
		return "  - {" + strings.Join(parts, ", ") + "}\n", nil
	}
	add("chain", string(s.Chain))
	address := codec().FormatAddress(s.Chain, s.Address)
	if s.Tx != nil {
		add("tx", s.Tx.String())
		add("to", address)
	} else {
		add("address", address)
		add("from", s.From.String())
		add("to", s.To.String())
	}
	add("asset", string(s.Asset))
	return "  - {" + strings.Join(parts, ", ") + "}\n", nil
}

func stopLine(c *cli.Context) string {
	var parts []string
	for _, name := range []string{"hops", "touched"} {
		if c.IsSet(name) {
			parts = append(parts, fmt.Sprintf("%s: %d", name, c.Int64(name)))
		}
	}
	if v := c.String("until"); v != "" {
		parts = append(parts, "until: "+quoted(v))
	}
	if v := c.String("dust"); v != "" {
		parts = append(parts, "dust: {native: "+quoted(v)+"}")
	}
	return strings.Join(parts, ", ")
}

// wrapped returns the contracts of a chain that wrap its coin, as the incident says.
func (d *declared) wrapped(chain chains.Chain) []chains.Address {
	var out []chains.Address
	for i := range d.Known {
		if k := &d.Known[i]; k.Chain == chain && k.Kind == string(tracer.KnownWrapped) {
			out = append(out, k.Address)
		}
	}
	return out
}

// chains returns the chains of the seeds, in their order.
func (d *declared) chains() []chains.Chain {
	var out []chains.Chain
	for i := range d.Seeds {
		if !slices.Contains(out, d.Seeds[i].Chain) {
			out = append(out, d.Seeds[i].Chain)
		}
	}
	return out
}

// pinned reads each --as-of CHAIN=HEIGHT:HASH. only is the chain that the trace cannot leave; ""
// where it can.
func pinned(values []string, only chains.Chain) (map[chains.Chain]chains.BlockRef, error) {
	pins := map[chains.Chain]chains.BlockRef{}
	for _, v := range values {
		wrong := func(what string) error {
			return &usageError{fmt.Sprintf("--as-of %s: %s", v, what), "--as-of CHAIN=HEIGHT:HASH, such as bitcoin=560071:0000…"}
		}
		name, block, ok := strings.Cut(v, "=")
		height, hash, both := strings.Cut(block, ":")
		if !ok || !both {
			return nil, wrong("want CHAIN=HEIGHT:HASH")
		}
		chain, err := knownChain(name)
		if err != nil {
			return nil, fmt.Errorf("--as-of: %w", err)
		}
		if only != "" && chain != only {
			return nil, wrong(fmt.Sprintf("the seeds are on %s", only))
		}
		var pin chains.BlockRef
		if pin.Height, err = strconv.ParseInt(height, 10, 64); err != nil || pin.Height < 0 {
			return nil, wrong("the height is a whole number")
		}
		if pin.Hash, err = chains.ParseHash(strings.TrimPrefix(hash, "0x")); err != nil {
			return nil, wrong(err.Error())
		}
		pins[chain] = pin
	}
	return pins, nil
}
