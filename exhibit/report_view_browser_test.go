package exhibit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// TestReportViews does with the report what an analyst does: another rule, filters, search, one
// hop in words, by mouse and by keys; and cites what is shown.
func TestReportViews(t *testing.T) {
	x := byName(t, "busy-300")
	p := openReport(t, x)
	for _, part := range []struct {
		name string
		run  func(*tab, *exhibit.Exhibit)
	}{
		{"another rule", otherRule}, {"poison is not drawn", poisonShown}, {"filters", filters}, {"a basis under another rule", filterUnderRule},
		{"filters on paper", filtersPrint}, {"search over all", findsAll}, {"a hop in words", inWords}, {"keys", keys}, {"a cited view", cites},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(p.in(t), x) })
	}
	require.Empty(t, p.complaints(), "what the page wrote to the console")
}

// openReport opens the report of x in a browser.
func openReport(t *testing.T, x *exhibit.Exhibit) *tab {
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, []byte(page(t, x)), 0o600))
	return newTab(t, file)
}

// drawn is how the drawing on the stage describes itself.
func (p *tab) drawn() string {
	p.Helper()
	return eval[string](p, `(function (d) { return d.querySelector('desc')?.textContent || d.getAttribute('aria-label'); })(document.getElementById('diagram'))`)
}

// shortcut presses a key that leads to a field. The driver sends the letter apart from the key, so
// that what a keyboard would not write is taken away.
func (p *tab) shortcut(key string) {
	p.Helper()
	p.press(key)
	require.Equal(p, "INPUT", eval[string](p, "document.activeElement.tagName"))
	eval[chromedp.Void](p, "document.activeElement.value = ''")
}

// choose picks an entry of a list as a person does, and the page is told.
func (p *tab) choose(selector, value string) {
	p.Helper()
	require.Equal(p, value, eval[string](p, fmt.Sprintf(`(function () {
		const s = document.querySelector(%q);
		s.value = %q;
		s.dispatchEvent(new Event('input', { bubbles: true }));
		s.dispatchEvent(new Event('change', { bubbles: true }));
		return s.value;
	})()`, selector, value)), "%s has %s", selector, value)
}

// exact writes an amount of bitcoin as schedules do, with plain spaces.
func exact(x *exhibit.Exhibit, a chains.Amount) string {
	return spaces(x.Diagram.Assets.Number("bitcoin", chains.Native, a)) + " BTC"
}

// differs finds a hop of which two rules trace different amounts, neither of them nothing.
func differs(t testing.TB, x *exhibit.Exhibit, a, b tracer.Rule) *tracer.Hop {
	i := slices.IndexFunc(x.Trace.Hops, func(h tracer.Hop) bool {
		p, okP := h.Traced.Get(a)
		q, okQ := h.Traced.Get(b)
		return okP && okQ && !p.IsZero() && !q.IsZero() && p.Cmp(q) != 0
	})
	require.GreaterOrEqual(t, i, 0, "a hop that %s and %s divide otherwise", a, b)
	return &x.Trace.Hops[i]
}

const cellOfA = `Array.from(document.querySelectorAll('#hop%d td:nth-child(%d)'), function (c) { return c.textContent.replace(/\u202f/g, ' ').replace(/\s+/g, ' ').trim(); })[0]`

