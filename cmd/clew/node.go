package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/ingest"
	"clew/strict"
)

// endpoint is one value of --rpc, or that of --blocks.
type endpoint struct {
	chain     chains.Chain     // "" where it was not said
	url       string           // of a node; "" for a recording
	recording string           // folder of a recording
	others    []endpoint       // more nodes of the same chain, in order
	blocks    string           // folder of block files
	wrapped   []chains.Address // contracts that wrap the coin, as the incident says
}

// combined makes one endpoint of those that serve the same chain: a list of nodes.
func combined(list []endpoint) (endpoint, error) {
	e := list[0]
	for i := range list {
		if len(list) > 1 && list[i].recording != "" {
			return e, &usageError{"a recording stands in for a node and cannot be one of several", "give --rpc once for " + recordingPrefix + list[i].recording}
		}
	}
	e.others = list[1:]
	return e, nil
}

// recordingPrefix marks a recording in place of a node.
const recordingPrefix = "recording:"

// chainBefore is what may stand before the = of an endpoint: the name of a chain. What begins with
// a host or a scheme is a URL with a = somewhere in it.
var chainBefore = regexp.MustCompile(`^(eip155:)?[^:/]*$`)

// parseEndpoint reads [CHAIN=]URL, or recording:DIR in place of the URL.
func parseEndpoint(text string) (endpoint, error) {
	var e endpoint
	name, rest, has := strings.Cut(text, "=")
	if has && chainBefore.MatchString(name) {
		chain, err := knownChain(name)
		if err != nil {
			return e, fmt.Errorf("--rpc: %w", err)
		}
		e.chain, text = chain, rest
	}
	if dir, ok := strings.CutPrefix(text, recordingPrefix); ok {
		if dir == "" {
			return e, &usageError{"--rpc recording: names no folder", "--rpc recording:DIR, such as recording:report/recording"}
		}
		e.recording = dir
		return e, nil
	}
	if text == "" {
		return e, &usageError{"--rpc names no node", "--rpc http://127.0.0.1:8332"}
	}
	e.url = text
	return e, nil
}

// knownChain is chains.ParseChain with a guess at what was meant.
func knownChain(name string) (chains.Chain, error) {
	chain, err := chains.ParseChain(name)
	if err == nil {
		return chain, nil
	}
	if near := strict.Nearest(name, chainNames()); near != "" {
		return "", withHint(err, "did you mean %s?", near)
	}
	return "", err
}

// refusePassword is an error for a node's URL on the command line that holds a password:
// every user of the machine could read it there.
func refusePassword(value, source string) error {
	if !strings.HasPrefix(source, "--") {
		return nil
	}
	if name, rest, has := strings.Cut(value, "="); has && chainBefore.MatchString(name) {
		value = rest
	}
	if _, rest, has := strings.Cut(value, "://"); has { // http:// is meant where none is named
		value = rest
	}
	authority, _, _ := strings.Cut(value, "/")
	at := strings.LastIndex(authority, "@")
	if at >= 0 && strings.Contains(authority[:at], ":") && !strings.HasPrefix(value, recordingPrefix) {
		return &usageError{source + ": a password on the command line can be read by everybody on this machine",
			"give it in CLEW_RPC_PASSWORD or --rpc-password-file, or use --rpc-cookie"}
	}
	return nil
}

// userInfo is what may stand before the host of a URL.
var userInfo = regexp.MustCompile(`(\w://)[^/\s]*@`)

// withoutUser returns text without the users and passwords of the URLs in it.
func withoutUser(text string) string { return userInfo.ReplaceAllString(text, "$1") }

// endpointFor returns what serves chain: the folder of --blocks, or each value of the flag (rpc)
// that names the chain, else those without a name. ok is false where neither was given.
func endpointFor(c *cli.Context, flag string, chain chains.Chain) (e endpoint, ok bool, err error) {
	if e, err := blocksEndpoint(c); flag == "rpc" && (err != nil || e.blocks != "") {
		return e, err == nil, err
	}
	values := c.StringSlice(flag)
	if len(values) == 0 {
		return e, false, nil
	}
	var named, unnamed []endpoint
	for _, v := range values {
		e, err := parseEndpoint(v)
		if err != nil {
			return e, false, err
		}
		switch e.chain {
		case chain:
			named = append(named, e)
		case "":
			unnamed = append(unnamed, e)
		}
	}
	if len(named) == 0 {
		named = unnamed
	}
	if len(named) == 0 {
		return e, false, &usageError{fmt.Sprintf("no --%s is for %s", flag, chain), fmt.Sprintf("--%s %s=URL", flag, chain)}
	}
	e, err = combined(named)
	return e, err == nil, err
}

// openedNode is where blocks come from: a node, or a recording or block files in its place.
type openedNode struct {
	ingest.Node
	chain     chains.Chain
	where     string            // for people and the run record; no credentials
	doctor    doctor            // nil for a recording and for a list
	recording *ingest.Recording // nil for others
	fromFiles bool              // block files
	files     fs.FS             // of the recording
}

// Close releases a recording's file, or connections.
func (n *openedNode) Close() error {
	if n.recording != nil {
		return n.recording.Close()
	}
	if c, ok := n.Node.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// noun is what blocks come from, in words: "the node".
type noun string

const theFiles noun = "the files"

// is returns the noun with its verb.
func (n noun) is() string {
	if n == theFiles {
		return string(n) + " are"
	}
	return string(n) + " is"
}

// of returns the noun as an owner.
func (n noun) of() string {
	if n == theFiles {
		return string(n) + "'"
	}
	return string(n) + "'s"
}

func (n *openedNode) noun() noun {
	switch {
	case n.recording != nil:
		return "the recording"
	case n.fromFiles:
		return theFiles
	}
	return "the node"
}

// loading asks n whether it is still loading its chain; the zero value where it cannot say.
func loading(ctx context.Context, n *openedNode) (chains.Loading, error) {
	t, ok := n.Node.(ingest.LoadTeller)
	if !ok {
		return chains.Loading{}, nil
	}
	return t.Loading(ctx)
}
