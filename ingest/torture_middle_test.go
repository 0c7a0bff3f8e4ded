package ingest_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"clew/chains/bitcoin/nodetest"
)

// faults are what can happen to an answer on its way.
var faults = []string{
	"delay", "drop", "reset", "cut", "shorter", "claims more", "claims less", "a bit", "of another question", "shuffled", "busy", "bad gateway",
}

// middle stands between the program and the node and plays a plan.
type middle struct {
	url string

	mu   sync.Mutex
	plan *plan // nil: nothing happens
}

// newDoor returns a middle before a server of this process, which spoils no answers.
func newDoor(t *testing.T, inner http.Handler) *middle {
	t.Helper()
	m := &middle{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := m.current(); p != nil && strings.HasPrefix(r.URL.Path, "/rest/block/") {
			p.gate()
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

// plan says what happens during one run of the program. Its times are counted in questions
// and answers, not in seconds.
type plan struct {
	gates  map[int]bool   // by the number of the block asked for: the run waits there
	faults map[int]string // by the number of the answer

	reached chan struct{} // a gate was reached
	pass    chan struct{} // let the one that waits go on
	over    chan struct{} // closed when the run has ended
	finish  func()        // closes it; may be called again

	mu      sync.Mutex
	rng     *rand.Rand
	asked   int
	answers int
	before  map[string][]byte // the last answer to each kind of question
	done    []string          // faults that happened
}

func newPlan(rng *rand.Rand) *plan {
	p := &plan{
		gates: map[int]bool{}, faults: map[int]string{}, rng: rng, before: map[string][]byte{},
		reached: make(chan struct{}), pass: make(chan struct{}), over: make(chan struct{}),
	}
	p.finish = sync.OnceFunc(func() { close(p.over) })
	return p
}

func newMiddle(t *testing.T, node string) *middle {
	t.Helper()
	m := &middle{}
	m.url = nodetest.Proxy(t, node, nodetest.Tamper{
		Ask: func(q *nodetest.Question) {
			if p := m.current(); p != nil && strings.HasPrefix(q.Path, "/rest/block/") {
				p.gate()
			}
		},
		Answer: func(q *nodetest.Question, r *nodetest.Reply) {
			if p := m.current(); p != nil {
				p.spoil(kind(q), r)
			}
		},
	})
	return m
}

func (m *middle) current() *plan {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.plan
}

func (m *middle) play(p *plan) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plan = p
}

// kind names what was asked for, without which one of it.
func kind(q *nodetest.Question) string {
	if parts := strings.Split(q.Path, "/"); len(parts) > 2 {
		return parts[2]
	}
	return q.Method
}

// gate holds a question that was planned to wait until it may pass.
func (p *plan) gate() {
	p.mu.Lock()
	p.asked++
	here := p.gates[p.asked]
	p.mu.Unlock()
	if !here {
		return
	}
	select {
	case p.reached <- struct{}{}:
	case <-p.over:
		return
	}
	select {
	case <-p.pass:
	case <-p.over:
	}
}

// spoil does to an answer what was planned.
func (p *plan) spoil(kind string, r *nodetest.Reply) {
	p.mu.Lock()
	p.answers++
	fault := p.faults[p.answers]
	other, has := p.before[kind]
	p.before[kind] = bytes.Clone(r.Body)
	at := 1 + p.rng.IntN(max(1, len(r.Body)-1))
	delay := time.Duration(p.rng.IntN(20)) * time.Millisecond
	if fault != "" {
		p.done = append(p.done, fault+" of "+kind)
	}
	p.mu.Unlock()
	switch fault {
	case "delay":
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.over:
		}
	case "drop":
		r.Drop = true
	case "reset":
		r.Reset, r.Cut = true, at
	case "cut":
		r.Cut = at
	case "shorter":
		r.Body = r.Body[:at]
	case "claims more":
		r.Claim = len(r.Body) + at
	case "claims less":
		r.Claim = at
	case "a bit":
		r.Body[at-1] ^= 1 << (at % 8)
	case "of another question":
		if has {
			r.Body = other
		}
	case "shuffled":
		r.Body = p.shuffle(r.Body)
	case "busy":
		r.Status = 503
	case "bad gateway":
		r.Status = 502
	}
}

// shuffle puts the answers of a batch into another order.
func (p *plan) shuffle(body []byte) []byte {
	var parts []json.RawMessage
	if json.Unmarshal(body, &parts) != nil { // no batch
		return body
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	text, err := json.Marshal(parts)
	if err != nil {
		return body
	}
	return text
}
