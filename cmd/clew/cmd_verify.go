package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"aead.dev/minisign"
	"github.com/urfave/cli/v2"

	"clew/bundle"
	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/custody"
	"clew/exhibit"
	"clew/ingest"
	"clew/tracer"
)

func verifyCommand() *command {
	return &command{
		path: "verify", args: "BUNDLE [--expect SHA256] [--trust FILE] [--rpc [CHAIN=]URL] [--key PUBKEYFILE]", short: "check a bundle: hashes, proofs, and the trace run again",
		long: "Checks everything that can be checked of a bundle, without a store and, unless --rpc names a node, without a network: every file against the manifest; the signature, if there is one; every recorded transaction by its bytes and its proof, every header by its place and its work; every movement of the trace against the recorded bytes; the log; and the trace, which is run again from the bundle alone and compared byte for byte. Then it prints what is proven and from which headers, what is somebody's word, what is a convention, what is inferred, what labels claim, and what this cannot show.\n\n" +
			"A bundle proves that its movements stand under its headers. That these are on the main chain somebody has to vouch for: --trust names a file with lines CHAIN HEIGHT HASH or CHAIN HASH (# begins a comment), --rpc a node of your own, which is asked for the hash at each recorded height. Of the Bitcoin family one late header is enough, since it names all before it.\n\nNo bundle shows that nothing was left out of it: a spend that is missing, with all behind it, leaves a trace that fits. So --rpc also runs the trace again over every block of your node, from the first to the last one of the trace, which may take as long as the trace took, and compares; and it asks for what the recording holds as a node's word. Only that ends with status 0. Without a node for each chain (a recording is none) the outcome is \"Verified as recorded\", status 3, with what nobody looked at.\n\n" +
			"--expect ties the bundle to the exhibit in hand: the SHA-256 of the bundle, or that of the trace as the exhibit prints it. --key takes a public key of minisign, as a file or as its line of text.",
		examples: []example{
			{"clew verify 3f2a9c1e77b0d1aa.clew.zip", "offline: nothing is asked and nothing is kept"},
			{"clew verify exhibit-12.clew.zip --expect 8cbbf051dc90cf60d6e37def8925be0045a622b5763cbcc07a6aed5df40681a2", "is it the bundle of this exhibit?"},
			{"clew verify exhibit-12.clew.zip --trust blocks.txt --key examiner.pub", "with block hashes that you looked up, and the examiner's key"},
			{"clew verify exhibit-12.clew.zip --rpc bitcoin=http://127.0.0.1:8332 --json", "against a node of your own, as JSON"},
		},
		codes:   []exitCode{codeGaps, codeCheck, codeUnreachable},
		options: append(rpcFlags("expect", "trust", "key"), logFlags()...),
		least:   1, most: 1,
		action: runVerify,
	}
}

// verifyOptions are the flags of what a bundle is held against.
func verifyOptions() []option {
	return []option{
		{name: "expect", kind: isTexts, value: "SHA256", refuse: refuseNoHash, usage: "the SHA-256 that the bundle, or its trace.json, must have; may be given again"},
		{name: "trust", kind: isText, value: "FILE", usage: "blocks that you trust, a line each: CHAIN HEIGHT HASH, or CHAIN HASH"},
		{name: "key", kind: isText, value: "PUBKEY", usage: "the public key of minisign, or a file with it, that must have signed the bundle"},
	}
}

// refuseNoHash is an error for what is no SHA-256.
func refuseNoHash(value, source string) error {
	if _, err := chains.ParseHash(value); err != nil {
		return &usageError{fmt.Sprintf("%s: %v", source, err), "the SHA-256 that clew bundle printed, or the one at the foot of an exhibit"}
	}
	return nil
}

