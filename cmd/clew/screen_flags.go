package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/screen"
	"clew/server"
)

// screenOptions are the flags of screening, of the API and of what is watched.
func screenOptions() []option {
	return []option{
		{name: "rules", kind: isText, value: "FILE", usage: "the rules that decide (YAML); without it, those that the program carries"},
		{name: "journal", kind: isText, value: "FILE", usage: "where verdicts, jobs, watches, keys and calls are kept; without it, beside the store: clew.screening.db for clew.db"},
		{name: "no-journal", kind: isBool, usage: "keep nothing of this screening, and look in no loaded incident"},
		{name: "direction", kind: isText, value: "WAY", def: string(screen.Source), choices: []string{string(screen.Source), string(screen.Destination)}, usage: "look where the funds come from, or where they went"},
		{name: "asset", kind: isText, value: "ASSET", usage: "this asset alone: native, or the address of a token's contract"},
		{name: "file", kind: isText, value: "FILE", usage: "subjects to screen, one a line, or a table with the columns chain, txid, address, asset"},
		{name: "budget-hops", kind: isNumber, value: "N", least: 1, usage: "walk at most N hops, in place of what the rules say"},
		{name: "budget-transactions", kind: isNumber, value: "N", least: 1, usage: "read at most N transactions in a walk"},
		{name: "budget-milliseconds", kind: isNumber, value: "N", least: 1, usage: "end a walk after N milliseconds"},
		{name: "deep", kind: isBool, usage: "walk as far as the rules let a screening that nobody waits for"},
		{name: "explain", kind: isBool, usage: "say of each rule that did not fire what it lacks, the nearest first"},
		{name: "replay", kind: isText, value: "ID", usage: "make a verdict again from what it was made from, and compare the bytes; with --as-of now, say what changed since"},
		{name: "default", kind: isBool, usage: "those that the program carries"},
		{name: "calls", kind: isBool, usage: "the log of the API's calls, which the journal keeps, in place of the store's"},
		{name: "scope", kind: isTexts, value: "SCOPE", choices: []string{"read", "screen", "admin"}, usage: "what the key may do; each includes the one before"},
		{name: "rate", kind: isNumber, value: "N", usage: "at most N requests a second with this key; 0, as without it, is the server's own bound"},
		{name: "burst", kind: isNumber, value: "N", usage: "at most N requests at once with this key"},
		{name: "note", kind: isText, value: "TEXT", usage: "words of one's own, kept with the watch"},
		{name: "hook", kind: isText, value: "ID", usage: "the webhook that hears of it; without it, all of them"},
		{name: "no-screening", kind: isBool, usage: "watch movements alone, and do not screen again as rules, labels and blocks change"},
		{name: "event", kind: isTexts, value: "KIND", choices: server.Events(), usage: "send events of this kind alone; may be given again"},
		{name: "state", kind: isText, value: "STATE", choices: []string{"due", "delivered", "dead"}, usage: "deliveries in this state"},
		{name: "listen", kind: isText, value: "HOST:PORT", usage: "answer there (" + defaultListen + " without it)"},
		{name: "unix", kind: isText, value: "FILE", usage: "answer on a Unix socket, which its owner alone may use, in place of --listen"},
		{name: "tls-cert", kind: isText, value: "FILE", usage: "the certificate (PEM) of the API; read again when it changes"},
		{name: "tls-key", kind: isText, value: "FILE", usage: "its private key (PEM)"},
		{name: "no-auth", kind: isBool, usage: "answer without keys; on loopback and Unix sockets alone"},
		{name: "no-tls", kind: isBool, usage: "take keys over connections without TLS that are not loopback's, since something before it speaks TLS"},
		{name: "allow-webhook", kind: isTexts, value: "CIDR", usage: "send webhooks to these private addresses too, and over plain HTTP; may be given again"},
	}
}

// defaultListen is where the API answers unless it is told otherwise.
const defaultListen = "127.0.0.1:8750"

// screenAsset reads the value of --asset.
func screenAsset(text string) chains.Asset {
	if strings.EqualFold(text, string(chains.Native)) {
		return chains.Native
	}
	return chains.Asset(text)
}

// budgetOf returns the bounds that the flags set, over those of the policy; nil where none does.
func budgetOf(c *cli.Context, policy *screen.Policy) *screen.Budget {
	b := policy.Budget
	if c.Bool("deep") {
		b = policy.Deep
	}
	set := false
	for name, field := range map[string]*int{"budget-hops": &b.Hops, "budget-transactions": &b.Transactions, "budget-milliseconds": &b.Milliseconds} {
		if c.IsSet(name) {
			*field, set = int(c.Int64(name)), true
		}
	}
	if !set {
		return nil
	}
	return &b
}

// cutsOf reads each --as-of CHAIN=HEIGHT, the heights as of which chains are read; now is true where
// it says "now".
func cutsOf(c *cli.Context) (cuts map[chains.Chain]int64, now bool, err error) {
	cuts = map[chains.Chain]int64{}
	for _, v := range c.StringSlice("as-of") {
		if v == "now" {
			now = true
			continue
		}
		name, height, ok := strings.Cut(v, "=")
		var n int64
		if ok {
			n, err = strconv.ParseInt(height, 10, 64)
		}
		if !ok || err != nil || n < 0 {
			return nil, false, &usageError{fmt.Sprintf("--as-of %s: want CHAIN=HEIGHT", v), "such as bitcoin=560071; with --replay also: now"}
		}
		chain, err := knownChain(name)
		if err != nil {
			return nil, false, fmt.Errorf("--as-of: %w", err)
		}
		cuts[chain] = n
	}
	return cuts, now, nil
}
