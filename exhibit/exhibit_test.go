package exhibit_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

var update = flag.Bool("update", false, "write the golden files anew")

// cases are traces of every shape; each is drawn once for all tests.
var cases = []struct {
	name string
	draw func() (*exhibit.Exhibit, error)
}{
	{"three", once(three)},
	{"ten", once(ten)},
	{"cycle", once(cycle)},
	{"peel-3", once(func() *chain { return peel(3) })},
	{"peel-61", once(func() *chain { return peel(61) })},
	{"peel-2000", once(func() *chain { return peel(2000) })},
	{"fan-50", once(func() *chain { return fan(50) })},
	{"fan-3000", once(func() *chain { return fan(3000) })},
	{"merge-20", once(func() *chain { return merge(20) })},
	{"merge-400", once(func() *chain { return merge(400) })},
	{"busy-60", once(func() *chain { return busy(60) })},
	{"busy-300", once(func() *chain { return busy(300) })},
	{"busy-5000", once(func() *chain { return busy(5000) })},
	{"attested", once(attested)},
	{"found", once(found)},
	{"still", once(still)},
	{"swapped", onceBooks(swapped)},
	{"peeled-30", onceBooks(func() *books { return peeled(30) })},
	{"lying", onceBooks(lying)},
	{"roam-60", onceBooks(func() *books { return roam(60, 3) })},
	{"roam-2000", onceBooks(func() *books { return roam(2000, 5) })},
}

func onceBooks(build func() *books) func() (*exhibit.Exhibit, error) {
	return sync.OnceValues(func() (*exhibit.Exhibit, error) {
		tr, data := build().finish(panicker{})
		return exhibit.New(context.Background(), tr, data, exhibit.Options{})
	})
}

func once(build func() *chain) func() (*exhibit.Exhibit, error) {
	return sync.OnceValues(func() (*exhibit.Exhibit, error) {
		tr, data := build().finish(panicker{})
		return exhibit.New(context.Background(), tr, data, exhibit.Options{})
	})
}

// panicker fails outside a test: the traces are made once for all.
type panicker struct{ testing.TB }

func (panicker) Helper()                           {}
func (panicker) Errorf(format string, args ...any) { panic(format) }
func (panicker) FailNow()                          { panic("the builder of the test failed") }

func drawn(t *testing.T, i int) *exhibit.Exhibit {
	t.Helper()
	x, err := cases[i].draw()
	require.NoError(t, err)
	return x
}

func eachCase(t *testing.T, check func(t *testing.T, x *exhibit.Exhibit)) {
	for i := range cases {
		t.Run(cases[i].name, func(t *testing.T) { check(t, drawn(t, i)) })
	}
}

var fontData = regexp.MustCompile(`base64,[A-Za-z0-9+/=]+`)

// TestGolden compares whole drawings, their embedded fonts apart.
func TestGolden(t *testing.T) {
	for _, name := range []string{"three", "ten", "cycle", "peel-61", "fan-50", "attested", "found", "swapped"} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, byName(t, name).Scene.SVG(&b))
			got := fontData.ReplaceAll(b.Bytes(), []byte("base64,"))
			path := filepath.Join("testdata", name+".svg")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, got, 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run the test with -update to write it")
			require.Equal(t, string(want), string(got))
		})
	}
}

func byName(t *testing.T, name string) *exhibit.Exhibit {
	t.Helper()
	for i := range cases {
		if cases[i].name == name {
			return drawn(t, i)
		}
	}
	t.Fatalf("no case %q", name)
	return nil
}

// TestSameTraceSameBytes draws twice, from two readings of the same JSON.
func TestSameTraceSameBytes(t *testing.T) {
	for _, build := range []func() *chain{ten, func() *chain { return busy(300) }, func() *chain { return merge(20) }} {
		tr, data := build().finish(t)
		first, second := t.TempDir(), t.TempDir()
		names, err := exhibit.Write(context.Background(), tr, data, first, exhibit.Options{})
		require.NoError(t, err)
		again, data2 := build().finish(t)
		require.Equal(t, data, data2)
		_, err = exhibit.Write(context.Background(), again, data, second, exhibit.Options{})
		require.NoError(t, err)
		require.Contains(t, names, "report.html")
		require.Subset(t, names, exhibit.CSVNames())
		for _, n := range names {
			a, err := os.ReadFile(filepath.Join(first, n))
			require.NoError(t, err)
			b, err := os.ReadFile(filepath.Join(second, n))
			require.NoError(t, err)
			require.True(t, bytes.Equal(a, b), n)
			require.NotEmpty(t, a)
		}
		left, err := os.ReadDir(first)
		require.NoError(t, err)
		require.Len(t, left, len(names), "no temporary file stays")
	}
}

func TestErrors(t *testing.T) {
	ctx := context.Background()
	tr, data := three().finish(t)

	old := *tr
	old.Schema = "clew.trace/9"
	_, err := exhibit.New(ctx, &old, data, exhibit.Options{})
	require.ErrorContains(t, err, `want "clew.trace/1"`)

	broken := *tr
	broken.Nodes = broken.Nodes[:1]
	_, err = exhibit.New(ctx, &broken, data, exhibit.Options{})
	require.ErrorContains(t, err, "does not list")

	empty := *tr
	empty.Hops = append([]tracer.Hop(nil), tr.Hops...)
	empty.Hops[0].Legs = nil
	_, err = exhibit.New(ctx, &empty, data, exhibit.Options{})
	require.ErrorContains(t, err, "hop 1 names no source")

	file := filepath.Join(t.TempDir(), "a file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = exhibit.Write(ctx, tr, data, file, exhibit.Options{})
	require.ErrorContains(t, err, "folder of the report")

	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err = exhibit.Write(stopped, tr, data, t.TempDir(), exhibit.Options{})
	require.ErrorIs(t, err, context.Canceled)

	x, err := exhibit.New(ctx, tr, nil, exhibit.Options{})
	require.NoError(t, err)
	require.ErrorContains(t, x.CSV(&bytes.Buffer{}, "schedule_x.csv"), "schedule_a_hops.csv")
}

// TestNothingToDraw: a trace whose seeds were never received still makes a report.
func TestNothingToDraw(t *testing.T) {
	tr, data := newChain("nothing").finish(t)
	tr.Gaps = []tracer.Gap{{Chain: "bitcoin", What: "seed V1", Why: "its transaction was not read", Effect: "nothing was traced"}}
	names, err := exhibit.Write(context.Background(), tr, data, t.TempDir(), exhibit.Options{})
	require.NoError(t, err)
	require.Subset(t, names, exhibit.CSVNames())
}

// TestSwap: a hop from one asset to another is drawn with what it brings, its place is
// not said to balance, and a token's amounts stay whole units.
func TestSwap(t *testing.T) {
	c := three()
	h := &c.tr.Hops[0]
	second := h.Legs[0]
	second.Asset, second.Units = "0x00000000000000000000000000000000000000aa", chains.Units(12345678)
	h.Kind, h.Legs = tracer.HopSwap, append(h.Legs, second)
	for r := range h.Traced.Value {
		h.Traced.Value[r] = second.Units
	}
	tr, data := c.finish(t)
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	require.Contains(t, page(t, x), "12\u202f345\u202f678\u00a0units of 0x000000…0000aa")
	for i := range x.Diagram.Boxes {
		in, out, known := x.Diagram.Balance(i)
		require.True(t, !known || in.Equal(out) || x.Diagram.Boxes[i].Node == 1, "box %d", i)
	}
	require.Len(t, table(t, x, "schedule_a_hops.csv"), len(tr.Hops)+2)
}
