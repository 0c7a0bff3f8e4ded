package tracer_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/heuristics"
)

var update = flag.Bool("update", false, "write the golden files of this package anew")

// goldenBook is a small chain with a bit of everything: two victims, one of them in a
// window with change that comes back, a merge, a fan out, a fee, data, a branch that a
// limit cuts, and for outputs an input of unknown value.
func goldenBook(unknown bool) (*book, string) {
	b := newBook()
	v1, other := b.mine("A", 1000), b.mine("B", 500)
	merged := b.spend([]chains.OutPoint{other, v1}, pay{"C", 700}, pay{"data", 100}, pay{"D", 690})
	v2 := b.mine("E", 300)
	b.spend([]chains.OutPoint{merged[0], v2}, pay{"F", 450}, pay{"E", 540})
	peeled := b.spend(merged[2:], pay{"G", 90}, pay{"D", 590})
	from := peeled[1:]
	if unknown {
		from = append(from, chains.OutPoint{Tx: chains.TxID{7}, Index: 3})
	}
	last := b.spend(from, pay{"H", 580})
	last = b.spend(last, pay{"I", 570})
	b.spend(last, pay{"J", 560})
	return b, "title: A golden theft\nstop: {hops: 4, dust: {native: \"20\"}}\nseeds:\n" + outSeed("V1", v1) +
		"  - {id: V2, chain: bitcoin-regtest, address: E, from: 3, to: 5}\n"
}

func TestGolden(t *testing.T) {
	for _, pots := range []string{"output", "address"} {
		t.Run(pots, func(t *testing.T) {
			b, incident := goldenBook(pots == "output")
			trace := b.run(t, "accounts: "+pots+"\n"+incident)
			sound(t, trace)
			require.Equal(t, heuristics.SHA256(), trace.Inputs.Heuristics.SHA256)
			trace.Inputs.Heuristics = nil // another with each measurement
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetIndent("", "  ")
			require.NoError(t, enc.Encode(trace))
			path := filepath.Join("testdata", "trace_"+pots+".json")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String(), "if this change is meant: go test ./tracer -run Golden -update")
		})
	}
}

// The same facts give the same bytes, whatever the order of Go's maps.
func TestSameBytes(t *testing.T) {
	checks(t, 150)
	rapid.Check(t, func(t *rapid.T) {
		c := randomChain(t, true)
		c.randomIncident(t, somePots(t))
		first, err := c.try()
		if err != nil {
			t.Skip("a seed of nothing")
		}
		want, err := json.Marshal(first)
		require.NoError(t, err)
		for range 3 {
			again, err := c.try()
			require.NoError(t, err)
			got, err := json.Marshal(again)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
		}
	})
}
