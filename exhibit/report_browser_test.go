package exhibit_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
)

// TestReportInABrowser does with the report what a person does, on a trace with folds
// inside of folds and more hops than a page of schedule A holds.
func TestReportInABrowser(t *testing.T) {
	x := byName(t, "busy-5000")
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, []byte(page(t, x)), 0o600))
	p := newTab(t, file)
	for _, part := range []struct {
		name string
		run  func(*tab, *exhibit.Exhibit)
	}{
		{"as it loads", loads}, {"a fold opens and closes", folds}, {"links into folds", links}, {"rows and diagram lead to each other", rowsAndDiagram},
		{"search", searches}, {"sort", sorts}, {"pages", pages},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(p.in(t), x) })
	}
	require.Empty(t, p.complaints(), "what the page wrote to the console")
}

// deep returns the number of a fold that lies inside of another, and the level that it
// opens to.
func deep(t testing.TB, x *exhibit.Exhibit) (int, *exhibit.Level) {
	i := slices.IndexFunc(x.Diagram.Levels, func(l exhibit.Level) bool { return l.Parent > 0 })
	require.GreaterOrEqual(t, i, 0, "a fold inside of a fold")
	return i + 1, &x.Diagram.Levels[i]
}

func loads(p *tab, x *exhibit.Exhibit) {
	p.load("")
	require.True(p, eval[bool](p, `document.getElementById('stage').classList.contains('live')`), "the scripts run under the policy of the page")
	require.Zero(p, p.count("#stage svg.level"))
	require.Equal(p, x.Scene.Title, p.text("h1"))
	require.Contains(p, p.text("#a .pager"), "1 to 100 of "+strconv.Itoa(len(x.Trace.Hops)))
	require.Equal(p, 100, p.count("#a tbody tr"))
	require.Empty(p, eval[[]string](p, `performance.getEntriesByType('resource').map(function (e) { return e.name; }).filter(function (n) { return !n.startsWith('data:'); })`),
		"nothing is loaded")
}

// folds opens a fold with the mouse, one inside of it with the keyboard, and goes back out.
func folds(p *tab, x *exhibit.Exhibit) {
	inner, level := deep(p, x)
	outer := level.Parent
	box := fmt.Sprintf(`#diagram g[data-fold="%d"]`, outer)
	p.load("")
	p.click(`.tools button[data-do="fit"]`)
	p.click(box)
	p.await(fmt.Sprintf(`location.hash === '#f%d'`, outer))
	require.Equal(p, 1, p.count("#stage svg.level"))
	require.Zero(p, p.count("#diagram"), "one drawing at a time")
	f := x.Diagram.Levels[outer-1].Diagram.Frame()
	require.Contains(p, p.text("#crumbs"), "Whole trace › Fold "+strconv.Itoa(outer)+": ")
	require.Contains(p, p.text("#crumbs"), spaces(f.Sentence(x.Diagram.Assets)))
	require.Equal(p, len(x.Diagram.Levels[outer-1].Diagram.Boxes), p.count("#stage svg.level g.box"))
	require.Equal(p, "stage", eval[string](p, "document.activeElement.id"), "keys reach the diagram")

	p.focus(fmt.Sprintf(`svg.level g[data-fold="%d"]`, inner))
	p.press(kb.Enter)
	p.await(fmt.Sprintf(`location.hash === '#f%d'`, inner))
	require.Contains(p, p.text("#crumbs"), fmt.Sprintf("Whole trace › Fold %d › Fold %d: ", outer, inner))
	require.Equal(p, len(level.Diagram.Boxes), p.count("#stage svg.level g.box"))

	p.press(kb.Escape)
	p.await(fmt.Sprintf(`location.hash === '#f%d'`, outer))
	require.Equal(p, strconv.Itoa(inner), eval[string](p, `document.querySelector('svg.level .lit').dataset.fold`), "the box that was open is lit")
	p.press(kb.Escape)
	p.await(`location.hash === '#flow'`)
	require.Equal(p, 1, p.count("#diagram"))
	require.Empty(p, p.text("#crumbs"))
	require.Equal(p, strconv.Itoa(outer), eval[string](p, `document.querySelector('#diagram .lit').dataset.fold`))
	p.press(kb.Escape)
	require.Equal(p, 1, p.count("#diagram"), "there is nothing further out")

	p.focus(box)
	p.press(" ")
	p.await(fmt.Sprintf(`location.hash === '#f%d'`, outer))
	p.click("#crumbs button")
	p.await(`location.hash === '#flow'`)
}

// spaces makes every space a plain one.
func spaces(s string) string { return strings.Join(strings.Fields(s), " ") }

// links opens the report at an arrow inside of a fold.
func links(p *tab, x *exhibit.Exhibit) {
	inner, level := deep(p, x)
	p.load(fmt.Sprintf("#f%d-arrow1", inner))
	p.await(`document.querySelector('svg.level .lit')`)
	require.Equal(p, fmt.Sprintf("f%d-arrow1", inner), eval[string](p, `document.querySelector('svg.level .lit').id`))
	require.Contains(p, p.text("#crumbs"), fmt.Sprintf("Whole trace › Fold %d › Fold %d: ", level.Parent, inner))
	require.True(p, eval[bool](p, `(function () {
		const r = document.querySelector('.lit').getBoundingClientRect(), s = document.getElementById('stage').getBoundingClientRect();
		const x = r.left + r.width / 2, y = r.top + r.height / 2;
		return x > s.left && x < s.right && y > s.top && y < s.bottom;
	})()`), "what is lit is in sight")
}

