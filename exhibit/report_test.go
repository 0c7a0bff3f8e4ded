package exhibit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

func page(t *testing.T, x *exhibit.Exhibit) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, x.HTML(&b))
	return b.String()
}

// TestReportLoadsNothing: no address of anything outside the file, and a policy that would
// stop it, with the hashes of the style and the script that are there.
func TestReportLoadsNothing(t *testing.T) {
	html := page(t, byName(t, "ten"))
	for _, m := range regexp.MustCompile(`(?i)\b(?:src|href|action|data|poster|srcset)\s*=\s*"([^"]*)"`).FindAllStringSubmatch(html, -1) {
		require.True(t, strings.HasPrefix(m[1], "#"), "%s", m[0])
	}
	for _, m := range regexp.MustCompile(`(?i)url\(([^)]{0,20})`).FindAllStringSubmatch(html, -1) {
		require.True(t, strings.HasPrefix(m[1], "data:font/ttf;"), "%s", m[0])
	}
	outside := regexp.MustCompile(`(?i)(https?:|wss?:|//[a-z0-9-]+\.[a-z])[^"'\s<]*`).FindAllString(fontData.ReplaceAllString(html, ""), -1)
	for _, o := range outside {
		require.Equal(t, "http://www.w3.org/2000/svg", o)
	}
	require.NotContains(t, html, "@import")
	require.NotRegexp(t, `\bstyle="`, html, "a style attribute would need a weaker policy")
	require.NotRegexp(t, `(?i)\son[a-z]+="`, html)

	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]+)"`).FindStringSubmatch(html)
	require.Len(t, policy, 2)
	rules := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy[1])
	require.True(t, strings.HasPrefix(rules, "default-src 'none';"), rules)
	require.NotContains(t, rules, "unsafe")
	for _, tag := range []string{"style", "script"} {
		body := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(html, -1)
		require.Len(t, body, 1)
		sum := sha256.Sum256([]byte(body[0][1]))
		require.Contains(t, rules, tag+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
}

// TestReportTells looks for what a reader has to find.
func TestReportTells(t *testing.T) {
	x := byName(t, "ten")
	html := page(t, x)
	for _, want := range []string{
		"Of 10.00000000\u00a0BTC alleged stolen", "2.99970000\u00a0BTC is not known (gaps)", "went to network fees",
		"add up exactly to the amount alleged stolen", "the node has pruned the block", "REPLICA", "may be innocent",
		"Schedule A", "Schedule B", "Schedule C", "Schedule E", "Schedule F", "Schedule G", "Evidence: did this movement happen?",
		"claimed: Example Exchange, deposit", x.SHA256, x.Trace.Hops[4].Legs[0].TxID.String(), x.Trace.Seeds[0].Address,
		`id="hop12"`, `href="#hop12"`,
	} {
		require.Contains(t, html, want)
	}
	for _, word := range []string{"thief", "criminal", "launder", "hacker", "guilty", "suspect", "illicit", "dirty", "tainted"} {
		require.NotContains(t, strings.ToLower(html), word)
	}
	ids := map[string]bool{}
	for _, id := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		require.False(t, ids[id[1]], "id %s twice", id[1])
		ids[id[1]] = true
	}
	links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(html, -1)
	for _, l := range links {
		require.Contains(t, html, ` id="`+l[1]+`"`, "link to %s", l[1])
	}
}

func TestReportOfADefect(t *testing.T) {
	// Whatever the table of the trace says: the report adds up what it shows.
	tr, data := three().finish(t)
	require.Equal(t, "0", tr.Conservation.Value[tracer.FIFO][0].Difference)
	tr.Endpoints[0].Traced.Value[tracer.FIFO] = tr.Endpoints[0].Traced.Value[tracer.FIFO].Plus(chains.Units(5))
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	require.Contains(t, page(t, x), "These do NOT add up: -5 units")
}

// TestPoisonDeclared: poison does not divide amounts, so another rule is drawn, and said.
func TestPoisonDeclared(t *testing.T) {
	tr, data := three().finish(t)
	tr.Incident.Rule = tracer.Poison
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	require.Equal(t, tracer.FIFO, x.Diagram.Rule)
	require.Contains(t, page(t, x), "the incident declares poison, which marks contact")
}

const hostile = "=HYPERLINK(\"x\")<script>alert(1)</script>\u202egnp.exe\u0007'\"&--></style>]]>"