// otherRule shows everything under lifo, and goes back.
func otherRule(p *tab, x *exhibit.Exhibit) {
	h := differs(p, x, tracer.FIFO, tracer.LIFO)
	row := func(column int) string { return eval[string](p, fmt.Sprintf(cellOfA, h.Number, column)) }
	p.load(fmt.Sprintf("#hop%d", h.Number))
	p.await(fmt.Sprintf(`document.querySelector('#hop%d.lit')`, h.Number))
	fifo, lifo := tracedBy(h, tracer.FIFO), tracedBy(h, tracer.LIFO)
	require.Equal(p, exact(x, fifo), row(7))
	require.True(p, eval[bool](p, `document.getElementById('banner').hidden`))
	first := p.drawn()

	p.choose("#rule", "lifo")
	p.await(`!document.getElementById('banner').hidden`)
	require.Contains(p, p.text("#banner"), "Shown under lifo (last in, first out); the rule declared in the incident is fifo.")
	require.Contains(p, p.text("#banner"), "Folds do not open under lifo, since it makes too many of them.")
	require.Equal(p, "#&rule=lifo", eval[string](p, "location.hash"))
	require.Equal(p, exact(x, lifo), row(7))
	b, ok := h.Basis.Get(tracer.LIFO)
	require.True(p, ok)
	require.Equal(p, b.String(), row(9))
	require.Contains(p, p.drawn(), "under lifo")
	require.NotEqual(p, first, p.drawn(), "the drawing is another one")
	require.Equal(p, "lifo", eval[string](p, `Array.from(document.querySelectorAll('.under:not([hidden])'), function (e) { return e.dataset.rule; }).join(' ')`))
	require.Contains(p, p.text(".totals th.shown"), "lifo")
	require.Contains(p, p.text("#c th.shown"), "lifo")
	require.Contains(p, p.text("#rule option:nth-child(1)"), "(declared)")

	p.click("#a thead th:nth-child(7)")
	p.await(`document.querySelector('#a th[aria-sort="ascending"]')`)
	p.click("#a thead th:nth-child(7)")
	p.await(`document.querySelector('#a th[aria-sort="descending"]')`)
	most := slices.MaxFunc(x.Trace.Hops, func(a, b tracer.Hop) int { return tracedBy(&a, tracer.LIFO).Cmp(tracedBy(&b, tracer.LIFO)) })
	require.Equal(p, exact(x, tracedBy(&most, tracer.LIFO)), eval[string](p, `document.querySelector('#a tbody tr td:nth-child(7)').textContent.replace(/\s+/g, ' ').trim()`), "sorted by what lifo traces")

	p.click("#banner button")
	p.await(`document.getElementById('banner').hidden`)
	require.Equal(p, first, p.drawn())
	require.Zero(p, p.count("#a .shown, #c .shown, .totals .shown"))
}

func tracedBy(h *tracer.Hop, r tracer.Rule) chains.Amount {
	a, _ := h.Traced.Get(r)
	return a
}

// poisonShown: the tables show what poison marks, the drawing stays, and the banner says so.
func poisonShown(p *tab, _ *exhibit.Exhibit) {
	p.load("#&rule=poison")
	p.await(`!document.getElementById('banner').hidden`)
	require.Contains(p, p.text("#banner"), "The diagram stays under fifo: poison marks contact and divides nothing.")
	require.Contains(p, p.drawn(), "under fifo")
	require.Equal(p, "fifo", eval[string](p, `document.querySelector('.under:not([hidden])').dataset.rule`))
}

// matching counts hops and adds up what r traces in those that pass.
func matching(x *exhibit.Exhibit, r tracer.Rule, pass func(*tracer.Hop) bool) (n int, sum chains.Amount) {
	for i := range x.Trace.Hops {
		if h := &x.Trace.Hops[i]; pass(h) {
			n++
			sum = sum.Plus(tracedBy(h, r))
		}
	}
	return n, sum
}