// rowsAndDiagram goes from the row of a hop inside of a fold to the drawing that shows it
// and from a label of the drawing to its row.
func rowsAndDiagram(p *tab, x *exhibit.Exhibit) {
	p.load("#hop3000")
	p.await(`document.querySelector('#hop3000.lit')`)
	require.Contains(p, p.text("#a .pager"), "2901 to 3000 of")
	const link = `#a tbody tr a[data-in]`
	hop := eval[string](p, `document.querySelector('`+link+`').closest('tr').id.slice(3)`)
	id := eval[string](p, `document.querySelector('`+link+`').dataset.in`)
	p.click(link)
	p.await(`location.hash === '#` + id + `'`)
	require.Equal(p, id, eval[string](p, `document.querySelector('svg.level .lit').id`))
	require.Contains(p, strings.Fields(eval[string](p, `document.querySelector('svg.level .lit').dataset.hops`)), hop, "the hop is there")

	p.load("")
	arrow := slices.IndexFunc(x.Diagram.Arrows, func(a exhibit.Arrow) bool { return len(a.Hops) == 1 && x.Trace.Hops[a.Hops[0]].Number > 100 })
	require.GreaterOrEqual(p, arrow, 0, "an arrow of a hop that is not on the first page")
	number := x.Trace.Hops[x.Diagram.Arrows[arrow].Hops[0]].Number
	p.click(`.tools button[data-do="fit"]`)
	p.click(fmt.Sprintf(`#diagram g.label a[href="#hop%d"]`, number))
	p.await(fmt.Sprintf(`document.getElementById('panel-title')?.textContent.startsWith('Hop %d:')`, number))
	require.Equal(p, "panel-title", eval[string](p, "document.activeElement.id"), "who cannot see the page is told of the hop")
	p.click(`#panel .tools button:nth-of-type(2)`)
	p.await(fmt.Sprintf(`document.querySelector('#hop%d.lit')`, number))
	require.True(p, eval[bool](p, fmt.Sprintf(`(function () {
		const r = document.getElementById('hop%d').getBoundingClientRect();
		return r.top >= 0 && r.bottom <= innerHeight;
	})()`, number)), "the row is in sight")
}

// searches finds the hops of a transaction that is not on the first page.
func searches(p *tab, x *exhibit.Exhibit) {
	tx := x.Trace.Hops[2499].Legs[0].TxID.String()
	var want []string
	for i := range x.Trace.Hops {
		if x.Trace.Hops[i].Legs[0].TxID.String() == tx {
			want = append(want, fmt.Sprintf("hop%d", x.Trace.Hops[i].Number))
		}
	}
	p.load("")
	p.focus(`#a input[type="search"]`)
	p.press(strings.ToUpper(tx))
	p.await(fmt.Sprintf(`document.querySelector('#a [role="status"]').textContent.includes(' of %d ')`, len(want)))
	require.Subset(p, eval[[]string](p, `Array.from(document.querySelectorAll('#a tbody tr'), function (r) { return r.id; })`), want)
	p.press("nothing like it")
	p.await(`document.querySelector('#a [role="status"]').textContent.includes('nothing found')`)
	require.Zero(p, p.count("#a tbody tr"))
	eval[chromedp.Void](p, `document.querySelector('#a input[type="search"]').select()`)
	p.press(kb.Delete)
	p.await(fmt.Sprintf(`document.querySelector('#a [role="status"]').textContent.includes(' of %d ')`, len(x.Trace.Hops)))
}

// sorts orders schedule A by the whole movement, both ways.
func sorts(p *tab, x *exhibit.Exhibit) {
	whole := func(i int) chains.Amount { return x.Trace.Hops[i].Legs[0].Units }
	id := func(i int) string { return fmt.Sprintf("hop%d", x.Trace.Hops[i].Number) }
	order := make([]int, len(x.Trace.Hops))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(whole(a).Cmp(whole(b)), a-b) })
	p.load("")
	p.click("#a thead th:nth-child(6)")
	p.await(`document.querySelector('#a th[aria-sort="ascending"]')`)
	first := id(order[0])
	require.Equal(p, first, eval[string](p, `document.querySelector('#a tbody tr').id`))
	p.focus("#a thead th:nth-child(6)")
	p.press(kb.Enter)
	p.await(`document.querySelector('#a th[aria-sort="descending"]')`)
	most := whole(order[len(order)-1])
	i := slices.IndexFunc(order, func(i int) bool { return whole(i).Cmp(most) == 0 })
	require.Equal(p, id(order[i]), eval[string](p, `document.querySelector('#a tbody tr').id`), "equals stay in the order of the file")
	require.Equal(p, 1, p.count("#a th[aria-sort]"))
}

// pages turns the pages of schedule A.
func pages(p *tab, x *exhibit.Exhibit) {
	n := len(x.Trace.Hops)
	p.load("")
	button := func(k int) string { return fmt.Sprintf("#a .pager button:nth-of-type(%d)", k) }
	require.True(p, eval[bool](p, `document.querySelector('`+button(1)+`').disabled`), "there is no page before the first")
	last := (n - 1) / 100 * 100
	for _, step := range []struct{ button, from, to int }{
		{3, 101, 200}, {3, 201, 300}, {2, 101, 200}, {4, last + 1, n}, {1, 1, 100},
	} {
		p.click(button(step.button))
		require.Contains(p, p.text("#a .pager"), fmt.Sprintf("%d to %d of %d", step.from, step.to, n))
		require.Equal(p, fmt.Sprintf("hop%d", x.Trace.Hops[step.from-1].Number), eval[string](p, `document.querySelector('#a tbody tr').id`))
		require.Equal(p, step.to-step.from+1, p.count("#a tbody tr"))
	}
}