// TestHostileText: text from chains and files is shown as it is, and does nothing.
func TestHostileText(t *testing.T) {
	c := ten()
	c.tr.Incident.Title, c.tr.Incident.RuleReason = hostile, hostile
	c.tr.Nodes[2].Label, c.tr.Nodes[2].Entity = hostile, hostile
	c.tr.Gaps[0].What, c.tr.Gaps[0].Why = "@SUM(A1)", hostile
	c.tr.Findings = []tracer.Finding{{ID: "f1", Heuristic: hostile, Version: "1", Says: hostile}}
	c.tr.Hops[0].Findings = []string{"f1"}
	tr, data := c.finish(t)
	tr.Seeds[0].ID = "+" + hostile
	for i := range tr.Endpoints {
		tr.Endpoints[i].Note = "-" + hostile
	}
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	var svg bytes.Buffer
	require.NoError(t, x.Scene.SVG(&svg))
	for name, text := range map[string]string{"html": page(t, x), "svg": svg.String()} {
		require.NotContains(t, text, "<script>alert", name)
		require.NotContains(t, text, "\u202e", name)
		require.NotContains(t, text, "\u0007", name)
		require.Contains(t, text, "[U+202E]", name)
		require.NotContains(t, text, "]]>", name)
	}
	require.Equal(t, 1, strings.Count(page(t, x), "</style>"))
	for _, name := range exhibit.CSVNames() {
		for _, row := range table(t, x, name) {
			for _, cell := range row {
				require.NotRegexp(t, `^[=+@\t\r]`, cell, name)
				require.NotRegexp(t, `^-[^0-9]`, cell, name)
				require.NotContains(t, cell, "\u202e")
			}
		}
	}
}

func table(t *testing.T, x *exhibit.Exhibit, name string) [][]string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, x.CSV(&b, name))
	require.Contains(t, b.String(), "\r\n")
	rows, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	return rows
}

func columnOf(t *testing.T, rows [][]string, head string) []string {
	t.Helper()
	for i, h := range rows[0] {
		if h == head {
			var out []string
			for _, row := range rows[1:] {
				out = append(out, row[i])
			}
			return out
		}
	}
	t.Fatalf("no column %s in %v", head, rows[0])
	return nil
}

// TestSchedulesAddUp reads the schedules as an auditor would, who has nothing else.
func TestSchedulesAddUp(t *testing.T) {
	x := byName(t, "busy-300")
	sum := func(cells []string) *big.Int {
		total := new(big.Int)
		for _, c := range cells {
			n, ok := new(big.Int).SetString(c, 10)
			require.True(t, ok, c)
			total.Add(total, n)
		}
		return total
	}
	seeds := sum(columnOf(t, table(t, x, "seeds.csv"), "units"))
	ends := table(t, x, "schedule_c_endpoints.csv")
	for _, r := range tracer.Rules() {
		if r.Conserves() {
			require.Zero(t, seeds.Cmp(sum(columnOf(t, ends, "traced_"+r.String()+"_units"))), r.String())
		}
	}
	for _, d := range columnOf(t, table(t, x, "schedule_e_conservation.csv"), "difference_units")[:6] {
		require.Equal(t, "0", d)
	}
	hops := table(t, x, "schedule_a_hops.csv")
	require.Len(t, hops, len(x.Trace.Hops)+1)
	units, amounts := columnOf(t, hops, "traced_units"), columnOf(t, hops, "traced_amount")
	for i, id := range columnOf(t, hops, "txid") {
		require.Equal(t, x.Trace.Hops[i].Legs[0].TxID.String(), id)
		whole, frac, ok := strings.Cut(amounts[i], ".")
		require.True(t, ok)
		require.Len(t, frac, 8)
		require.Equal(t, units[i], strings.TrimLeft(whole+frac, "0")+map[bool]string{true: "0"}[units[i] == "0"])
	}
	steps := 0
	for i := range x.Diagram.Runs {
		steps += len(x.Diagram.Runs[i].Steps)
	}
	require.Len(t, table(t, x, "schedule_b_peels.csv"), steps+1)
	require.Len(t, table(t, byName(t, "ten"), "schedule_f_gaps.csv"), 2)
}

// TestNameOfTheIncident: a drawing without a title bears the incident's id.
func TestNameOfTheIncident(t *testing.T) {
	c := three()
	c.tr.Incident.Title = " "
	tr, data := c.finish(t)
	x, err := exhibit.New(t.Context(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	require.Contains(t, page(t, x), "<h1>Flow of funds alleged to be stolen: "+tr.Incident.ID+"</h1>")
}

// TestPegIn: value that goes into an extension block is not said to be with a mixer, and
// the note tells where it went.
func TestPegIn(t *testing.T) {
	c := newChain("pegged")
	s := c.seed("V1", "thief", 2*btc)
	out := c.spend([]string{s}, pay{"extension block", 150_000_000}, pay{"rest", 49_990_000})
	c.stop(out[0], tracer.ReasonMixer, "peg-in: it goes on inside the extension block")
	tr, data := c.finish(t)
	x, err := exhibit.New(t.Context(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	html := page(t, x)
	for _, want := range []string{"1.50000000 BTC entered mixers or confidential pools in 1 deposit", "in a mixer or confidential pool", "peg-in: it goes on inside the extension block"} {
		require.Contains(t, spaces(strings.ReplaceAll(html, "\u202f", " ")), want)
	}
	require.NotContains(t, html, "at a mixer")
}