// filters by amount and by time.
func filters(p *tab, x *exhibit.Exhibit) {
	all := len(x.Trace.Hops)
	middle := x.Trace.Hops[all/2].Legs[0].Time
	least := tracedBy(&x.Trace.Hops[all/3], tracer.FIFO)
	if least.IsZero() {
		least = chains.Units(btc)
	}
	n, sum := matching(x, tracer.FIFO, func(h *tracer.Hop) bool {
		return h.Legs[0].Time >= middle && tracedBy(h, tracer.FIFO).Cmp(least) >= 0
	})
	require.NotZero(p, n)
	require.Less(p, n, all)
	p.load("")
	p.shortcut("f")
	require.Equal(p, "from", eval[string](p, "document.activeElement.name"))
	p.press(strings.Replace(strings.TrimSuffix(middle, "Z"), "T", " ", 1))
	p.focus(`#filters [name="min"]`)
	p.press(strings.ReplaceAll(strings.TrimSuffix(exact(x, least), " BTC"), " ", ""))
	p.await(fmt.Sprintf(`document.getElementById('matches').textContent.startsWith('%d of %d hops match')`, n, all))
	require.Contains(p, p.text("#matches"), "under fifo "+exact(x, sum)+" is traced in them")
	require.Equal(p, min(n, 100), p.count("#a tbody tr"))
	require.Contains(p, eval[string](p, "location.hash"), "&from=")
	require.Contains(p, eval[string](p, "location.hash"), "&min=")
	ends := 0
	number := map[string]bool{}
	for i := range x.Trace.Hops {
		h := &x.Trace.Hops[i]
		number[h.ID] = h.Legs[0].Time >= middle && tracedBy(h, tracer.FIFO).Cmp(least) >= 0
	}
	for _, e := range x.Trace.Endpoints {
		if number[e.Hop] {
			ends++
		}
	}
	require.Contains(p, p.text("#matches"), fmt.Sprintf("%d of %d endpoints", ends, len(x.Trace.Endpoints)))
	require.True(p, eval[bool](p, `(function () {
		const labels = Array.from(document.querySelectorAll('#diagram g.label[data-hops]'));
		const t = clew.match, has = function (g) { return g.dataset.hops.split(' ').some(function (n) { return t[n]; }); };
		return labels.some(has) && !labels.every(has) && labels.every(function (g) { return g.classList.contains('pale') !== has(g); });
	})()`), "an arrow is pale where none of its hops matches")

	p.click("#matches button:nth-of-type(1)")
	p.await(`document.getElementById('panel-title')`)
	shown, err := strconv.Atoi(strings.TrimPrefix(strings.Split(p.text("#panel-title"), ":")[0], "Hop "))
	require.NoError(p, err)
	require.True(p, number[x.Trace.Hops[shown-1].ID], "the first that matches is shown")

	p.click("#matches button:nth-of-type(2)")
	p.await(`document.getElementById('matches').hidden`)
	require.Zero(p, p.count(".pale"))
	require.Equal(p, 100, p.count("#a tbody tr"))
	require.NotContains(p, eval[string](p, "location.hash"), "&")
}

// filterUnderRule: a basis is that under the rule that is shown.
func filterUnderRule(p *tab, x *exhibit.Exhibit) {
	whole := func(r tracer.Rule) func(*tracer.Hop) bool {
		return func(h *tracer.Hop) bool {
			b, ok := h.Basis.Get(r)
			return ok && b == tracer.Whole && !tracedBy(h, r).IsZero()
		}
	}
	fifo, _ := matching(x, tracer.FIFO, whole(tracer.FIFO))
	lifo, sum := matching(x, tracer.LIFO, whole(tracer.LIFO))
	p.load("#&basis=whole")
	p.await(fmt.Sprintf(`document.getElementById('matches').textContent.startsWith('%d of ')`, fifo))
	p.choose("#rule", "lifo")
	p.await(fmt.Sprintf(`document.getElementById('matches').textContent.startsWith('%d of ') && document.getElementById('matches').textContent.includes('under lifo')`, lifo))
	require.Contains(p, p.text("#matches"), exact(x, sum))
}

// filtersPrint: who prints a filtered view has the filter on the paper.
func filtersPrint(p *tab, _ *exhibit.Exhibit) {
	p.load("#&basis=whole")
	p.await(`!document.getElementById('matches').hidden`)
	p.media("print")
	require.Equal(p, "block", eval[string](p, `getComputedStyle(document.getElementById('matches')).display`))
	require.Equal(p, "none", eval[string](p, `getComputedStyle(document.getElementById('bar')).display`))
	p.media("screen")
}

// media makes the page be shown as on paper or on a screen.
func (p *tab) media(name string) {
	p.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: name})
	require.NoError(p, err, name)
}

