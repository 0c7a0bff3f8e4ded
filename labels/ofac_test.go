package labels_test

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/labels"
)

const ofacFile = "../testdata/labels/sdn_advanced-small.xml"

func openFile(t *testing.T, name string) io.Reader {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func TestOFAC(t *testing.T) {
	p, r, err := labels.Read(openFile(t, ofacFile), "", options("sdn_advanced.xml", "2024-10-01"))
	require.NoError(t, err)
	require.Equal(t, 6, r.Labels)
	require.Len(t, r.Refused, 1, "an address with a wrong checksum")
	require.Equal(t, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", r.Refused[0].Address)
	e := p.Edition()
	require.Equal(t, day("2024-09-01"), e.Dated)
	require.Equal(t, "Office of Foreign Assets Control", e.Creator)
	require.Len(t, e.SHA256, 64)

	s := set(t, p)
	at := func(c chains.Chain, address, date string) []labels.Label {
		return s.Lookup(c, key(t, c, address), day(date))
	}
	const mixer, account, token = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"

	l := at("bitcoin", mixer, "2022-05-06")[0]
	require.Equal(t, "INVENTED MIXER", l.Text, "the primary alias")
	require.Equal(t, labels.Sanctioned, l.Kind)
	require.Equal(t, []string{"CYBER2", "DPRK3"}, l.Concepts, "programmes, and no other measure")
	require.Equal(t, "Unknown, profile 900001", l.Context)
	require.Contains(t, l.Raw(families{}), `<VersionDetail DetailTypeID="1432">`+mixer+`</VersionDetail>`)
	require.Empty(t, at("bitcoin", mixer, "2022-05-05"), "not listed yet")

	require.Empty(t, at("ethereum", account, "2022-05-31"), "the feature began later than the listing")
	require.Len(t, at("ethereum", account, "2022-06-01"), 1)
	require.Len(t, at("ethereum", account, "2023-01-30"), 1)
	require.Empty(t, at("ethereum", account, "2023-01-31"), "and ended")

	require.Len(t, at("ethereum", token, "2018-11-28"), 1, "USDT of Ethereum's form")
	require.Empty(t, at("ethereum", token, "2023-03-15"), "delisted")
	require.Equal(t, "NOBODY At All", at("ethereum", token, "2023-03-14")[0].Text)
	require.Len(t, at("bitcoin", genesis, "2020-01-01"), 1, "USDT of Bitcoin's form: Omni")
	require.Len(t, s.History("ethereum", key(t, "ethereum", token)), 1)
	require.Empty(t, s.Lookup("ethereum", key(t, "ethereum", token), time.Time{}))

	elsewhere := s.Elsewhere(tron)
	require.Equal(t, "USDT", elsewhere[0].Foreign)
	require.Equal(t, "XMR", s.Elsewhere("5be5543ff73456ab9f2d207887e2af87322c651ea1a873c5b25b7ffae456c320")[0].Foreign)
}

// entryOf is what a list says of profile 900002 beside its first entry, which ended on 2023-03-15.
func entryOf(programme string, events ...string) string {
	out := `<SanctionsEntry ID="99" ProfileID="900002" ListID="91512">`
	for i := 0; i < len(events); i += 2 {
		d := strings.Split(events[i+1], "-")
		out += `<EntryEvent EntryEventTypeID="` + events[i] + `"><Date><Year>` + d[0] + `</Year><Month>` + d[1] + `</Month><Day>` + d[2] + `</Day></Date></EntryEvent>`
	}
	return out + `<SanctionsMeasure SanctionsTypeID="1"><Comment>` + programme + `</Comment></SanctionsMeasure></SanctionsEntry>`
}

// A party is on the list while any of its entries is in force; each time without a break is a label.
func TestOFACListedAgain(t *testing.T) {
	file, err := os.ReadFile(ofacFile)
	require.NoError(t, err)
	const listed, delisted = "LISTED", "DELISTED"
	type span struct{ from, to, programmes string }
	for _, c := range []struct {
		name    string
		entries []string
		want    []span
	}{
		{"once", nil, []span{{"2018-11-28", "2023-03-15", "CYBER2"}}},
		{"again", []string{entryOf("SDGT", listed, "2024-02-02")}, []span{{"2018-11-28", "2023-03-15", "CYBER2"}, {"2024-02-02", "", "SDGT"}}},
		{"meanwhile", []string{entryOf("SDGT", listed, "2020-02-02")}, []span{{"2018-11-28", "", "CYBER2 SDGT"}}},
		{"within", []string{entryOf("SDGT", listed, "2020-02-02", delisted, "2021-02-02")}, []span{{"2018-11-28", "2023-03-15", "CYBER2 SDGT"}}},
		{"before", []string{entryOf("SDGT", listed, "2010-02-02", delisted, "2011-02-02")}, []span{{"2010-02-02", "2011-02-02", "SDGT"}, {"2018-11-28", "2023-03-15", "CYBER2"}}},
		{"on the day", []string{entryOf("SDGT", listed, "2023-03-15")}, []span{{"2018-11-28", "", "CYBER2 SDGT"}}},
		{"one entry twice", []string{entryOf("SDGT", listed, "2024-02-02", delisted, "2024-03-02", listed, "2024-05-02")},
			[]span{{"2018-11-28", "2023-03-15", "CYBER2"}, {"2024-02-02", "2024-03-02", "SDGT"}, {"2024-05-02", "", "SDGT"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			entries := strings.NewReplacer(listed, ofacWord(t, file, "EntryEventType", "Created"), delisted, ofacWord(t, file, "EntryEventType", "Removed")).Replace(strings.Join(c.entries, ""))
			text := strings.Replace(string(file), "</SanctionsEntries>", entries+"</SanctionsEntries>", 1)
			p, _, err := labels.Read(strings.NewReader(text), "", options("sdn_advanced.xml", "2024-10-01"))
			require.NoError(t, err)
			s := set(t, p)
			var got []span
			for _, l := range s.History("bitcoin", key(t, "bitcoin", genesis)) {
				to := ""
				if !l.ValidTo.IsZero() {
					to = l.ValidTo.Format(time.DateOnly)
				}
				got = append(got, span{l.ValidFrom.Format(time.DateOnly), to, strings.Join(l.Concepts, " ")})
			}
			require.ElementsMatch(t, c.want, got)
			now := s.Lookup("bitcoin", key(t, "bitcoin", genesis), day("2024-09-01"))
			require.Equal(t, c.want[len(c.want)-1].to == "", len(now) == 1, "in force in 2024")
		})
	}
}

// ofacWord returns the id of a word in a file's reference values.
func ofacWord(t *testing.T, file []byte, element, word string) string {
	t.Helper()
	m := regexp.MustCompile(`<` + element + ` ID="(\d+)"[^>]*>` + word + `<`).FindSubmatch(file)
	require.NotNil(t, m, "%s %s", element, word)
	return string(m[1])
}

func TestOFACErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"cut off", "<Sanctions>\n<DistinctParties>\n<DistinctParty>", "line 3"},
		{"another document", "<html></html>", "no DistinctParties"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := labels.Read(strings.NewReader(c.text), "", options("sdn_advanced.xml", "2024-10-01"))
			require.ErrorIs(t, err, labels.ErrForm)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// The list is read as a stream: what has no address leaves nothing behind.
func BenchmarkOFAC(b *testing.B) {
	data, err := os.ReadFile(ofacFile)
	require.NoError(b, err)
	before, rest, ok := strings.Cut(string(data), `<DistinctParty FixedRef="900003">`)
	require.True(b, ok)
	party, after, ok := strings.Cut(rest, "</DistinctParty>")
	require.True(b, ok)
	parties := make([]string, 20_000)
	for i := range parties {
		parties[i] = fmt.Sprintf(`<DistinctParty FixedRef="%d">%s</DistinctParty>`, i, party)
	}
	file := before + strings.Join(parties, "\n") + after
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		_, _, err := labels.Read(strings.NewReader(file), "", options("sdn_advanced.xml", "2024-10-01"))
		require.NoError(b, err)
	}
}

// An address that its party had given up before it was listed was never under sanctions.
func TestOFACNeverInForce(t *testing.T) {
	file, err := os.ReadFile(ofacFile)
	require.NoError(t, err)
	const listed = "<Year>2022</Year><Month>5</Month><Day>6</Day>"
	require.Contains(t, string(file), listed)
	later := strings.Replace(string(file), listed, "<Year>2024</Year><Month>5</Month><Day>6</Day>", 1)
	p, r, err := labels.Read(strings.NewReader(later), "", options("sdn_advanced.xml", "2024-10-01"))
	require.NoError(t, err)
	const account = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	require.Empty(t, set(t, p).History("ethereum", key(t, "ethereum", account)))
	require.Len(t, r.Refused, 2)
	require.Equal(t, account, r.Refused[0].Address)
	require.Contains(t, r.Refused[0].Why, "at no time")
}
