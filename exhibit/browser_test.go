package exhibit_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browserPath finds a Chromium: CLEW_CHROMIUM, else on the path.
func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CLEW_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium on the path (make setup, or set CLEW_CHROMIUM): what the report's scripts do is not tested")
	return ""
}

// tab is a page of a browser as a person has it: keys and the mouse go where it is looked
// at. Everything waits for what must happen, and fails where it does not.
type tab struct {
	*testing.T
	ctx     context.Context //nolint:containedctx // it is the tab: the client keeps all of it there
	file    string
	console func(func(chromedp.ConsoleMessage, error) bool)
}

// newTab starts a browser for file, on a profile of its own, without its sandbox only where
// root starts it. The browser is stopped, by its process id, when the test ends.
func newTab(t *testing.T, file string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browserPath(t)),
		chromedp.DisableGPU, chromedp.Flag("disable-smooth-scrolling", true), chromedp.WindowSize(1300, 900))
	allocator, stopAll := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		stop()
		stopAll()
	})
	console := chromedp.Console(ctx)
	require.NoError(t, chromedp.Do(ctx), "start the browser")
	limited, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return &tab{T: t, ctx: limited, file: "file://" + filepath.ToSlash(file), console: console}
}

// in is the same page for a subtest.
func (p *tab) in(t *testing.T) *tab {
	q := *p
	q.T = t
	return &q
}

func (p *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	require.NoError(p, chromedp.Do(p.ctx, steps...), what)
}

// load opens the report anew at the fragment, such as "#hop3".
func (p *tab) load(fragment string) {
	p.Helper()
	p.do("load "+fragment, chromedp.Navigate("about:blank"), chromedp.Navigate(p.file+fragment), chromedp.WaitReady("#stage"))
}

// eval returns what an expression of the page's script is.
func eval[V any](p *tab, expression string) V {
	p.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[V](expression))
	require.NoError(p, err, expression)
	return v
}

// await waits until an expression holds.
func (p *tab) await(expression string) {
	p.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(10*time.Second)))
	require.NoError(p, err, expression)
}

// text returns the text of the first element that the selector finds, as the page shows it,
// with plain spaces.
func (p *tab) text(selector string) string {
	p.Helper()
	return eval[string](p, "document.querySelector("+strconv.Quote(selector)+").textContent.replace(/\\s+/g, ' ').trim()")
}

// count returns how many elements the selector finds.
func (p *tab) count(selector string) int {
	p.Helper()
	return eval[int](p, "document.querySelectorAll("+strconv.Quote(selector)+").length")
}

// click presses the mouse in the middle of what the selector finds, scrolled to the middle of
// the window, where no bar hides it; what lies above it there gets the click.
func (p *tab) click(selector string) {
	p.Helper()
	at, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]float64](`(async function () {
		const e = document.querySelector(`+strconv.Quote(selector)+`);
		e.scrollIntoView({ block: 'center' });
		for (let last = NaN, still = 0; still < 3; ) { // a key may have set the page in motion
			await new Promise(requestAnimationFrame);
			const r = e.getBoundingClientRect(), at = r.left + 1e5 * r.top;
			still = at === last ? still + 1 : 0;
			last = at;
		}
		const r = e.getBoundingClientRect();
		return [r.left + r.width / 2, r.top + r.height / 2];
	})()`, chromedp.EvalAwaitPromise))
	require.NoError(p, err, "find %s", selector)
	p.do("click "+selector, chromedp.MouseClickXY(at[0], at[1]))
}

// press sends a key to what has the focus.
func (p *tab) press(key string) {
	p.Helper()
	p.do("press a key", chromedp.KeyEvent(key))
}

// focus gives the focus to what the selector finds.
func (p *tab) focus(selector string) {
	p.Helper()
	require.True(p, eval[bool](p, `(function () {
		const e = document.querySelector(`+strconv.Quote(selector)+`);
		e.focus();
		return document.activeElement === e;
	})()`), "%s takes the focus", selector)
}

// complaints returns what the page wrote to the console so far, its policy's refusals among
// it.
func (p *tab) complaints() []string {
	const last = "end of the test"
	var said []string
	eval[chromedp.Void](p, "console.log('"+last+"')")
	for m, err := range p.console {
		require.NoError(p, err)
		if m.Text == last {
			break
		}
		said = append(said, m.String())
	}
	return said
}
