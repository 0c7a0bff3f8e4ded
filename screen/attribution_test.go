package screen_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/labels"
	"clew/screen"
	"clew/store"
)

// TestCategoriesCoverLabels: every word of the table of kinds, and of the labels that the program carries,
// has a category.
func TestCategoriesCoverLabels(t *testing.T) {
	for _, m := range labels.Meanings() {
		require.True(t, screen.KnowsWord(m.Word), "%q of labels/tables/kinds.csv", m.Word)
		require.True(t, screen.KnowsWord(string(m.Kind)), "kind %q", m.Kind)
	}
	packs, err := labels.BuiltIn()
	require.NoError(t, err)
	set, err := labels.NewSet(packs...)
	require.NoError(t, err)
	unknown, byCategory, silent := map[string]int{}, map[screen.Category]int{}, 0
	for _, e := range set.Editions() {
		_, err := set.Labels(e.Pack, func(l *labels.Label) error {
			words := slices.DeleteFunc(slices.Concat([]string{l.Category, l.Abuse}, l.Concepts, l.OfActor), func(w string) bool { return w == "" })
			for _, w := range words {
				if !screen.KnowsWord(w) {
					unknown[w]++
				}
			}
			if len(words) == 0 && screen.CategoryOf(l) == screen.Other {
				silent++
			}
			byCategory[screen.CategoryOf(l)]++
			return nil
		})
		require.NoError(t, err)
	}
	require.Empty(t, unknown)
	require.Zero(t, silent, "labels without any word, whose edition's title says nothing either")
	t.Log(byCategory)
	for _, c := range []screen.Category{
		screen.Sanctioned, screen.Terrorism, screen.Stolen, screen.Ransomware, screen.Darknet, screen.Fraud, screen.Frozen,
		screen.Mixer, screen.Gambling, screen.Exchange, screen.Service, screen.Other,
	} {
		require.NotZero(t, byCategory[c], c)
	}
}

// TestCategoriesTable: each row has one of the categories and a sentence; a category's own name is a word.
func TestCategoriesTable(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range screen.Meanings() {
		require.Contains(t, screen.Categories(), m.Category, m.Word)
		require.True(t, strings.HasSuffix(m.Why, "."), "%q", m.Why)
		require.False(t, seen[m.Word], "%q stands twice", m.Word)
		require.Equal(t, strings.ReplaceAll(strings.ToLower(m.Word), " ", "_"), m.Word)
		seen[m.Word] = true
	}
	for _, c := range screen.Categories() {
		if c != screen.Unknown && c != screen.Unmoved {
			require.True(t, screen.KnowsWord(string(c)), c)
		}
	}
	require.Len(t, screen.CategoriesSHA256(), 64)
}

func TestCategoryOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		claim labels.Claim
		want  screen.Category
	}{
		{"its own word", labels.Claim{Category: "exchange"}, screen.Exchange},
		{"upper case and spaces", labels.Claim{Category: "Mixing Service"}, screen.Mixer},
		{"the gravest of its own words", labels.Claim{Category: "exchange", Abuse: "sanction"}, screen.Sanctioned},
		{"a concept", labels.Claim{Concepts: []string{"shop", "ransomware"}}, screen.Ransomware},
		{"a service is refined by its actor", labels.Claim{Category: "service", OfActor: []string{"organization", "gambling"}}, screen.Gambling},
		{"an exchange is not", labels.Claim{Category: "exchange", OfActor: []string{"ransomware"}}, screen.Exchange},
		{"a person is", labels.Claim{Category: "user", OfActor: []string{"phishing"}}, screen.Fraud},
		{"a market is dark", labels.Claim{Category: "market"}, screen.Darknet},
		{"to take part in a CoinJoin is nothing", labels.Claim{Category: "coinjoin"}, screen.Other},
		{"what an issuer froze is not sanctioned", labels.Claim{Category: "black_list"}, screen.Frozen},
		{"the title of its edition, at last", labels.Claim{Edition: &labels.Edition{Title: "Known Cryptoservice hacks"}}, screen.Stolen},
		{"not the title where it says something", labels.Claim{Category: "person", Edition: &labels.Edition{Title: "scam"}}, screen.Other},
		{"its kind", labels.Claim{Category: "weird", Kind: labels.Bridge}, screen.Bridge},
		{"a word that nobody knows", labels.Claim{Category: "weird"}, screen.Other},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, screen.CategoryOf(&labels.Label{Claim: &c.claim})) })
	}
}

var (
	y2020 = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	y2021 = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	y2022 = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
)

