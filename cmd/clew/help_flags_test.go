package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A flag that several commands share is said in each as it is meant there.
func TestSharedFlagsInTheirPlace(t *testing.T) {
	for path, c := range map[string]struct{ has, not []string }{
		"cluster":      {[]string{"--as-of HEIGHT", "the chain of the address, one with outputs", "dogecoin"}, []string{"the node is asked", "ethereum", "of labels, a DATE"}},
		"identify":     {[]string{"bitcoin without it"}, []string{"the node is asked", "ethereum"}},
		"label show":   {[]string{"--as-of DATE", "a label on one says nothing about another", "ethereum"}, []string{"the node is asked", "CHAIN=HEIGHT:HASH"}},
		"screen":       {[]string{"--as-of CHAIN=HEIGHT as of", "with --replay: now"}, []string{"of labels, a DATE"}},
		"label import": {[]string{"the title of the source"}, []string{"the title of the incident", "the node is asked"}},
		"trace":        {[]string{"--as-of CHAIN=HEIGHT:HASH", "the title of the incident"}, nil},
		"sync":         {[]string{"the node is asked", "ethereum"}, nil},
	} {
		var out, errs bytes.Buffer
		args := append([]string{"help"}, strings.Fields(path)...)
		require.Zero(t, run(context.Background(), args, nil, &out, &errs, func(string) string { return "" }), errs.String())
		text := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range c.has {
			require.Contains(t, text, want, path)
		}
		for _, not := range c.not {
			require.NotContains(t, text, not, path)
		}
	}
}
