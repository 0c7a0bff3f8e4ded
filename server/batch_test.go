package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/server"
)

// line is a line of the answer to a batch.
type line struct {
	Index   int
	Verdict string
	ID      string
	Problem *server.Problem
}

func linesOf(t testing.TB, body []byte) (out []line) {
	t.Helper()
	for text := range bytes.Lines(body) {
		var l line
		require.NoError(t, json.Unmarshal(text, &l), "%s", text)
		out = append(out, l)
	}
	return out
}

// TestBatch: a line for each subject, in order, in both forms; what is wrong with one is told in its line.
func TestBatch(t *testing.T) {
	w := newWorld(t)
	var items []string
	for n := range 300 {
		items = append(items, subject(fmt.Sprintf(`{"chain":"bitcoin","txid":"%064x","vout":0}`, n+1)))
	}
	items[7] = subject(stolenDeposit())
	items[77] = subject(`{"chain":"bitcoin","address":"nobody"}`)
	items[177] = `{"subject":{},"x":1}`
	items[277] = subject(w.walked(), `,"budget":{"transactions":5}`)
	for form, body := range map[string]string{
		"application/json":     "[" + strings.Join(items, ",\n") + "]",
		"application/x-ndjson": "\ufeff" + strings.Join(items, "\r\n") + "\n\n", // as Windows writes texts
	} {
		t.Run(form, func(t *testing.T) {
			r := w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch", body, "Content-Type", form)
			require.Equal(t, 200, r.StatusCode, "%s", r.body)
			require.Equal(t, "application/x-ndjson", r.Header.Get("Content-Type"))
			got := linesOf(t, r.body)
			require.Len(t, got, len(items))
			for i, l := range got {
				require.Equal(t, i, l.Index)
				switch i {
				case 7:
					require.Equal(t, "match", l.Verdict)
				case 77:
					require.Equal(t, "/problems/invalid-subject", l.Problem.Type)
				case 177:
					require.Equal(t, "/problems/bad-request", l.Problem.Type)
				case 277:
					require.Equal(t, "not covered", l.Verdict, "its budget ended the walk")
				default:
					require.Equal(t, "not covered", l.Verdict)
				}
			}
			one := w.ask(server.Screen, http.MethodPost, "/v1/screenings", items[7]).verdict(200)
			require.Equal(t, one.ID, got[7].ID)
			kept := w.ask(server.Read, http.MethodGet, "/v1/screenings/"+got[299].ID, "")
			require.Equal(t, 200, kept.StatusCode, "verdicts of batches are kept")
			require.Contains(t, string(r.body), `{"index":299,`+string(kept.body[1:])+"\n", "the bytes are the same")
		})
	}
}

// TestBatchSummaries: lines have the caller's own names, and as summaries no more of a verdict than one decides by.
func TestBatchSummaries(t *testing.T) {
	w := newWorld(t)
	body := `[{"reference":"D \"1\"","subject":` + stolenDeposit() + `},{"reference":"D2","subject":{"chain":"nochain"}}]`
	full := w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch", body)
	short := w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch?view=summary", body)
	one := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).verdict(200)
	require.True(t, strings.HasPrefix(string(full.body), `{"index":0,"reference":"D \"1\"","schema":`), "%s", full.body)
	var line map[string]any
	first, second, _ := strings.Cut(string(short.body), "\n")
	require.NoError(t, json.Unmarshal([]byte(first), &line))
	require.Equal(t, one.ID, line["id"])
	require.Equal(t, one.Says, line["says"])
	require.NotContains(t, line, "exposure")
	require.Contains(t, second, `{"index":1,"reference":"D2","problem":{`)
	require.Equal(t, 200, w.ask(server.Read, http.MethodGet, "/v1/screenings/"+one.ID, "").StatusCode)
	w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch?view=long", body).problem(422, "invalid-field")
}

