package exhibit_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
)

// browser finds a Chromium: CLEW_CHROMIUM, else on the path.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CLEW_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium on the path (apt-get install chromium, or set CLEW_CHROMIUM): what the report's scripts do is not tested")
	return ""
}

// opened returns the report as a browser has it after its scripts have run, at the given
// fragment.
func opened(t *testing.T, file, fragment string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	home := t.TempDir()
	cmd := exec.CommandContext(ctx, browser(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", // #nosec G204 the path is the tester's
		"--user-data-dir="+home, "--window-size=1300,900", "--virtual-time-budget=4000", "--dump-dom", "file://"+file+fragment)
	cmd.Env = append(os.Environ(), "HOME="+home)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, said.String())
	return string(out)
}

// between returns what stands in html from the first mark up to the next.
func between(t *testing.T, html, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(html, from)
	require.True(t, ok, "no %q", from)
	part, _, ok := strings.Cut(rest, to)
	require.True(t, ok, "no %q after %q", to, from)
	return part
}

// TestReportInABrowser opens the report of a trace with folds inside of folds and more hops
// than a page of schedule A holds.
func TestReportInABrowser(t *testing.T) {
	x := byName(t, "busy-5000")
	file := filepath.Join(t.TempDir(), "report.html")
	html := page(t, x)
	require.NoError(t, os.WriteFile(file, []byte(html), 0o600))

	deep := 0
	for i, l := range x.Diagram.Levels {
		if l.Parent > 0 {
			deep = i + 1
			break
		}
	}
	require.Positive(t, deep, "a fold inside of a fold")
	level := &x.Diagram.Levels[deep-1]

	t.Run("whole", func(t *testing.T) {
		dom := opened(t, file, "")
		require.Contains(t, between(t, dom, `id="stage"`, ">"), "live", "the scripts run under the policy of the page")
		require.NotContains(t, dom, `class="level"`)
		require.Contains(t, dom, `role="button" aria-label="Open fold 1"`)
		require.Contains(t, between(t, dom, `<section id="a">`, "<table>"), "1 to 100 of "+fmt.Sprint(len(x.Trace.Hops)))
		require.NotContains(t, noscript.ReplaceAllString(dom, ""), `<tr id="hop3000"`)
	})
	t.Run("fold", func(t *testing.T) {
		dom := opened(t, file, fmt.Sprintf("#f%d-arrow1", deep))
		path := between(t, dom, `id="crumbs"`, "</nav>")
		require.Contains(t, path, "Whole trace")
		require.Contains(t, path, fmt.Sprintf("Fold %d</button>", level.Parent))
		f := level.Diagram.Frame()
		require.Contains(t, strings.ReplaceAll(path, "&nbsp;", "\u00a0"), f.Sentence())
		stage := between(t, dom, `class="level"`, "</svg>")
		require.Equal(t, len(level.Diagram.Boxes), strings.Count(stage, `<g class="box`))
		require.Contains(t, stage, fmt.Sprintf(`<g class="arrow lit" id="f%d-arrow1"`, deep))
	})
	t.Run("row", func(t *testing.T) {
		dom := noscript.ReplaceAllString(opened(t, file, "#hop3000"), "")
		require.Contains(t, dom, `<tr id="hop3000"`)
		require.Contains(t, between(t, dom, `<tr id="hop3000"`, ">"), "lit")
		require.Contains(t, between(t, dom, `<section id="a">`, "<table>"), "2901 to 3000")
		require.NotContains(t, dom, `<tr id="hop1"`)
	})
}

var noscript = regexp.MustCompile(`(?s)<noscript>.*?</noscript>`)

// TestRowsLeadIntoFolds: every row of a hop that is drawn leads to the drawing that shows it
// nearest, and without scripts to the box that holds it.
func TestRowsLeadIntoFolds(t *testing.T) {
	x := byName(t, "busy-300")
	html := page(t, x)
	ids := map[string]bool{}
	scenes := append([]*exhibit.Scene{x.Scene}, x.Levels...)
	folded := map[int]bool{}
	for i, s := range scenes {
		for _, g := range s.Groups {
			if g.ID != "" {
				require.False(t, ids[g.ID], "id %s twice", g.ID)
				ids[g.ID] = true
			}
			if i == 0 && g.Fold > 0 {
				for _, n := range g.Hops {
					folded[n] = true
				}
			}
		}
	}
	rows := regexp.MustCompile(`<tr id="hop(\d+)"[^>]*><td><a href="#([^"]+)"(?: data-in="([^"]+)")?`).FindAllStringSubmatch(html, -1)
	require.NotEmpty(t, rows)
	seen := 0
	for _, r := range rows {
		require.Contains(t, html, ` id="`+r[2]+`"`)
		if folded[number(t, r[1])] {
			require.NotEmpty(t, r[3], "hop %s is in a fold", r[1])
			seen++
		}
		if r[3] != "" {
			require.True(t, ids[r[3]], r[3])
		}
	}
	require.Equal(t, len(folded), seen)
}

// TestAllRowsAreInTheFile: without scripts every hop and endpoint is a row of the report.
func TestAllRowsAreInTheFile(t *testing.T) {
	x := byName(t, "busy-5000")
	html := page(t, x)
	rows := map[string]int{}
	for _, m := range regexp.MustCompile(`<tr id="hop(\d+)"`).FindAllStringSubmatch(html, -1) {
		rows[m[1]]++
	}
	require.Len(t, rows, len(x.Trace.Hops))
	for i := range x.Trace.Hops {
		require.Equal(t, 1, rows[fmt.Sprint(x.Trace.Hops[i].Number)], "hop %d", i+1)
	}
	require.Equal(t, len(x.Trace.Endpoints), strings.Count(html, `<tr id="end`))
	require.Equal(t, len(x.Diagram.Runs), strings.Count(html, ` id="run`))
	require.Equal(t, strings.Count(html, "<noscript>"), strings.Count(html, "</noscript>"))
	for _, part := range strings.Split(html, "<noscript>")[1:] { // none inside of another, or its text would end early
		inner, _, _ := strings.Cut(part, "</noscript>")
		require.NotContains(t, inner, "<noscript")
		require.Equal(t, strings.Count(inner, "<tr"), strings.Count(inner, "</tr>"))
	}
}
