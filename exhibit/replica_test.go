package exhibit_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/exhibit"
	"clew/exhibit/scene"
	"clew/ingest"
	"clew/testdata"
	"clew/tracer"
)

// recordings opens each chain of the worked example at its recording.
type recordings map[chains.Chain]ingest.Node

type recorded struct{ *ingest.Pass }

func (r recorded) Close() error { r.Pass.Close(); return nil }

func (r recordings) Open(ctx context.Context, chain chains.Chain, height, unix int64) (tracer.Source, error) {
	from := height
	if height < 0 && unix >= 0 {
		var err error
		if from, err = ingest.HeightAt(ctx, r[chain], time.Unix(unix, 0)); err != nil {
			return nil, err
		}
	}
	pass, err := ingest.NewPass(ctx, r[chain], nil, ingest.PassOptions{From: from})
	if err != nil {
		return nil, err
	}
	return recorded{pass}, nil
}

// placing knows the tables of contracts, as the program does.
type placing struct{ evm.Codec }

func (placing) Place(chain chains.Chain, a chains.Address) (kind tracer.NodeKind, entity, source string, ok bool) {
	word, entity, source, ok := evm.PlaceOf(chain, a)
	return tracer.NodeKind(word), entity, source, ok
}

// replica is the exhibit of the worked example, traced from the recordings that the program
// carries.
func replica(t *testing.T) *exhibit.Exhibit {
	t.Helper()
	dir, err := fs.Sub(testdata.Demo, "demo/atlanta-replica")
	require.NoError(t, err)
	text, err := fs.ReadFile(dir, "incident.yaml")
	require.NoError(t, err)
	inc, err := tracer.ParseIncident("incident.yaml", text, placing{})
	require.NoError(t, err)
	opener := recordings{}
	for _, chain := range []chains.Chain{"polygon", "bsc"} {
		at, err := fs.Sub(dir, string(chain))
		require.NoError(t, err)
		node, err := ingest.OpenRecording(t.Context(), at, chain, nil, evm.Codec{})
		require.NoError(t, err)
		if c, ok := any(node).(io.Closer); ok {
			t.Cleanup(func() { require.NoError(t, c.Close()) })
		}
		opener[chain] = node
	}
	tr, err := tracer.RunAll(t.Context(), inc, opener, placing{}, tracer.Options{TouchedOnly: true})
	require.NoError(t, err)
	data, err := json.Marshal(tr)
	require.NoError(t, err)
	x, err := exhibit.New(t.Context(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	sum := sha256.Sum256(data)
	require.Equal(t, hex.EncodeToString(sum[:]), x.SHA256)
	return x
}

// TestReplica: the worked example is drawn as a reader of 1,400 pixels can take it in, and what
// went through swaps, over the bridge and behind the mixer is told apart.
func TestReplica(t *testing.T) {
	x := replica(t)
	s := x.Scene
	require.LessOrEqual(t, s.Width, 1750)
	require.Greater(t, s.Height, s.Width, "it runs down the page")
	require.Empty(t, x.Diagram.Levels, "nothing is folded")
	require.Zero(t, crossings(s), "no two arrows cross")
	requireClearText(t, s)
	requireBalance(t, x.Diagram)
	plain := strings.NewReplacer("\u202f", "", "\u00a0", " ")
	told := plain.Replace(strings.Join(exhibit.Summarize(x.Trace).Sentences(), "\n"))
	for _, want := range []string{
		"Alleged stolen: 229051.00 MATIC, 4074960.77 ELIXIR and 110846.00 START (polygon) (4 seeds, 4 receipts).",
		"MATIC on polygon: 229051.00 alleged stolen and 50000.00 taken up again behind a mixer, as the analyst adopts. Of this, ",
		"10781.00 was given in swaps; 50000.00 went through a mixer and is taken up again behind it, as the analyst adopts.",
		"46846.00 crossed a bridge.", "START 0x31D0a7…e57610 on bsc: 46846.00 came over a bridge.",
		"nobody accounts for 28270 MATIC, 60000 START, 0.77 ELIXIR",
	} {
		require.Contains(t, told, want)
	}
	boxes := plain.Replace(strings.Join(words(s, scene.GroupBox), "\n"))
	for _, want := range []string{"Bridge nomad, hops 15, 20 · polygon → bsc; ", "sent 46846.00 START (polygon); arrived 46846.00 START (bsc); ", "Mixer, adopted, hops ", "went in 30000.00 MATIC; adopted 30000.00 MATIC; ", "claimed: Tornado Cash 10000 matic; "} {
		require.Contains(t, boxes, want)
	}
	html := plain.Replace(page(t, x))
	for _, want := range []string{"<span>MATIC on polygon</span>", "<span>START 0x31D0a7…e57610 on bsc</span>", `title="82121.9325805749">82121.93</td>`,
		"Taken up again behind a mixer (adopted)</th>", "Through a mixer, taken up again (adopted)</th>", "Came over a bridge</th>", "What the victim states, apart from this trace", "from top to bottom",
		"<small>bridge, sent</small>", "<small>bridge, arrived</small>", "<small>mixer, went in</small>", "<small>mixer, came out, as adopted</small>", "<small>fee, kept on the way</small>", "<small>swap, received</small>"} {
		require.Contains(t, html, want)
	}
	for _, never := range []string{"whoever mined", "unspent output", "follows the order of outputs", "received for other assets"} {
		require.NotContains(t, html, never)
	}
}

// crossings counts the places where arrows between different boxes cross.
func crossings(s *scene.Scene) int {
	type piece struct {
		a, b  scene.Point
		arrow int
	}
	var pieces []piece
	for i := range s.Groups {
		if g := &s.Groups[i]; g.Kind == scene.GroupArrow {
			for _, path := range g.Paths {
				if !path.Curve {
					continue
				}
				ps := sample(path.Points)
				for k := 1; k < len(ps); k++ {
					pieces = append(pieces, piece{ps[k-1], ps[k], i})
				}
			}
		}
	}
	side := func(p, q, r scene.Point) int { return (q.X-p.X)*(r.Y-p.Y) - (q.Y-p.Y)*(r.X-p.X) }
	met := map[[2]int]bool{}
	for i, p := range pieces {
		for _, q := range pieces[:i] {
			if p.arrow != q.arrow && side(p.a, p.b, q.a)*side(p.a, p.b, q.b) < 0 && side(q.a, q.b, p.a)*side(q.a, q.b, p.b) < 0 {
				met[[2]int{q.arrow, p.arrow}] = true
			}
		}
	}
	return len(met)
}

// TestReplicaInABrowser: the report at the width of a laptop's window, and on a narrow one.
func TestReplicaInABrowser(t *testing.T) {
	x := replica(t)
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, []byte(page(t, x)), 0o600))
	p := newTab(t, file)
	for _, c := range []struct {
		name   string
		width  int64
		shown  float64 // the least zoom at which the diagram opens
		inside bool    // the totals fit into their box
	}{{"1400", 1400, 0.75, true}, {"800", 800, 0.45, false}} {
		t.Run(c.name, func(t *testing.T) {
			p := p.in(t)
			p.do("set the window", chromedp.EmulateViewport(c.width, 900))
			p.load("")
			require.LessOrEqual(t, eval[int](p, `document.documentElement.scrollWidth`), int(c.width), "the page does not scroll sideways")
			require.GreaterOrEqual(t, eval[float64](p, `document.getElementById('stage').clientWidth / document.getElementById('diagram').viewBox.baseVal.width`), c.shown)
			require.GreaterOrEqual(t, eval[float64](p, `document.getElementById('stage').clientHeight / document.getElementById('diagram').viewBox.baseVal.height`), c.shown, "all of it")
			require.Empty(t, eval[[]string](p, `Array.from(document.querySelectorAll('.totals tbody th[scope=row]')).filter(function (e) { return e.clientWidth < 150 || e.clientHeight > 80; }).map(function (e) { return e.textContent; })`),
				"the first column is as wide as its words")
			require.Equal(t, c.inside, eval[bool](p, `(function (e) { return e.scrollWidth <= e.clientWidth; })(document.querySelector('.totals'))`))
			require.Equal(t, 6, p.count(".totals tr.group"))
			require.Contains(t, p.text(".stated"), "Accounted for by nobody")
			require.Equal(t, 3, p.count(".stated tbody tr"))
		})
	}
	require.Empty(t, p.complaints(), "what the page wrote to the console")
}
