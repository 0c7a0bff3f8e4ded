package labels_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/labels"
)

func pack(t *testing.T, retrieved, lastmod string, tags ...string) *labels.Pack {
	t.Helper()
	text := "title: T\ncreator: C\ncurrency: BTC\n"
	if lastmod != "" {
		text += "lastmod: " + lastmod + "\n"
	}
	return read(t, text+"tags:\n"+strings.Join(tags, "\n")+"\n", options("t.yaml", retrieved))
}

// A later edition replaces the earlier one from its own date on, in whatever order they came.
func TestEditions(t *testing.T) {
	first := pack(t, "2020-06-01", "2020-01-01", "- {address: "+genesis+", label: old}", "- {address: "+second+", label: gone}")
	later := pack(t, "2022-06-01", "2022-01-01", "- {address: "+genesis+", label: new}")
	another := read(t, "title: T2\ncreator: C\ncurrency: BTC\ntags:\n- {address: "+genesis+", label: contradicts}\n", options("o.yaml", "2021-01-01"))
	one, two := set(t, first, later, another), set(t, another, later, first, later)
	require.Equal(t, one.SHA256(time.Time{}), two.SHA256(time.Time{}))
	for _, s := range []*labels.Set{one, two} {
		for _, c := range []struct{ asOf, want string }{
			{"2019-12-31", ""},
			{"2020-01-01", "old"},
			{"2021-01-01", "old contradicts"},
			{"2021-12-31", "old contradicts"},
			{"2022-01-01", "new contradicts"},
			{"", "new contradicts"},
		} {
			require.Equal(t, c.want, texts(t, s, genesis, c.asOf), c.asOf)
		}
		require.Equal(t, "gone", texts(t, s, second, "2021-01-01"))
		require.Empty(t, texts(t, s, second, ""))
		history := s.History("bitcoin", key(t, "bitcoin", second))
		require.Equal(t, day("2022-01-01"), history[0].Until)
		require.Equal(t, day("2020-01-01"), history[0].Since)
		require.False(t, s.MadeAt(&history[0], time.Time{}))
		require.True(t, s.MadeAt(&history[0], day("2021-01-01")))
		require.Equal(t, 4, s.Len())
		require.Len(t, s.Editions(), 3)
	}
}

func texts(t *testing.T, s *labels.Set, address, asOf string) string {
	t.Helper()
	at := time.Time{}
	if asOf != "" {
		at = day(asOf)
	}
	var out []string
	for _, l := range s.Lookup("bitcoin", key(t, "bitcoin", address), at) {
		out = append(out, l.Text)
	}
	return strings.Join(out, " ")
}

// A claim holds from when it was made, and until what it claims has ended.
func TestValidity(t *testing.T) {
	s := set(t, pack(t, "2024-01-01", "",
		"- {address: "+genesis+", label: undated}", "- {address: "+genesis+", label: changed, lastmod: 2021-01-01}",
		"- {address: "+genesis+", label: valid, lastmod: 2021-01-01, valid_from: 2019-01-01, valid_to: 2020-01-01}"))
	for _, c := range []struct{ asOf, want string }{
		{"2018-12-31", ""},
		{"2019-01-01", "valid"},
		{"2020-01-01", ""},
		{"2021-01-01", "changed"},
		{"2024-01-01", "undated changed"},
		{"", "undated changed"},
	} {
		require.Equal(t, c.want, texts(t, s, genesis, c.asOf), c.asOf)
	}
}

// The hash tells what the answers rest on: not what was replaced, unless the past is asked for.
func TestSetSHA256(t *testing.T) {
	first := pack(t, "2020-06-01", "2020-01-01", "- {address: "+genesis+", label: old}")
	later := pack(t, "2022-06-01", "2022-01-01", "- {address: "+genesis+", label: new}")
	both, alone := set(t, first, later), set(t, later)
	require.Equal(t, alone.SHA256(time.Time{}), both.SHA256(time.Time{}))
	require.NotEqual(t, alone.SHA256(day("2023-01-01")), both.SHA256(day("2023-01-01")))
	require.NotEqual(t, both.SHA256(day("2023-01-01")), both.SHA256(day("2023-01-02")))
	require.NotEqual(t, set(t, first).SHA256(time.Time{}), alone.SHA256(time.Time{}))
	require.NotEqual(t, set(t).SHA256(time.Time{}), alone.SHA256(time.Time{}))
}

// The order of entries in a file changes nothing in what is kept.
func TestPackIsCanonical(t *testing.T) {
	a, b := "- {address: "+genesis+", label: a, category: user}", "- {address: "+second+", label: b, actor: x}"
	one, two := pack(t, "2020-06-01", "", a, b), pack(t, "2020-06-01", "", b, a)
	require.NotEqual(t, one.Edition().SHA256, two.Edition().SHA256)
	end := func(p *labels.Pack) string {
		data := string(p.Bytes())
		return data[strings.Index(data, p.Edition().SHA256)+64:]
	}
	require.Equal(t, end(one), end(two))
	again, err := labels.Unpack(one.Bytes())
	require.NoError(t, err)
	require.Equal(t, one, again)
}

func TestArchive(t *testing.T) {
	packs := []*labels.Pack{pack(t, "2020-06-01", "", "- {address: "+genesis+", label: a}"), pack(t, "2021-06-01", "", "- {address: "+second+", label: b}")}
	data, err := labels.Archive(packs)
	require.NoError(t, err)
	require.True(t, labels.IsArchive(data))
	again, err := labels.Unarchive(data)
	require.NoError(t, err)
	require.Equal(t, packs, again)
	_, err = labels.Unarchive(data[:len(data)-3])
	require.ErrorIs(t, err, labels.ErrNoPack)
	_, err = labels.Unarchive([]byte("title: no archive"))
	require.ErrorIs(t, err, labels.ErrNoPack)
}

