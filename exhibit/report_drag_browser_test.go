package exhibit_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestReportDrag: what is drawn goes along with the pointer and is not drawn anew meanwhile; when the
// drag ends, it is drawn where it lies. A zoom in between is shown at once.
func TestReportDrag(t *testing.T) {
	p := openReport(t, byName(t, "busy-300"))
	p.load("")
	box := func() float64 {
		return eval[float64](p, `document.querySelector('#stage .box').getBoundingClientRect().left`)
	}
	view := func() string { return eval[string](p, `document.getElementById('diagram').getAttribute('viewBox')`) }
	send := func(what string, x int) {
		p.do(what, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(async function () {
			const stage = document.getElementById('stage');
			stage.setPointerCapture = function () {}; // of a pointer that the browser does not know
			stage.dispatchEvent(new PointerEvent('%s', { pointerId: 1, button: 0, buttons: 1, clientX: %d, clientY: 300, bubbles: true }));
			await new Promise(requestAnimationFrame);
		})()`, what, x), chromedp.EvalAwaitPromise))
	}
	left, before := box(), view()
	send("pointerdown", 300)
	send("pointermove", 240)
	require.InDelta(t, left-60, box(), 1)
	require.Equal(t, before, view(), "it is not drawn anew")
	eval[chromedp.Void](p, `document.querySelector('.tools button[data-do="in"]').click()`)
	zoomed := view()
	require.NotEqual(t, before, zoomed)
	left = box()
	send("pointermove", 200)
	require.InDelta(t, left-40, box(), 1)
	require.Equal(t, zoomed, view())
	send("pointerup", 200)
	require.InDelta(t, left-40, box(), 1, "it stays where it was let go")
	require.NotEqual(t, zoomed, view())
	require.Empty(t, eval[string](p, `document.getElementById('diagram').style.transform`))
	require.Empty(t, p.complaints())
}