// claims is a set of labels that somebody makes.
func claims(t testing.TB, list ...labels.OwnLabel) *labels.Set {
	t.Helper()
	for i := range list {
		l := &list[i]
		l.Chain, l.Address, l.Source = string(regtest), text(l.Address), "somebody"
		if l.Made.IsZero() {
			l.Made = y2020
		}
	}
	pack, report, err := labels.Own(list, labels.Options{Codec: bitcoin.Codec{}, Edition: labels.Edition{Creator: "us", Source: "a test", Retrieved: y2022, SHA256: "00"}})
	require.NoError(t, err)
	require.Equal(t, len(list), report.Labels)
	set, err := labels.NewSet(pack)
	require.NoError(t, err)
	return set
}

// line is an attribution as one line: category, entity, way, whether it ends, and each claim's category with the
// times at which it holds.
func line(a screen.Attribution, ok bool) string {
	if !ok {
		return "nothing"
	}
	out := fmt.Sprint(a.Category, " ", a.Entity, " ", a.KnownBy, " ", a.Ends)
	for _, c := range a.Claims {
		held := map[[2]bool]string{{true, true}: "then and now", {true, false}: "then", {false, true}: "now", {}: "neither"}
		out += fmt.Sprintf("; %s %s: %s", c.Category, c.Text, held[[2]bool{c.AtTransaction, c.Now}])
	}
	return out
}

func TestAttributionOfLabels(t *testing.T) {
	set := claims(t,
		labels.OwnLabel{Address: "shop", Text: "Shop", Category: "shop", Confidence: "web_crawl"},
		labels.OwnLabel{Address: "two", Text: "an exchange", Category: "exchange", Confidence: "ownership"},
		labels.OwnLabel{Address: "two", Text: "a fraud", Category: "scam", Confidence: "web_crawl"},
		labels.OwnLabel{Address: "same", Text: "A", Category: "exchange", Confidence: "web_crawl"},
		labels.OwnLabel{Address: "same", Text: "B", Category: "exchange", Confidence: "service_data"},
		labels.OwnLabel{Address: "listed", Text: "on a list", Category: "sanction", ValidFrom: y2021, ValidTo: y2022.AddDate(-1, 6, 0)},
		labels.OwnLabel{Address: "listed", Text: "Mix", Category: "mixer"},
		labels.OwnLabel{Address: "delisted", Text: "on a list", Category: "sanction", ValidFrom: y2020, ValidTo: y2021},
		labels.OwnLabel{Address: "person", Text: "Somebody", Category: "person"},
	)
	who := screen.NewAttributor(set, nil, nil, families{})
	for _, c := range []struct {
		who  string
		at   time.Time
		want string
	}{
		{"nobody", y2021, "nothing"},
		{"shop", y2021, "service Shop label true; service Shop: then and now"},
		{"shop", time.Time{}, "service Shop label true; service Shop: now"},
		{"shop", y2020.Add(-time.Hour), "service Shop label true; service Shop: now"},
		{"two", y2021, "fraud a fraud label true; fraud a fraud: then and now; exchange an exchange: then and now"},
		{"same", y2021, "exchange B label true; exchange B: then and now; exchange A: then and now"},
		{"listed", y2021, "sanctioned on a list label true; sanctioned on a list: then; mixer Mix: then and now"},
		{"listed", y2022, "mixer Mix label true; mixer Mix: then and now; sanctioned on a list: neither"},
		{"listed", time.Time{}, "mixer Mix label true; mixer Mix: now; sanctioned on a list: neither"},
		{"delisted", y2021, "nothing"},
		{"delisted", y2021.Add(-time.Second), "sanctioned on a list label true; sanctioned on a list: then"},
		{"person", y2021, "other Somebody label false; other Somebody: then and now"},
	} {
		t.Run(fmt.Sprint(c.who, " ", c.at.Year()), func(t *testing.T) {
			a, ok, err := who.Attribute(t.Context(), regtest, name(c.who), c.at)
			require.NoError(t, err)
			require.Equal(t, c.want, line(a, ok))
		})
	}
	a, _, err := who.Attribute(t.Context(), regtest, name("listed"), y2021)
	require.NoError(t, err)
	require.Equal(t, screen.Claim{
		Address: text("listed"), Text: "on a list", Category: screen.Sanctioned, Source: "own labels (us), somebody",
		ListDated: "2022-01-01T00:00:00Z", Retrieved: "2022-01-01T00:00:00Z", ValidFrom: "2021-01-01T00:00:00Z", ValidTo: "2021-07-01T00:00:00Z", AtTransaction: true,
	}, a.Claims[0])
}

