package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/labels"
	"clew/screen"
	"clew/tracer"
)

// The kinds of requests of a load.
const (
	byIncident = "incident" // an output, deposit or address that a loaded incident traces
	byLabel    = "label"    // an address that a label calls something
	byMint     = "mined"    // an output that was mined: a walk of one transaction
	byWalk     = "walk"     // an output that nobody knows: a walk back within the rules' budget
	address    = "address"  // GET of an address
	inBatch    = "batch"    // of batchOf subjects
	asJob      = "job"      // the same with twice the default budget, answered with a job
)

// batchOf is how many subjects a batch of the mixed load has.
const batchOf = 500

// mixture is how many of 10,000 requests are of each kind.
var mixture = []struct {
	kind string
	of   int
}{
	{byIncident, 5000}, {byLabel, 4000}, {byMint, 500}, {address, 450}, {byWalk, 25}, {asJob, 5}, {inBatch, 20},
}

// mix draws the requests of a load.
type mix struct {
	pools map[string][]*request

	mu   sync.Mutex
	jobs []string // ids of jobs that were accepted
}

// draw returns a request.
func (m *mix) draw(rng *rand.Rand) *request {
	n := rng.IntN(10_000)
	for _, part := range mixture {
		if n -= part.of; n < 0 {
			return m.of(part.kind, rng)
		}
	}
	return m.of(byIncident, rng)
}

// of returns a request of a kind.
func (m *mix) of(kind string, rng *rand.Rand) *request {
	pool := m.pools[kind]
	return pool[rng.IntN(len(pool))]
}

// answersOf stands in verdicts that a lookup gives, without a walk: an incident decides, or a label says whose
// the address is. What labels name lies on chains that the store does not have.
var answersOf = map[string]string{byIncident: `"ended":"answered"`, byLabel: `"known_by":"label"`}

// poolMost is how many subjects of a kind are asked for.
const poolMost = 20_000

// newMix gathers subjects and writes the requests. Of those that a lookup should answer, the ones are left
// out that it does not; what the others are answered with must say so each time.
func newMix(ctx context.Context, o *options, c *client, height int64) (*mix, error) {
	m := &mix{pools: map[string][]*request{}}
	known := map[string][]screen.Subject{}
	var err error
	if known[byIncident], err = tracedSubjects(ctx, c); err != nil {
		return nil, err
	}
	if known[byLabel], err = labelledSubjects(); err != nil {
		return nil, err
	}
	for kind, subjects := range known {
		if known[kind], err = lookedUp(ctx, c, subjects, answersOf[kind]); err != nil {
			return nil, err
		}
		progress("of %d subjects that are known by %s, a lookup answers %d", len(subjects), kind, len(known[kind]))
		if len(known[kind]) < 100 {
			return nil, fmt.Errorf("of %d subjects that are known by %s, a lookup answers too few: %d", len(subjects), kind, len(known[kind]))
		}
	}
	for kind, subjects := range known {
		for i := range subjects {
			m.add(c, kind, &subjects[i], http.StatusOK, `"sync"`, has(answersOf[kind]))
			if s := &subjects[i]; s.Address != "" && s.TxID == "" {
				path := fmt.Sprintf("/v1/addresses/%s/%s", s.Chain, s.Address)
				m.pools[address] = append(m.pools[address], &request{kind: address, status: http.StatusOK, bytes: requestBytes(http.MethodGet, path, c.key, nil)})
			}
		}
	}
	if err := m.walks(o, c, height); err != nil {
		return nil, err
	}
	m.batches(c, append(known[byIncident], known[byLabel]...))
	return m, nil
}

// walks adds what a walk answers.
func (m *mix) walks(o *options, c *client, height int64) error {
	unknown, err := o.lastOutputs(height)
	if err != nil {
		return err
	}
	for i := range unknown {
		m.add(c, byWalk, &unknown[i], http.StatusOK, `"sync"`, nil)
		m.add(c, asJob, &unknown[i], http.StatusAccepted, `"async","budget":{"transactions":4000}`, m.accepted)
	}
	mined, err := o.minedOutputs(height)
	for i := range mined {
		m.add(c, byMint, &mined[i], http.StatusOK, `"sync"`, has(`"ended":"explained"`))
	}
	return err
}

func (m *mix) add(c *client, kind string, s *screen.Subject, status int, mode string, judge func([]byte) error) {
	body := fmt.Appendf(nil, `{"subject":%s,"mode":%s}`, s.Key(), mode)
	m.pools[kind] = append(m.pools[kind], &request{kind: kind, status: status, judge: judge,
		bytes: requestBytes(http.MethodPost, "/v1/screenings", c.key, body)})
}

// batches adds batches of subjects that a lookup answers.
func (m *mix) batches(c *client, subjects []screen.Subject) {
	rng := rand.New(rand.NewPCG(chainSeed, 13))
	for range 50 {
		body := batchBody(rng, subjects, batchOf)
		m.pools[inBatch] = append(m.pools[inBatch], &request{kind: inBatch, status: http.StatusOK, judge: func(text []byte) error {
			return wholeBatch(text, batchOf)
		}, bytes: requestBytes(http.MethodPost, "/v1/screenings:batch", c.key, body)})
	}
}

