package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/store"
	"clew/strict"
	"clew/tracer"
)

// kind says what follows a flag.
type kind uint8

const (
	isBool   kind = iota // nothing, or =true and =false
	isText               // one value; given twice, the last one counts
	isTexts              // one value each time it is given; never split
	isNumber             // a whole number in decimal digits
)

// option is one line of the table of flags. A name means the same in every command.
type option struct {
	name    string
	kind    kind
	value   string   // what stands for the value in help: URL, FILE, N
	def     string   // the value where none is given; "" for none
	choices []string // all values that are allowed; nil for any
	// more reads other values that are allowed beside choices, and how they are written; moreForm
	// describes them.
	more     func(value string) (string, bool)
	moreForm string
	refuse   func(value, source string) error
	least    int64 // of a number
	usage    string
}

// env returns the environment variable that stands in for the flag.
func (o *option) env() string {
	return "CLEW_" + strings.ToUpper(strings.ReplaceAll(o.name, "-", "_"))
}

// options is the table of flags: whatever stands on a command line is here. What every
// command takes comes first.
func options() []option {
	return slices.Concat(commonOptions(), nodeOptions(), traceOptions(), listOptions(), labelOptions(), bundleOptions(), verifyOptions(), custodyOptions(), exhibitOptions(), screenOptions())
}

// defaultDB is the store where --db names none.
const defaultDB = "clew.db"

// commonOptions are taken by every command.
func commonOptions() []option {
	return []option{
		{name: "db", kind: isText, value: "FILE", def: defaultDB, refuse: refuseServer, usage: "the store"},
		{name: "json", kind: isBool, usage: "write JSON alone on standard output; progress and the last error as JSON lines on standard error"},
		{name: "quiet", kind: isBool, usage: "no progress and no remarks on standard error"},
		{name: "log-level", kind: isText, value: "LEVEL", def: "warn", choices: []string{"debug", "info", "warn", "error"}, usage: "what is logged on standard error"},
	}
}

// refuseServer is an error for a store that is not a file.
func refuseServer(value, source string) error {
	if !strings.Contains(value, "://") {
		return nil
	}
	return &usageError{source + ": this version keeps its store in a file, not on a server", "name a file, such as case.db"}
}

// nodeOptions say which node and how to speak to it.
func nodeOptions() []option {
	return []option{
		{name: "chain", kind: isText, value: "CHAIN", choices: chainNames(), more: numberedChain, moreForm: ", eip155:NUMBER", usage: "the chain; without it, the node is asked"},
		{name: "rpc", kind: isTexts, value: "[CHAIN=]URL", refuse: refusePassword, usage: "the node: http://HOST:PORT, https://…, ws://…, or recording:DIR; once for each chain of a trace; given again for a chain, the next one takes over when one fails"},
		{name: "blocks", kind: isText, value: "DIR", usage: "in place of --rpc, the node's own block files: its data directory, or blocks in it"},
		{name: "rpc-cookie", kind: isText, value: "FILE", usage: "the node's cookie file (bitcoind writes DATADIR/.cookie)"},
		{name: "rpc-user", kind: isText, value: "NAME", usage: "the user that the node expects; the password comes from CLEW_RPC_PASSWORD or --rpc-password-file"},
		{name: "rpc-password-file", kind: isText, value: "FILE", usage: "a file with the password in its first line"},
		{name: "rpc-header-file", kind: isText, value: "FILE", usage: "a file with one more header for each request in its first line, NAME: VALUE; or the variable CLEW_RPC_HEADER"},
		{name: "rpc-rate", kind: isNumber, value: "N", usage: "send at most N requests a second; 0, as without it, is any number"},
		{name: "rpc-timeout", kind: isNumber, value: "SECONDS", usage: "wait so long for an answer (60 without it)"},
		{name: "rpc-ca", kind: isText, value: "FILE", usage: "the certificate (PEM) that signs the node's TLS certificate"},
		{name: "rpc-jwt-file", kind: isText, value: "FILE", usage: "the secret (64 hex digits) that a node of Ethereum shares with those who may ask it"},
		{name: "state-rpc", kind: isTexts, value: "[CHAIN=]URL", refuse: refusePassword, usage: "for a trace over the store: a node that is asked what accounts held and are"},
		{name: "from", kind: isNumber, value: "HEIGHT", usage: "the first block"},
		{name: "to", kind: isNumber, value: "HEIGHT", usage: "the last block; without it, the node's head"},
		{name: "batch", kind: isNumber, value: "N", usage: "write after N transactions (" + grouped(store.SuggestedBatch) + " without it): fewer take less memory, and less is read again after a loss of power"},
	}
}