func runVerify(ctx context.Context, w *world, c *cli.Context) (err error) {
	opt := w.verifying()
	opt.Expect = c.StringSlice("expect")
	if opt.Key, err = publicKey(c.String("key")); err != nil {
		return err
	}
	if opt.Trust, err = trustFile(c.String("trust")); err != nil {
		return err
	}
	nodes := &asked{w: w, c: c}
	if c.IsSet("rpc") || c.IsSet("blocks") {
		opt.Node, opt.RetraceOn = nodes.open, nodes.retrace
	}
	name := c.Args().First()
	found, err := verifyFile(ctx, name, opt)
	if err = errors.Join(err, nodes.close()); err != nil {
		return err
	}
	result, err := resultOf(found)
	if err == nil {
		err = w.custody(ctx, c, custody.Entry{What: custody.Verified, SHA256: found.Bundle.SHA256, Incident: found.Incident.ID, Trace: found.Trace.ID, Result: result})
	}
	if err != nil {
		return err
	}
	if w.json {
		err = writeJSON(w.stdout, found)
	} else {
		err = writeVerdict(newPage(w.stdout), found)
	}
	switch n := len(found.Problems); {
	case err != nil:
		return err
	case n > 0:
		return withHint(&checkError{fmt.Sprintf("%s is NOT verified: %s", name, counted(int64(n), "problem"))}, "take it from its source again, and compare its SHA-256 with --expect")
	case !found.Complete:
		return withHint(&incompleteError{len(found.Lacks)}, "a node of your own (--rpc URL) vouches for headers and shows whether anything was left out; hashes that you know (--trust FILE) vouch for headers")
	}
	return nil
}

// verifying are the options of a verification that asks nobody.
func (w *world) verifying() bundle.Options {
	hushed := *w // the trace that is run again is nobody's answer
	hushed.quiet, hushed.json = true, false
	return bundle.Options{
		Bitcoin: bitcoin.Codec{}, Accounts: evm.Codec{}, Format: codec().FormatAddress,
		Work: bitcoin.ExpectedHashes, Checkpoints: bitcoin.Checkpoints, TraceID: traceID,
		Retrace: hushed.retrace, Differences: differences,
		Beside: besideSeeds, Tool: thisTool(),
		Step: func(what string) { w.log.Info("verify", "step", what) },
	}
}

// besideSeeds says what the incident of a bundle names as known beside its seeds.
func besideSeeds(b *bundle.Bundle) (words []string) {
	sealed, err := readSealed(b)
	if err != nil {
		return nil // the trace that is run again names it
	}
	for _, part := range []struct {
		list int
		say  string
	}{
		{len(sealed.inc.Openings), "what lay at addresses before (openings: %d)"},
		{len(sealed.inc.Known), "whose addresses are, beside what labels say (known: %d)"},
		{len(sealed.inc.Adopt), "that value came out of a mixer or a bridge where nothing shows it (adopt: %d)"},
	} {
		if part.list > 0 {
			words = append(words, fmt.Sprintf(part.say, part.list))
		}
	}
	return words
}

// incompleteError ends a verification that found nothing wrong, and could not look at all of it.
type incompleteError struct{ lacks int }

// Error says that nothing contradicts anything.
func (e *incompleteError) Error() string {
	return "verified as recorded, and not complete: nothing contradicts anything, and " + counted(int64(e.lacks), "thing") + " nobody looked at"
}

// Unwrap makes its exit status that of a result with gaps.
func (e *incompleteError) Unwrap() error { return &gapsError{e.lacks} }

// verifyFile opens a file and verifies it.
func verifyFile(ctx context.Context, name string, opt bundle.Options) (found *bundle.Verdict, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, withHint(fmt.Errorf("open the bundle: %w", err), "BUNDLE is a file that clew bundle wrote")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the bundle: %w", err)
	}
	found, err = bundle.Verify(ctx, f, info.Size(), opt)
	if errors.Is(err, bundle.ErrNoBundle) {
		return nil, withHint(&checkError{fmt.Sprintf("%s: %v", name, err)}, "take it from its source again: not even its list of files can be read")
	}
	return found, err
}

func traceID(t *tracer.Trace) (string, error) {
	_, id, err := encodeTrace(t)
	return id, err
}

