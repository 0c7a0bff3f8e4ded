package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/bundle"
	"clew/bundle/second"
)

// TestSecondVerifier: a verifier written after the description of the format, which shares no code
// with this program, agrees on every genuine bundle.
func TestSecondVerifier(t *testing.T) {
	for _, name := range []string{"peel", "merge", "mix", "split", "atlanta-replica"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := sealed(t, name)
			require.Empty(t, second.Check(data))
			require.True(t, verified(t, data).OK)
			// A byte anywhere: both find it.
			for at := len(data) / 7; at < len(data); at += len(data) / 7 {
				forged := append([]byte{}, data...)
				forged[at] ^= 1
				require.NotEmpty(t, second.Check(forged), "byte %d", at)
			}
		})
	}
	require.NotEmpty(t, second.Check([]byte("no bundle")))
	require.NotEmpty(t, second.Check(forge(t, "peel").without(bundle.IncidentFile)))
}

// without drops a member and seals the rest.
func (f *forger) without(name string) []byte {
	delete(f.members, name)
	return f.seal()
}

// secondFinds reports whether the second verifier finds a tampering too. The others are out of its
// reach: they show when the trace is run again, or in what it does not read.
func secondFinds(name string) bool {
	return slices.Contains([]string{
		"a byte of a transaction",
		"a header",
		"a header is gone",
		"a node of a trie",
		"a receipt",
		"a shorter branch",
		"a transaction is gone",
		"a transaction of 64 bytes",
		"a transaction that nobody recorded",
		"an element of a branch",
		"an object is gone",
		"an object of another content",
		"another chain",
		"another height",
		"another log",
		"another output",
		"another position",
		"another source",
		"another transaction",
		"no proof of the receipt",
		"the amount of a hop",
		"the amount of a seed",
		"the amount of a token",
		"the asset",
		"the bits of a header",
		"the block before a header",
		"the branch of a coinbase",
		"the bytes of a transaction",
		"the bytes of another transaction",
		"the coinbases are another block's",
		"the first header is gone",
		"the incident",
		"the last block",
		"the proof of another transaction",
		"the root in a header",
		"the time of a header",
		"the work of a header",
		"the work of the last header",
	}, name)
}