// traceOptions describe an incident on the command line, and where its result goes.
func traceOptions() []option {
	return []option{
		{name: "seed", kind: isTexts, value: "SEED", usage: "where the stolen value is: CHAIN:TXID:VOUT, CHAIN:TXID:ADDRESS[:ASSET] or CHAIN:ADDRESS[:ASSET]@FROM..TO; may be given again"},
		{name: "rule", kind: isText, value: "RULE", choices: ruleNames(), refuse: refusePoison, usage: "the accounting rule that is declared; every rule is computed"},
		{name: "rule-reason", kind: isText, value: "TEXT", usage: "why this rule"},
		{name: "accounts", kind: isText, value: "POTS", choices: []string{"output", "address", "cluster"}, usage: "what counts as one pot: each transaction (output, the default), each address, or each cluster of addresses (of a synced store)"},
		{name: "title", kind: isText, value: "TEXT", usage: "the title of the incident"},
		{name: "hops", kind: isNumber, value: "N", least: 1, usage: "stop a branch after N hops"},
		{name: "until", kind: isText, value: "TIME", usage: "stop at the first block after this time, such as 2022-12-31T00:00:00Z"},
		{name: "dust", kind: isText, value: "UNITS", usage: "stop a branch that carries less traced value, in whole smallest units"},
		{name: "touched", kind: isNumber, value: "N", usage: "stop poison after N transactions (1,000,000 without it)"},
		{name: "as-of", kind: isTexts, value: "CHAIN=HEIGHT:HASH", usage: "end at this block, which must be on the main chain; of a cluster, HEIGHT suffices; of labels, a DATE"},
		{name: "without", kind: isTexts, value: "EVIDENCE", usage: "leave out a heuristic; of a cluster a rule, or one transaction by its txid"},
		{name: "through", kind: isTexts, value: "MIX", usage: "go on through mixes, as an inference: coinjoin, or one kind of it; may be given again"},
		{name: "label-as-of", kind: isText, value: "DATE", usage: "ask what labels said on this date (the latest without it)"},
		{name: "mappings", kind: isBool, usage: "count in how many ways each CoinJoin can be split into payments"},
		{name: "window", kind: isNumber, value: "N", usage: "how far apart transactions may stand in a file to be told of each other (" + grouped(defaultWindow) + " without it); 0: each is answered by itself, as it comes"},
		{name: "out", kind: isText, value: "DIR", usage: "write the result there"},
		{name: "source", kind: isText, value: "TEXT", usage: "who delivered the file, and when"},
		{name: "unit", kind: isText, value: "NAME", usage: "what all amounts are counted in where that is no coin, such as usd"},
		{name: "decimals", kind: isNumber, value: "N", usage: "into how many decimals the unit, or each token, is divided"},
	}
}

// listOptions say which part of a long answer is wanted, and ask further.
func listOptions() []option {
	return []option{
		{name: "limit", kind: isNumber, value: "N", least: 1, usage: "print at most N (20 without it)"},
		{name: "after", kind: isText, value: "CURSOR", usage: "go on behind this, which the page before ended with"},
		{name: "why", kind: isText, value: "OTHER", usage: "print the transactions that join the two addresses"},
	}
}

// urfave returns the flag as the library wants it. It knows no variables and no defaults
// of its own: arrange has put both on the command line.
func (o *option) urfave() cli.Flag {
	switch o.kind {
	case isBool:
		return &cli.BoolFlag{Name: o.name}
	case isTexts:
		return &cli.StringSliceFlag{Name: o.name}
	case isNumber:
		return &cli.Int64Flag{Name: o.name}
	}
	return &cli.StringFlag{Name: o.name}
}

// read returns value as the library shall see it, or says why it cannot stand for o.
// source names where it was given: the flag, or the variable.
func (o *option) read(value, source string) (string, error) {
	if o.refuse != nil {
		if err := o.refuse(value, source); err != nil {
			return "", err
		}
	}
	switch {
	case o.kind == isBool:
		on, err := strconv.ParseBool(value)
		if err != nil {
			return "", &usageError{fmt.Sprintf("%s: want true or false, got %q", source, value), ""}
		}
		return strconv.FormatBool(on), nil
	case o.kind == isNumber:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < o.least {
			return "", &usageError{fmt.Sprintf("%s: want a whole number from %d, got %q", source, o.least, value), ""}
		}
		// The library would read 010 as eight.
		return strconv.FormatInt(n, 10), nil
	case len(o.choices) > 0 && !slices.Contains(o.choices, value):
		if o.more != nil {
			if written, ok := o.more(value); ok {
				return written, nil
			}
		}
		hint := "one of: " + strings.Join(o.choices, ", ") + o.moreForm
		if near := strict.Nearest(value, o.choices); near != "" {
			hint = fmt.Sprintf("did you mean %q? (%s)", near, hint)
		}
		return "", &usageError{fmt.Sprintf("%s: %q is not known", source, value), hint}
	}
	return value, nil
}

// numberedChain reads eip155:NUMBER, which is a chain of accounts whether it has a name here or not.
func numberedChain(value string) (string, bool) {
	chain, err := chains.ParseChain(value)
	return string(chain), err == nil
}

func chainNames() []string {
	var out []string
	for _, in := range chains.Known() {
		out = append(out, string(in.Name))
	}
	return out
}

// ruleNames are those that can be declared.
func ruleNames() []string {
	var out []string
	for _, r := range tracer.Rules() {
		if r.Conserves() {
			out = append(out, r.String())
		}
	}
	return out
}

// refusePoison says why a rule that is computed cannot be declared.
func refusePoison(value, source string) error {
	if value != tracer.Poison.String() {
		return nil
	}
	return &usageError{source + ": poison marks contact and divides nothing: declare an accounting rule", "one of: " + strings.Join(ruleNames(), ", ")}
}