// differences says in words how a trace that was made again differs from the bundle's.
func differences(bundled, again []byte) ([]string, error) {
	a, b := &loadedTrace{Trace: &tracer.Trace{}}, &loadedTrace{Trace: &tracer.Trace{}}
	if err := json.Unmarshal(bundled, a.Trace); err != nil {
		return nil, fmt.Errorf("the bundle's trace: %w", err)
	}
	if err := json.Unmarshal(again, b.Trace); err != nil {
		return nil, fmt.Errorf("the trace made again: %w", err)
	}
	found, err := compareTraces(a, b)
	if err != nil {
		return nil, err
	}
	var words []string
	numbers := map[string]int{}
	for i := range a.Hops {
		numbers[a.Hops[i].ID] = a.Hops[i].Number
	}
	thingOf := func(what, id string) string {
		if n := numbers[id]; what == "hop" && n > 0 {
			return fmt.Sprintf("hop %d", n)
		}
		return strings.TrimSpace(what + " " + id)
	}
	for i := range found.Changed {
		d := &found.Changed[i]
		words = append(words, fmt.Sprintf("%s, %s: the bundle has %s, made again it is %s", thingOf(d.What, d.ID), d.Field, oneLine(d.A), oneLine(d.B)))
	}
	for i := range found.OnlyA {
		words = append(words, thingOf(found.OnlyA[i].What, found.OnlyA[i].ID)+" is in the bundle, and not in the trace made again")
	}
	for i := range found.OnlyB {
		words = append(words, thingOf(found.OnlyB[i].What, found.OnlyB[i].ID)+" is missing in the bundle")
	}
	return words, nil
}

// oneLine is a value of JSON for one line.
func oneLine(value json.RawMessage) string {
	const most = 120
	text := []rune(exhibit.Visible(string(value)))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// publicKey reads what --key names: a file, or the key's own text; nil where it was not given.
func publicKey(value string) (*minisign.PublicKey, error) {
	if value == "" {
		return nil, nil
	}
	text, err := os.ReadFile(value)
	if err != nil {
		text = []byte(value)
	}
	key := &minisign.PublicKey{}
	if fault := key.UnmarshalText(text); fault != nil {
		return nil, &usageError{fmt.Sprintf("--key %s: it is neither a file with a public key of minisign nor the key itself: %v", value, errors.Join(err, fault)), "minisign -G writes one beside the secret key"}
	}
	return key, nil
}

// trustFile reads what --trust names.
func trustFile(name string) (list []bundle.TrustedBlock, err error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--trust: %w", err)
	}
	list, err = bundle.ReadTrust(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, withHint(fmt.Errorf("--trust %s: %w", name, err), "a line is CHAIN HEIGHT HASH or CHAIN HASH, such as: bitcoin 560071 000000000000000000222e14f1a55ee956e49e128502a684a279bd4ea77a5753")
	}
	return list, nil
}

// asked are the nodes of --rpc that a verification asks.
type asked struct {
	w    *world
	c    *cli.Context
	list []*openedNode
}

// open reaches the node of a chain; nil where none was given for it.
func (a *asked) open(ctx context.Context, chain chains.Chain) (ingest.Node, string, error) {
	node, err := a.reach(ctx, chain, nil)
	if node == nil || err != nil {
		return nil, "", err
	}
	a.list = append(a.list, node)
	return node.Node, node.where, nil
}

// reach opens the node of a chain, which reads contracts that wrap the coin as the incident says.
func (a *asked) reach(ctx context.Context, chain chains.Chain, wrapped []chains.Address) (*openedNode, error) {
	e, ok, err := endpointFor(a.c, "rpc", chain)
	if _, none := errors.AsType[*usageError](err); none && !a.c.IsSet("blocks") {
		if _, malformed := endpointsOf(a.c); malformed != nil {
			return nil, malformed
		}
		return nil, nil // the others are of other chains
	}
	if err != nil || !ok {
		return nil, err
	}
	e.wrapped = wrapped
	return openNode(ctx, a.w, a.c, e, chain)
}

// retrace runs the trace of a bundle again over the nodes of some of its chains.
func (a *asked) retrace(ctx context.Context, b *bundle.Bundle, own []chains.Chain) ([]byte, error) {
	return a.w.retraceOn(ctx, b, func(ctx context.Context, chain chains.Chain, wrapped []chains.Address) (*openedNode, error) {
		if !slices.Contains(own, chain) {
			return nil, nil
		}
		return a.reach(ctx, chain, wrapped)
	})
}

// endpointsOf reads every value of --rpc.
func endpointsOf(c *cli.Context) (list []endpoint, err error) {
	for _, v := range c.StringSlice("rpc") {
		e, err := parseEndpoint(v)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

func (a *asked) close() error {
	var err error
	for _, n := range a.list {
		err = errors.Join(err, n.Close())
	}
	return err
}
