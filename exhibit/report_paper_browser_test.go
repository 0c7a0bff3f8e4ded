package exhibit_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"clew/tracer"
)

// inWindow is whether the lit part of the drawing is seen: below the bar and above the lower edge.
const inWindow = `(function () {
	const g = document.querySelector('#stage .lit');
	if (!g) return false;
	const r = g.getBoundingClientRect();
	return r.top >= document.getElementById('top').getBoundingClientRect().bottom && r.bottom <= innerHeight && r.left >= 0 && r.left < document.getElementById('panel').offsetLeft;
})()`

// TestTallDiagram: in a drawing higher than the window, whatever leads to a hop brings it into the window.
func TestTallDiagram(t *testing.T) {
	x := replica(t)
	p := openReport(t, x)
	p.load("")
	require.Greater(p, eval[float64](p, `document.getElementById('stage').offsetHeight / innerHeight`), 1.5, "a tall drawing")
	last := len(x.Trace.Hops)
	for i := range x.Trace.Hops {
		if x.Trace.Hops[i].Kind == tracer.HopTransfer {
			last = x.Trace.Hops[i].Number
		}
	}
	p.shortcut("/")
	p.press(fmt.Sprint(last))
	p.press(kb.Enter)
	p.await(`document.getElementById('hits').textContent.startsWith('1 of 1')`)
	p.await(inWindow)
	require.Equal(p, "find", eval[string](p, "document.activeElement.id"), "the field keeps the keys")
	p.press(kb.Backspace)
	require.Empty(p, p.text("#hits"), "what was found belongs to the text that was asked for")

	p.load(fmt.Sprintf("#hop%d", last))
	p.await(`document.getElementById('panel-title')`)
	eval[chromedp.Void](p, `scrollTo(0, 0)`)
	p.do("in the diagram", chromedp.Click(`#panel .tools button`))
	p.await(inWindow)

	require.Equal(p, "a rule of outputs", eval[string](p, `Array.from(document.querySelectorAll('#panel tbody tr')).find(function (r) { return r.textContent.startsWith('tiho'); }).lastChild.textContent`), "as explain says")

	p.load("")
	p.press("d")
	for i := range 12 {
		p.press(kb.Tab)
		require.True(p, eval[bool](p, `(function () {
			const r = document.activeElement.getBoundingClientRect();
			return r.top >= document.getElementById('top').getBoundingClientRect().bottom && r.bottom <= innerHeight;
		})()`), "Tab %d", i+1)
	}
	require.Empty(p, p.complaints())
}

// TestReportOnPaper: the printed report has numbered pages, the mark of a replica pale and behind the
// text, no table wider than a page, and a diagram in parts of which none cuts a box in two.
func TestReportOnPaper(t *testing.T) {
	x := replica(t)
	p := openReport(t, x)
	p.load("")
	p.await(`clew.stage`)
	inks := p.inks()
	mark := regexp.MustCompile(`\.89\d* \.89\d* \.89\d* rg`)
	text := regexp.MustCompile(`\.(?:0667|3333) \S+ \S+ rg`) // the inks of the report
	marked := 0
	for _, ink := range inks {
		at := mark.FindStringIndex(ink)
		if at == nil {
			continue
		}
		marked++
		if over := text.FindStringIndex(ink); over != nil {
			require.Less(t, at[0], over[0], "the mark is drawn before what stands over it")
		}
	}
	require.Greater(t, marked, 20, "the mark is on the pages, pale")

	p.media("print")
	eval[chromedp.Void](p, `dispatchEvent(new Event('beforeprint'))`)
	parts := p.count("#sheets figure")
	require.Greater(t, parts, 1)
	require.Contains(t, p.text("#sheets figcaption"), fmt.Sprintf("part 1 of %d", parts))
	require.Equal(t, []string{}, eval[[]string](p, `(function () {
		const views = Array.from(document.querySelectorAll('#sheets svg'), function (s) { return s.getAttribute('viewBox').split(' ').map(Number); });
		return Array.from(document.querySelectorAll('#diagram g.box'), function (g) { return [g.id, g.getBBox()]; }).filter(function (b) {
			return !views.some(function (v) { return v[1] <= b[1].y && b[1].y + b[1].height <= v[1] + v[3]; });
		}).map(function (b) { return b[0]; });
	})()`), "each box stands whole on a page")
	eval[chromedp.Void](p, `dispatchEvent(new Event('afterprint'))`)
	require.Zero(t, p.count("#sheets figure"))
	require.Contains(t, page(t, x), `@bottom-left { content: 'Trace SHA\00002d256 `+x.SHA256+`'`)
}

// inks prints the page and returns what each of the PDF's streams draws.
func (p *tab) inks() []string {
	p.Helper()
	size := true
	printed, err := chromedp.Call(p.ctx, cdp.PrintToPDF, cdp.PrintToPDFParams{PreferCSSPageSize: &size})
	require.NoError(p, err, "print")
	var out []string
	for _, part := range strings.Split(string(printed.Data), "stream\n")[1:] {
		z, err := zlib.NewReader(strings.NewReader(part))
		if err != nil {
			continue // a stream that is not packed, or what stands behind one
		}
		var b bytes.Buffer
		if _, err := io.Copy(&b, z); err == nil {
			out = append(out, b.String())
		}
	}
	return out
}

// TestLongSchedulesOnPaper: of a schedule too long to print stand the rows that are shown, and where the
// others are.
func TestLongSchedulesOnPaper(t *testing.T) {
	x := byName(t, "busy-5000")
	p := openReport(t, x)
	p.load("")
	p.await(`clew.schedules`)
	eval[chromedp.Void](p, `dispatchEvent(new Event('beforeprint'))`)
	require.Equal(t, 100, p.count("#a tbody tr"))
	require.Contains(t, p.text("#a .left:not([hidden])"), fmt.Sprintf("Printed here are rows 1 to 100 of %d, too many to print from this page. All of them are in schedule_a_hops.csv", len(x.Trace.Hops)))
	eval[chromedp.Void](p, `dispatchEvent(new Event('afterprint'))`)
	require.True(t, eval[bool](p, `document.querySelector('#a .left').hidden`))

	p.focus(`#a input[type="search"]`)
	p.press("fee")
	p.await(`document.querySelectorAll('#a tbody tr').length && !document.querySelector('#a [role="status"]').textContent.includes(' of 5')`)
	chosen := eval[int](p, `Number(/ of (\d+)/.exec(document.querySelector('#a [role="status"]').textContent)[1])`)
	require.Less(t, chosen, 2000)
	require.Greater(t, chosen, 100)
	eval[chromedp.Void](p, `dispatchEvent(new Event('beforeprint'))`)
	require.Equal(t, chosen, p.count("#a tbody tr"), "what is few enough is printed whole")
	require.True(t, eval[bool](p, `document.querySelector('#a .left').hidden`))
}
