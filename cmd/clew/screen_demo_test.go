package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/tracer"
)

// placeOfTrace is an output that a trace follows value to, and what of it is traced.
type placeOfTrace struct {
	txid   string
	vout   string
	traced screen.Split[chains.Amount]
}

// subject is the place as a request has it.
func (p *placeOfTrace) subject() string {
	return fmt.Sprintf(`{"kind":"output","chain":"bitcoin","txid":%q,"vout":%s}`, p.txid, p.vout)
}

// demoPlaces are the outputs of an incident of the demonstration that both rules have an amount for, and
// outputs beside them in the same transactions that the trace does not touch.
func demoPlaces(t *testing.T, h *house, name string) (on, beside []placeOfTrace) {
	t.Helper()
	var trace tracer.Trace
	text, err := os.ReadFile(filepath.Join(h.dir, "clew-demo", name, "trace.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &trace))
	touched, left := map[string]bool{}, map[string]int{}
	at := map[string]int{} // index in on
	for i := range trace.Hops {
		hop := &trace.Hops[i]
		leg := &hop.Legs[len(hop.Legs)-1]
		for _, p := range leg.Positions {
			touched[leg.TxID.String()+":"+p.Value] = true
		}
		fifo, known := hop.Traced.Get(tracer.FIFO)
		prorata, too := hop.Traced.Get(tracer.ProRata)
		if len(leg.Positions) != 1 || leg.Positions[0].Kind != "vout" || !known || !too {
			left[leg.TxID.String()]++
			continue
		}
		key := leg.TxID.String() + ":" + leg.Positions[0].Value
		n, there := at[key]
		if !there {
			n = len(on)
			at[key] = n
			on = append(on, placeOfTrace{txid: leg.TxID.String(), vout: leg.Positions[0].Value})
		}
		on[n].traced.FIFO, _ = on[n].traced.FIFO.Add(fifo)
		on[n].traced.ProRata, _ = on[n].traced.ProRata.Add(prorata)
	}
	for i := range on {
		for vout := range 4 {
			p := placeOfTrace{txid: on[i].txid, vout: fmt.Sprint(vout)}
			if !touched[p.txid+":"+p.vout] && left[p.txid] == 0 {
				beside = append(beside, p)
			}
		}
	}
	return on, beside
}

// placesOfDemo are subjects on the trace of an incident, and beside it.
func placesOfDemo(t *testing.T, h *house, name string, most int) (out []string) {
	t.Helper()
	on, beside := demoPlaces(t, h, name)
	for _, list := range [][]placeOfTrace{on, beside} {
		for i := range min(most/2, len(list)) {
			out = append(out, list[i].subject())
		}
	}
	require.NotEmpty(t, out)
	return out
}

// TestDemoScreened loads the incidents of the demonstration on Bitcoin's main network and screens each place
// on their traces, in batches: what is stolen of it is what the trace says, under both rules. An output
// beside it in the same transaction is none.
func TestDemoScreened(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.clew(0, "demo", "--quiet")
	names := []string{"peel", "split", "merge", "mix"}
	for _, name := range names {
		h.clew(0, "incident", "add", "clew-demo/"+name+"/trace.json", "--quiet")
	}
	h.serve()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			h := h.in(t)
			on, beside := demoPlaces(t, h, name)
			require.NotEmpty(t, on)
			for i, v := range h.batch(on) {
				if on[i].traced.FIFO.IsZero() && on[i].traced.ProRata.IsZero() {
					require.NotEqual(t, screen.Match, v.Outcome, "%+v: %s", on[i], v.Says)
					continue
				}
				got := screen.Split[chains.Amount]{}
				for j := range v.Exposure {
					if e := &v.Exposure[j]; e.Category == screen.Stolen && e.Incident == "demo-"+name {
						got.FIFO, _ = got.FIFO.Add(e.Units.FIFO)
						got.ProRata, _ = got.ProRata.Add(e.Units.ProRata)
						require.NotEmpty(t, e.Paths)
					}
				}
				require.Equal(t, on[i].traced, got, "%s:%s: %s", on[i].txid, on[i].vout, v.Says)
			}
			for i, v := range h.batch(beside) {
				for j := range v.Exposure {
					require.NotEqual(t, "demo-"+name, v.Exposure[j].Incident, "%+v: %s", beside[i], v.Says)
				}
			}
			t.Logf("%d places on the trace, %d beside it", len(on), len(beside))
		})
	}
	h.stop()
}

// batch screens many at once.
func (h *house) batch(places []placeOfTrace) (out []*screen.Verdict) {
	h.t.Helper()
	if len(places) == 0 {
		return nil
	}
	var body strings.Builder
	for i := range places {
		fmt.Fprintf(&body, "{\"subject\":%s}\n", places[i].subject())
	}
	text := h.wants(http.StatusOK, http.MethodPost, "/v1/screenings:batch", body.String(), nil, "Content-Type", "application/x-ndjson")
	for line := range bytes.Lines(text) {
		var one struct {
			Index   int
			ID      string
			Problem json.RawMessage
		}
		require.NoError(h.t, json.Unmarshal(line, &one))
		require.Empty(h.t, one.Problem, "%s", line)
		require.Equal(h.t, len(out), one.Index)
		var v screen.Verdict
		require.NoError(h.t, json.Unmarshal(line, &v))
		out = append(out, &v)
	}
	require.Len(h.t, out, len(places))
	return out
}