// findsAll goes through the hits of an address, forward and back.
func findsAll(p *tab, x *exhibit.Exhibit) {
	leg := &x.Trace.Hops[200+slices.IndexFunc(x.Trace.Hops[200:], func(h tracer.Hop) bool { return h.Kind == tracer.HopTransfer })].Legs[0]
	at := slices.IndexFunc(x.Trace.Nodes, func(n tracer.Node) bool { return n.ID == leg.To })
	address := x.Trace.Nodes[at].Address
	var want []int
	for i := range x.Trace.Hops {
		l := &x.Trace.Hops[i].Legs[0]
		if l.To == leg.To || slices.ContainsFunc(l.From, func(f tracer.From) bool { return f.Node == leg.To }) {
			want = append(want, x.Trace.Hops[i].Number)
		}
	}
	p.load("")
	p.shortcut("/")
	p.press(strings.ToUpper(address))
	for i := range len(want) + 1 {
		p.press(kb.Enter)
		n := want[i%len(want)]
		p.await(fmt.Sprintf(`document.getElementById('hits').textContent === '%d of %d: hop %d'`, i%len(want)+1, len(want), n))
		p.await(fmt.Sprintf(`document.querySelector('#hop%d.lit') && document.getElementById('panel-title').textContent.startsWith('Hop %d:')`, n, n))
		require.Equal(p, "find", eval[string](p, "document.activeElement.id"), "the field keeps the keys")
	}
	for _, q := range []struct{ text, first string }{
		{"17", "1 of 1: hop 17"}, {leg.TxID.String()[:20], ""}, {"nothing like it", "nothing found"},
	} {
		eval[chromedp.Void](p, `document.getElementById('find').select()`)
		p.press(q.text)
		p.press(kb.Enter)
		if q.first == "" {
			p.await(`document.getElementById('panel-title').textContent.startsWith('Hop ')`)
			p.await(fmt.Sprintf(`Array.from(document.querySelectorAll('#panel .hash'), function (e) { return e.textContent; }).includes('%s')`, leg.TxID))
			continue
		}
		p.await(`document.getElementById('hits').textContent === '` + q.first + `'`)
	}
}

// inWords opens a hop from its row and reads it, and closes it by a key.
func inWords(p *tab, x *exhibit.Exhibit) {
	h := &x.Trace.Hops[60]
	leg := &h.Legs[0]
	p.load("")
	p.click(fmt.Sprintf("#hop%d td:nth-child(2)", h.Number))
	p.await(fmt.Sprintf(`document.getElementById('panel-title')?.textContent.startsWith('Hop %d: %s')`, h.Number, h.Kind))
	said := p.text("#panel")
	for _, want := range []string{exact(x, leg.Units), "in block " + strconv.FormatInt(leg.Height, 10) + " of bitcoin", "The movement is " + leg.Evidence,
		leg.TxID.String(), "It is in the trace because it carries on", "fifo (declared)", "poison", "bitcoin-cli getrawtransaction " + leg.TxID.String()} {
		require.Contains(p, said, want)
	}
	for _, line := range exhibit.Checks(h) {
		require.Contains(p, said, spaces(line))
	}
	for _, raw := range leg.Raw {
		require.Contains(p, said, raw)
	}
	require.Len(p, x.Trace.Rules, p.count("#panel tbody tr"))
	for i := range x.Trace.Hops {
		if slices.Contains(x.Trace.Hops[i].Inputs, h.ID) {
			require.Equal(p, 1, p.count(fmt.Sprintf(`#panel a[href="#hop%d"]`, x.Trace.Hops[i].Number)), "it leads to what it feeds")
		}
	}
	p.press(kb.Escape)
	require.True(p, eval[bool](p, `document.getElementById('panel').hidden`))
	require.Equal(p, strconv.Itoa(h.Number), eval[string](p, `document.activeElement.textContent`), "the focus is where it was")
}