func TestBatchRefusals(t *testing.T) {
	w := newWorld(t, func(w *world) { w.opt.Limits.BatchLines = 3; w.opt.Limits.Batches = 1 })
	one := subject(stolenDeposit())
	for name, c := range map[string]struct {
		body, form string
		status     int
		problem    string
	}{
		"empty list":     {"[]", "application/json", 400, "bad-request"},
		"nothing":        {"", "application/json", 400, "bad-request"},
		"cut off":        {"[" + one, "application/json", 400, "bad-request"},
		"another form":   {one, "text/csv", 415, "unsupported-media-type"},
		"one too many":   {"[" + one + strings.Repeat(","+one, 3) + "]", "application/json", 413, "too-large"},
		"too many lines": {strings.Repeat(one+"\n", 4), "application/x-ndjson", 413, "too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch", c.body, "Content-Type", c.form).problem(c.status, c.problem)
		})
	}
	require.Equal(t, 200, w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch", "["+one+"]").StatusCode, "the place of each was given back")
}

// TestBatchRate: a batch costs as much of a key's rate as its subjects are worth.
func TestBatchRate(t *testing.T) {
	w := newWorld(t, func(w *world) { w.keys["slow"] = w.key("slow", 1, 4, "screen") })
	body := strings.Repeat(subject(stolenDeposit())+"\n", 500)
	r := w.ask("slow", http.MethodPost, "/v1/screenings:batch", body, "Content-Type", "application/x-ndjson")
	r.problem(429, "rate-limited")
}

// TestBatchStreams: the first lines are there while later ones are still being screened, and who goes away
// ends the work.
func TestBatchStreams(t *testing.T) {
	w := newWorld(t)
	body := strings.Repeat(subject(stolenDeposit())+"\n", 10_000)
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/v1/screenings:batch", strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Authorization", "Bearer "+w.keys[server.Screen])
	res, err := w.client.Do(req)
	require.NoError(t, err)
	first, err := bufio.NewReader(res.Body).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, first, `{"index":0,`)
	leave()
	require.NoError(t, res.Body.Close())
	require.NoError(t, w.end(), "it does not wait for who has gone")
}

// BenchmarkBatch screens 10,000 subjects in one request: one that an incident's index answers, again and
// again, whose verdict is kept already; and others each time, whose verdicts are all new.
func BenchmarkBatch(b *testing.B) {
	next := 0
	for name, item := range map[string]func() string{
		"known": func() string { return subject(stolenDeposit()) },
		"new": func() string {
			next++
			return subject(fmt.Sprintf(`{"chain":"bitcoin","txid":"%s","vout":%d}`, peelSeed, next))
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			for b.Loop() {
				b.StopTimer()
				var body strings.Builder
				for range 10_000 {
					body.WriteString(item() + "\n")
				}
				b.StartTimer()
				r := w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch", body.String(), "Content-Type", "application/x-ndjson")
				require.Equal(b, 10_000, bytes.Count(r.body, []byte("\n")))
			}
			b.ReportMetric(float64(10_000*b.N)/b.Elapsed().Seconds(), "subjects/s") //nolint:forbidigo // a rate
		})
	}
}

// brokenFacts panics when a chain is opened.
type brokenFacts struct{}

func (brokenFacts) Facts(context.Context, chains.Chain, int64) (screen.Facts, error) {
	panic("a broken store")
}

// TestPanics: what breaks off while one subject is screened is that one's problem: the others of its batch,
// and other jobs, go on.
func TestPanics(t *testing.T) {
	w := newWorld(t)
	s, err := screen.New(screen.Config{
		Policy: screen.DefaultPolicy(), Codec: w.opt.Codec, Chains: brokenFacts{}, Heads: w.state.Load().Screener.Heads(), Index: w.index,
	})
	require.NoError(t, err)
	w.state.Store(&server.State{Screener: s, Policy: screen.DefaultPolicy()})
	body := subject(stolenDeposit()) + "\n" + subject(w.walked()) + "\n" + subject(stolenDeposit())
	got := linesOf(t, w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch", body, "Content-Type", "application/x-ndjson").body)
	require.Len(t, got, 3)
	require.Equal(t, "match", got[0].Verdict)
	require.Equal(t, "/problems/internal", got[1].Problem.Type)
	require.Equal(t, "match", got[2].Verdict)
	job := w.job(w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"async"`)))
	require.Equal(t, "failed", job.State)
	require.NotContains(t, job.Error, "broken store")
	require.Contains(t, w.log.String(), "a broken store")
	w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked())).problem(500, "internal")
	require.Equal(t, 200, w.ask("", http.MethodGet, "/healthz", "").StatusCode)
}