// TestAttributionOfEditions: what a list says of the past counts, also where an earlier edition did not say it yet;
// and what is said of the future does not count now.
func TestAttributionOfEditions(t *testing.T) {
	edition := func(dated time.Time, list ...labels.OwnLabel) *labels.Pack {
		for i := range list {
			list[i].Address, list[i].Chain, list[i].Source = text(list[i].Address), string(regtest), "somebody"
		}
		pack, _, err := labels.Own(list, labels.Options{Codec: families{}, Edition: labels.Edition{Title: "list", Retrieved: dated}})
		require.NoError(t, err)
		return pack
	}
	march := y2021.AddDate(0, 2, 0)
	february := y2021.AddDate(0, 1, 10)
	set, err := labels.NewSet(
		edition(y2021, labels.OwnLabel{Address: "old", Text: "on a list", Category: "sanction", ValidFrom: y2020}),
		edition(march,
			labels.OwnLabel{Address: "new", Text: "on a list", Category: "sanction", ValidFrom: february},
			labels.OwnLabel{Address: "to come", Text: "on a list", Category: "sanction", ValidFrom: march.AddDate(1, 0, 0)}),
	)
	require.NoError(t, err)
	who := screen.NewAttributor(set, nil, nil, families{})
	for _, c := range []struct {
		who  string
		at   time.Time
		want string
	}{
		{"new", february.Add(-time.Second), "sanctioned on a list label true; sanctioned on a list: now"},
		{"new", february, "sanctioned on a list label true; sanctioned on a list: then and now"},
		{"old", y2020, "sanctioned on a list label true; sanctioned on a list: then"},
		{"old", march, "nothing"}, // the edition of March does not say it any more
		{"to come", march, "nothing"},
	} {
		t.Run(fmt.Sprint(c.who, " ", c.at.Format(time.DateTime)), func(t *testing.T) {
			a, ok, err := who.Attribute(t.Context(), regtest, name(c.who), c.at)
			require.NoError(t, err)
			require.Equal(t, c.want, line(a, ok))
		})
	}
}

// TestAttributionOfContracts: tables of contracts count as labels, and the graver of the two decides.
func TestAttributionOfContracts(t *testing.T) {
	who := screen.NewAttributor(nil, nil, families{}, families{})
	pool, err := families{}.ParseAddress("ethereum", "0x47CE0C6eD5B0Ce3d3A51fdb1C52DC66a7c3c2936") // Tornado Cash, 1 ETH
	require.NoError(t, err)
	a, ok, err := who.Attribute(t.Context(), "ethereum", pool, y2021)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, screen.Mixer, a.Category)
	require.Contains(t, a.Entity, "Tornado Cash")
	require.Equal(t, screen.ByLabel, a.KnownBy)
	require.True(t, a.Ends)
	require.NotEmpty(t, a.Claims[0].Source)
	_, ok, err = who.Attribute(t.Context(), "polygon", pool, y2021)
	require.NoError(t, err)
	require.False(t, ok, "another chain")
}

// clusterOfNames puts names into clusters by transactions of a real store that spend from them together.
func clusterOfNames(t testing.TB, set *labels.Set, groups ...[]string) *screen.ClusterIndex {
	t.Helper()
	w := newWorld(t)
	for _, group := range groups {
		var from []chains.OutPoint
		for _, who := range group {
			from = append(from, out(w.mine(pay{who, 1000}), 0))
		}
		w.block()
		w.tx(from, pay{"elsewhere", uint64(len(from))*1000 - 1})
	}
	w.save(0)
	u, err := w.st.Clusters(t.Context(), regtest, store.Latest)
	require.NoError(t, err)
	x := screen.NewClusterIndex().With(regtest, u.AsOf(), u, func(yield func(*labels.Label) bool) {
		for _, e := range set.Editions() {
			_, err := set.Labels(e.Pack, func(l *labels.Label) error { yield(l); return nil })
			require.NoError(t, err)
		}
	})
	require.NoError(t, u.Close())
	return x
}