// keys of the whole page.
func keys(p *tab, _ *exhibit.Exhibit) {
	p.load("")
	p.press("?")
	require.True(p, eval[bool](p, `document.getElementById('help').open`))
	p.press(kb.Escape)
	p.await(`!document.getElementById('help').open`)
	p.press("r")
	p.await(`!document.getElementById('banner').hidden`)
	require.Equal(p, "lifo", eval[string](p, `document.getElementById('rule').value`))
	p.press("R")
	p.await(`document.getElementById('banner').hidden`)
	p.press("d")
	require.Equal(p, "stage", eval[string](p, "document.activeElement.id"))
	p.focus(`#diagram g.label a`)
	p.press(kb.Enter)
	p.await(`document.getElementById('panel-title')`)
	paper := func() string { return eval[string](p, `getComputedStyle(document.body).backgroundColor`) }
	was := paper()
	p.press("t")
	require.NotEqual(p, was, paper(), "light and dark")
	p.press("t")
	require.Equal(p, was, paper())
}

// cites: the address names the view, and opens it again.
func cites(p *tab, x *exhibit.Exhibit) {
	h := differs(p, x, tracer.FIFO, tracer.ProRata)
	p.load(fmt.Sprintf("#hop%d&rule=prorata&evidence=proven", h.Number))
	p.await(fmt.Sprintf(`document.querySelector('#hop%d.lit') && !document.getElementById('panel').hidden`, h.Number))
	require.Equal(p, exact(x, tracedBy(h, tracer.ProRata)), eval[string](p, fmt.Sprintf(cellOfA, h.Number, 7)))
	require.Equal(p, "proven", eval[string](p, `document.querySelector('#filters [name="evidence"]').value`))
	require.Equal(p, fmt.Sprintf("#hop%d&rule=prorata&evidence=proven", h.Number), eval[string](p, "location.hash"))
	require.True(p, eval[bool](p, fmt.Sprintf(`(function () {
		const r = document.getElementById('hop%d').getBoundingClientRect();
		return r.top >= document.getElementById('top').getBoundingClientRect().bottom - 1 && r.bottom <= innerHeight;
	})()`, h.Number)), "the row is in sight")
}

// TestReportAsksNobody: while a person uses the report, the browser asks for nothing but the file.
func TestReportAsksNobody(t *testing.T) {
	p := openReport(t, byName(t, "found"))
	var asked []string
	require.NoError(t, chromedp.Listen(p.ctx, func(ev any) {
		if sent, ok := ev.(*network.EventRequestWillBeSent); ok {
			asked = append(asked, sent.Request.URL)
		}
	}))
	_, err := chromedp.Call(p.ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	p.load("#hop2&rule=lifo&basis=whole")
	p.await(`document.getElementById('panel-title') && !document.getElementById('matches').hidden`)
	p.click("#panel .copy")
	p.press("t")
	p.await(`true`)
	for _, url := range asked {
		require.True(t, strings.HasPrefix(url, "file:///") || strings.HasPrefix(url, "data:") || url == "about:blank", url)
	}
	require.NotEmpty(t, asked, "the file itself")
	require.Empty(t, p.complaints())
}

// TestHostileReport: text from the chain does nothing in the parts that the script writes.
func TestHostileReport(t *testing.T) {
	c := ten()
	c.tr.Nodes[2].Label = hostile
	c.tr.Findings = []tracer.Finding{{ID: "f1", Heuristic: "peel", Version: "1", Says: hostile}}
	for i := range c.tr.Hops {
		c.tr.Hops[i].Findings = []string{"f1"}
		for k := range c.tr.Hops[i].Legs {
			c.tr.Hops[i].Legs[k].Evidence = hostile
		}
	}
	tr, data := c.finish(t)
	x, err := exhibit.New(t.Context(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	html := page(t, x)
	require.Equal(t, 3, strings.Count(html, "</script>"), "two blocks of data, the script, and nothing that ends them early")
	p := openReport(t, x)
	p.load("#hop1&rule=lifo")
	for n := range tr.Hops {
		if n > 0 {
			p.press("n")
		}
		p.await(fmt.Sprintf(`document.getElementById('panel-title')?.textContent.startsWith('Hop %d:')`, n+1))
		require.Zero(t, p.count("#panel script, #panel style, #filters script"))
		require.Contains(t, p.text("#panel"), "<script>alert(1)</script>[U+202E]gnp.exe[U+0007]", "it is shown as what it is")
	}
	require.Empty(t, p.complaints())
}
