package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"clew/server"
	"clew/store/journal"
)

// document is the API's document as a client reads it.
type document struct {
	raw        map[string]any
	operations []*described
	compiler   *jsonschema.Compiler
}

// described is an operation of the document.
type described struct {
	method, path, id, scope string
	raw                     map[string]any
}

func openDocument(t testing.TB, data []byte) *document {
	t.Helper()
	d := &document{compiler: jsonschema.NewCompiler()}
	require.NoError(t, json.Unmarshal(data, &d.raw))
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	require.NoError(t, d.compiler.AddResource("openapi.json", doc))
	paths := d.raw["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		methods := paths[path].(map[string]any)
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			op := methods[method].(map[string]any)
			scope, _ := op["x-scope"].(string)
			d.operations = append(d.operations, &described{strings.ToUpper(method), path, op["operationId"].(string), scope, op})
		}
	}
	require.NotEmpty(t, d.operations)
	return d
}

// response returns what the document says of an answer; nil where it has none.
func (o *described) response(status string) map[string]any {
	r, _ := o.raw["responses"].(map[string]any)[status].(map[string]any)
	return r
}

// params returns the parameters of a place: path, query or header.
func (o *described) params(in string) []map[string]any {
	var out []map[string]any
	list, _ := o.raw["parameters"].([]any)
	for _, p := range list {
		if p := p.(map[string]any); p["in"] == in {
			out = append(out, p)
		}
	}
	return out
}

// bodies returns the schemas of the bodies that it takes, by their form.
func (o *described) bodies() map[string]map[string]any {
	out := map[string]map[string]any{}
	body, _ := o.raw["requestBody"].(map[string]any)
	content, _ := body["content"].(map[string]any)
	for kind, media := range content {
		out[kind], _ = media.(map[string]any)["schema"].(map[string]any)
	}
	return out
}

// pointer writes a name as a part of a JSON pointer in a URL.
func pointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name)
}

// pools are the ids that requests are made with, by the path that takes them: those that answers gave.
type pools struct {
	mu  sync.Mutex
	ids map[string][]string
	url string // of a webhook endpoint that takes everything
}

// lastingEndpoint is a webhook endpoint that no request removes, since none learns of it.
const lastingEndpoint = "end-lasting"

// newPools begins with keys that may be revoked, and with events that were given up.
func newPools(w *world, url string) *pools {
	p := &pools{ids: map[string][]string{}, url: url}
	for range 20 {
		_, k, err := server.MakeKey("spare", []string{string(server.Read)}, 0, 0, time.Now())
		require.NoError(w.t, err)
		require.NoError(w.t, w.journal.Do(w.t.Context(), func(tx *journal.Tx) error {
			p.add("keys", k.ID)
			return tx.PutKey(k)
		}))
	}
	now := time.Now().UTC()
	require.NoError(w.t, w.journal.Do(w.t.Context(), func(tx *journal.Tx) error {
		return tx.PutEndpoint(journal.Endpoint{ID: lastingEndpoint, URL: url, Created: now})
	}))
	for n := range 30 {
		d := journal.Delivery{ID: fmt.Sprintf("evt-%d", n), Endpoint: lastingEndpoint, Kind: "webhook.test", Body: []byte(`{}`), Created: now}
		require.NoError(w.t, w.journal.Do(w.t.Context(), func(tx *journal.Tx) error {
			if err := tx.AddDelivery(d); err != nil {
				return err
			}
			d.State, d.Finished = journal.DeliveryDead, now
			return tx.FinishDelivery(d)
		}))
		p.add("deliveries", d.ID)
	}
	p.add("incidents", "demo-peel")
	return p
}

func (p *pools) add(kind, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ids[kind]) < 200 {
		p.ids[kind] = append(p.ids[kind], id)
	}
}

func (p *pools) pick(rng *rand.Rand, kind string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if list := p.ids[kind]; len(list) > 0 {
		return list[rng.IntN(len(list))]
	}
	return "none"
}

// sent is a request.
type sent struct {
	op            *described
	path, rawPath string
	query         string
	header        http.Header
	body          []byte
	elsewhere     bool // its path, or its method, may be another operation's, or none's
	pools         *pools
}

func (q *sent) String() string {
	header := q.header.Clone()
	header.Del("Authorization")
	return fmt.Sprintf("request: %s %.500s?%.500s\n%.800v\n%.1500q", q.op.method, q.rawPath, q.query, header, q.body)
}

// learn keeps the id of what an answer is about, for requests that follow.
func (q *sent) learn(data []byte) {
	var got struct{ ID string }
	kind := strings.Split(strings.TrimPrefix(q.op.path, "/v1/"), "/")[0]
	if json.Unmarshal(data, &got) != nil || got.ID == "" || kind == "keys" {
		return
	}
	switch {
	case strings.HasPrefix(got.ID, "job-"):
		kind = "jobs"
	case strings.HasPrefix(got.ID, "scr-"):
		kind = "screenings"
	}
	q.pools.add(kind, got.ID)
}