// batchBody writes a batch of n subjects, drawn by rng, in turn where it is nil. A lookup has no use for the
// budget; of a subject that is not known it keeps the batch from a walk.
func batchBody(rng *rand.Rand, subjects []screen.Subject, n int) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		at := i % len(subjects)
		if rng != nil {
			at = rng.IntN(len(subjects))
		}
		fmt.Fprintf(&b, `{"subject":%s,"budget":{"transactions":1}}`, subjects[at].Key())
	}
	b.WriteByte(']')
	return b.Bytes()
}

// wholeBatch checks that each of n subjects has its line, and that none is a problem.
func wholeBatch(text []byte, n int) error {
	if lines := bytes.Count(text, []byte("\n")); lines != n {
		return fmt.Errorf("a batch of %d subjects has %d lines", n, lines)
	}
	if at := bytes.Index(text, []byte(`,"problem":`)); at >= 0 {
		return fmt.Errorf("a line of a batch: %.300s", text[at:])
	}
	return nil
}

func has(what string) func([]byte) error {
	return func(body []byte) error {
		if !bytes.Contains(body, []byte(what)) {
			return fmt.Errorf("the answer has no %s: %.500s", what, body)
		}
		return nil
	}
}

// accepted notes a job.
func (m *mix) accepted(body []byte) error {
	var job struct{ ID string }
	if err := json.Unmarshal(body, &job); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobs = append(m.jobs, job.ID)
	return nil
}

// tracedSubjects are outputs of hops of the loaded incidents, and addresses and deposits of the same.
func tracedSubjects(ctx context.Context, c *client) (subjects []screen.Subject, err error) {
	text, err := c.get(ctx, "/v1/incidents")
	if err != nil {
		return nil, err
	}
	var list struct{ Items []struct{ ID string } }
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	for _, in := range list.Items {
		if text, err = c.get(ctx, "/v1/incidents/"+in.ID+"/trace"); err != nil {
			return nil, err
		}
		var t struct{ Hops []tracer.Hop }
		if err := json.Unmarshal(text, &t); err != nil {
			return nil, err
		}
		for i := range t.Hops {
			leg := &t.Hops[i].Legs[len(t.Hops[i].Legs)-1]
			for _, p := range leg.Positions {
				var vout uint32
				if _, err := fmt.Sscan(p.Value, &vout); p.Kind != "vout" || err != nil {
					continue
				}
				subjects = append(subjects, screen.Subject{Kind: screen.KindOutput, Chain: leg.Chain, TxID: leg.TxID.String(), Vout: &vout, Direction: screen.Source})
			}
		}
	}
	return subjects, nil
}

// labelledSubjects are addresses of bitcoin and Ethereum that the labels of the program name.
func labelledSubjects() (subjects []screen.Subject, err error) {
	packs, err := labels.BuiltIn()
	if err != nil {
		return nil, err
	}
	set, err := labels.NewSet(packs...)
	if err != nil {
		return nil, err
	}
	codecs := map[chains.Chain]screen.Codec{"bitcoin": bitcoin.Codec{}, "ethereum": evm.Codec{}}
	for _, p := range packs {
		if _, err := set.Labels(p.SHA256(), func(l *labels.Label) error {
			if codec := codecs[l.Chain]; codec != nil {
				subjects = append(subjects, screen.Subject{Kind: screen.KindAddress, Chain: l.Chain,
					Address: codec.FormatAddress(l.Chain, l.Address), Direction: screen.Source})
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return subjects, nil
}

// minedOutputs are the first outputs of the blocks up to a height.
func (o *options) minedOutputs(height int64) (subjects []screen.Subject, err error) {
	records, f, err := o.open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for h := max(firstBlock, height-200); h <= height; h++ {
		b, err := records[h].Decode(h)
		if err != nil {
			return nil, err
		}
		vout := uint32(0)
		subjects = append(subjects, screen.Subject{Kind: screen.KindOutput, Chain: chain, TxID: b.Txs[0].ID.String(), Vout: &vout, Direction: screen.Source})
	}
	return subjects, nil
}

// lookedUp draws at most poolMost of the subjects and returns those of which a lookup says so.
func lookedUp(ctx context.Context, c *client, subjects []screen.Subject, says string) (known []screen.Subject, err error) {
	rng := rand.New(rand.NewPCG(chainSeed, 12))
	rng.Shuffle(len(subjects), func(i, k int) { subjects[i], subjects[k] = subjects[k], subjects[i] })
	subjects = subjects[:min(len(subjects), poolMost)]
	const most = 1000
	for len(subjects) > 0 {
		part := subjects[:min(len(subjects), most)]
		subjects = subjects[len(part):]
		text, err := c.post(ctx, http.StatusOK, "/v1/screenings:batch", string(batchBody(nil, part, len(part))))
		if err != nil {
			return nil, err
		}
		if err := wholeBatch(text, len(part)); err != nil {
			return nil, err
		}
		i := 0
		for line := range bytes.Lines(text) {
			if bytes.Contains(line, []byte(says)) {
				known = append(known, part[i])
			}
			i++
		}
	}
	return known, nil
}