func TestAttributionOfClusters(t *testing.T) {
	var many []string
	list := []labels.OwnLabel{
		{Address: "exchange hot", Text: "Ex", Category: "exchange"}, {Address: "customer", Text: "Crook", Category: "ransomware"},
		{Address: "garantex", Text: "Gx", Category: "exchange"}, {Address: "garantex listed", Text: "Gx listed", Category: "sanction"},
		{Address: "gang", Text: "Gang", Category: "ransomware"}, {Address: "gang person", Text: "Joe", Category: "person"},
		{Address: "left", Text: "Left", Category: "exchange"}, {Address: "right", Text: "Right", Category: "gambling"},
		{Address: "joe", Text: "Joe", Category: "person"}, {Address: "joe friend", Text: "Jim", Category: "person"},
	}
	for i := range 30 {
		many = append(many, fmt.Sprint("many ", i))
		list = append(list, labels.OwnLabel{Address: many[i], Text: "Many", Category: "exchange"})
	}
	list = append(list, labels.OwnLabel{Address: many[29], Text: "Listed", Category: "sanction"})
	set := claims(t, list...)
	packs := set.Packs()
	alone, _, err := labels.TagPack([]byte("title: Alone\ncreator: us\nlastmod: 2019-01-01\nsource: a test\ncurrency: "+string(regtest)+
		"\ntags:\n- {address: "+text("alone")+", label: Alone, abuse: scam, is_cluster_definer: false}\n"),
		labels.Options{Codec: bitcoin.Codec{}, Edition: labels.Edition{Source: "a test", Retrieved: y2022, SHA256: "01"}})
	require.NoError(t, err)
	set, err = labels.NewSet(append(packs, alone)...)
	require.NoError(t, err)
	x := clusterOfNames(t, set, []string{"exchange hot", "customer", "plain"}, []string{"garantex", "garantex listed", "gx plain"},
		[]string{"gang", "gang person", "gang plain"}, []string{"left", "right", "middle"}, []string{"joe", "joe friend", "joe plain"},
		append(slices.Clone(many), "many plain"), []string{"un", "labelled"}, []string{"alone", "alone plain"})
	who := screen.NewAttributor(set, x, nil, families{})
	ask := func(of string) (screen.Attribution, bool) {
		a, ok, err := who.Attribute(context.Background(), regtest, name(of), y2021)
		require.NoError(t, err)
		return a, ok
	}
	for of, want := range map[string]string{
		"plain":       "exchange Ex cluster true; exchange Ex: then and now; ransomware Crook: then and now", // a service's customers are not the service
		"customer":    "ransomware Crook label true; ransomware Crook: then and now",                         // its own label comes first
		"gx plain":    "sanctioned Gx listed cluster true; sanctioned Gx listed: then and now; exchange Gx: then and now",
		"gang plain":  "ransomware Gang cluster true; ransomware Gang: then and now; other Joe: then and now",
		"gang person": "ransomware Gang cluster true; other Joe: then and now; ransomware Gang: then and now", // its own explains nothing
		"joe plain":   "other Jim cluster false; other Jim: then and now; other Joe: then and now",
		"joe":         "other Joe label false; other Joe: then and now",
		"alone plain": "nothing", // its source means the other address alone
		"un":          "nothing",
		"elsewhere":   "nothing",
	} {
		a, ok := ask(of)
		require.Equal(t, want, line(a, ok), of)
	}
	a, _ := ask("middle")
	require.Equal(t, screen.Gambling, a.Category)
	require.Contains(t, a.Note, "labels there name 2 services (Right, Left)")
	require.Contains(t, a.Note, "in a cluster of 3 addresses")
	a, _ = ask("many plain")
	require.Len(t, a.Claims, screen.MostLabelled+1)
	require.Equal(t, screen.Sanctioned, a.Category, "the gravest are named, wherever they stand")
	require.Contains(t, a.Note, "in a cluster of 31 addresses; 10 more of them are labelled")
	require.NotContains(t, a.Note, "services")
	size, ok, err := x.ClusterOf(t.Context(), regtest, name("un"))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, screen.Cluster{Size: 2}, size)
	asOf, ok := x.AsOf(regtest)
	require.True(t, ok)
	require.Positive(t, asOf.Height)
}

// TestClusterIndexForMany: many ask at once.
func TestClusterIndexForMany(t *testing.T) {
	set := claims(t, labels.OwnLabel{Address: "a", Text: "A", Category: "exchange"})
	x := clusterOfNames(t, set, []string{"a", "b", "c"}, []string{"d", "e"})
	done := make(chan error)
	for range 8 {
		go func() {
			for range 200 {
				for of, size := range map[string]int{"a": 3, "c": 3, "d": 2} {
					c, ok, err := x.ClusterOf(context.Background(), regtest, name(of))
					if err != nil || !ok || c.Size != size {
						done <- fmt.Errorf("%s: %v %t %w", of, c, ok, err)
						return
					}
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		require.NoError(t, <-done)
	}
}