// Bytes of a pack that are damaged give an error or a pack, and never a panic, also when it is
// asked.
func FuzzUnpack(f *testing.F) {
	p, _, err := labels.Read(strings.NewReader("title: T\ncreator: C\ntags:\n- {address: "+genesis+", currency: BTC, label: a, actor: b}\n- {address: x, currency: XMR, label: a}\n"), "", options("t.yaml", "2024-01-01"))
	require.NoError(f, err)
	f.Add(p.Bytes())
	for i := range p.Bytes() {
		if i%5 == 0 {
			f.Add(p.Bytes()[:i])
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := labels.Unpack(append([]byte(nil), data...))
		if err != nil {
			require.ErrorIs(t, err, labels.ErrNoPack)
			return
		}
		s := set(t, p)
		_, err = s.Labels(p.SHA256(), func(l *labels.Label) error {
			_ = l.Raw(families{})
			require.NotEmpty(t, append(s.History(l.Chain, l.Address), s.Elsewhere(string(l.Address))...))
			return nil
		})
		require.NoError(t, err)
	})
}

// many returns a pack of n labels of as many addresses, in the form of an explorer's table.
func many(tb testing.TB, n int) *labels.Pack {
	tb.Helper()
	var b strings.Builder
	b.WriteString("address,name_tag,labels\n")
	for i := range n {
		fmt.Fprintf(&b, "%s,Fake_Phishing%d,phish-hack\n", address(i), i)
	}
	o := options("many_ETH.csv", "2024-01-01")
	p, r, err := labels.Read(strings.NewReader(b.String()), "", o)
	require.NoError(tb, err)
	require.Equal(tb, n, r.Labels)
	return p
}

func address(i int) string {
	var a [20]byte
	binary.BigEndian.PutUint64(a[:], uint64(i)*0x9e3779b97f4a7c15)
	return fmt.Sprintf("0x%x", a)
}

// A million labels, and how long one of them is looked for; the bytes are those that are live.
func BenchmarkLookup(b *testing.B) {
	const n = 1_000_000
	data := append([]byte(nil), many(b, n).Bytes()...)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p, err := labels.Unpack(data)
	require.NoError(b, err)
	s := set(b, p)
	runtime.GC()
	runtime.ReadMemStats(&after)
	var wanted []chains.Address
	for i := range n / 4 { // more than the caches hold
		a, err := families{}.ParseAddress("ethereum", address(i*999_983%n))
		require.NoError(b, err)
		wanted = append(wanted, a)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if len(s.Lookup("ethereum", wanted[i%len(wanted)], time.Time{})) != 1 {
			b.Fatal("not found")
		}
		i++
	}
	b.Logf("%d bytes a label", (int64(after.HeapAlloc-before.HeapAlloc)+int64(len(data)))/n)
}

func BenchmarkBuiltIn(b *testing.B) {
	packs, err := labels.BuiltIn()
	require.NoError(b, err)
	data, err := labels.Archive(packs)
	require.NoError(b, err)
	for b.Loop() {
		packs, err := labels.Unarchive(data)
		require.NoError(b, err)
		set(b, packs...)
	}
}

// What a later edition says as well is one label, made since the first; what it leaves out ended.
func TestHistoryGoesOn(t *testing.T) {
	pack := func(lastmod, tags string) string {
		return "title: T\ncreator: C\ncurrency: BTC\nlastmod: " + lastmod + "\ntags:\n" + tags
	}
	const stays, goes = "- {address: " + genesis + ", label: stays}\n", "- {address: " + genesis + ", label: goes}\n"
	first := read(t, pack("2021-01-01", stays+goes), options("a.yaml", "2021-01-02"))
	later := read(t, pack("2022-01-01", stays), options("b.yaml", "2022-01-02"))
	again := read(t, pack("2022-01-01", stays), options("c.yaml", "2022-03-03"))
	got := map[string][2]time.Time{}
	s := set(t, again, first, later)
	for _, l := range s.History("bitcoin", key(t, "bitcoin", genesis)) {
		require.NotContains(t, got, l.Text)
		got[l.Text] = [2]time.Time{l.Since, l.Until}
	}
	require.Equal(t, map[string][2]time.Time{"stays": {day("2021-01-01"), {}}, "goes": {day("2021-01-01"), day("2022-01-01")}}, got)

	then := s.Lookup("bitcoin", key(t, "bitcoin", genesis), day("2021-06-01"))
	require.Len(t, then, 2)
	require.Equal(t, "a.yaml", then[0].Edition.File, "what was said then is what that edition says")
}

// A small archive may not unpack to what fills the memory: it is left at what no pack is.
func TestUnarchiveIsBounded(t *testing.T) {
	zeros := make([]byte, 100<<20)
	packed := func(content ...[]byte) []byte {
		zw, err := zstd.NewWriter(nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, zw.Close()) }()
		return zw.EncodeAll(bytes.Join(content, nil), nil)
	}
	magic := []byte("clew.labels-archive/1\n")
	length := binary.AppendUvarint(nil, uint64(len(zeros)))
	for _, c := range []struct {
		name, says string
		data       []byte
	}{
		{"larger than it can be", "larger than this archive can hold", packed(magic, length, zeros)},
		{"no pack", "is not how it begins", packed(magic, binary.AppendUvarint(nil, 1<<20), zeros[:1<<20])},
		{"other content", "it begins otherwise", packed(zeros)},
		{"packs without end", "is not how it begins", packed(magic, []byte{0}, zeros)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := labels.Unarchive(c.data)
			require.ErrorIs(t, err, labels.ErrNoPack)
			require.ErrorContains(t, err, c.says)
		})
	}
}
