package server_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"clew/server"
)

var update = flag.Bool("update", false, "write golden files anew")

// TestDocument holds the API's document to the committed one: a change of the API is seen as one.
func TestDocument(t *testing.T) {
	w := newWorld(t)
	r := w.ask("", http.MethodGet, "/openapi.json", "")
	require.Equal(t, http.StatusOK, r.StatusCode)
	older, err := w.srv.OpenAPI30()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("openapi.json", r.body, 0o600))
		require.NoError(t, os.WriteFile("client/openapi-3.0.json", older, 0o600))
	}
	want, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	require.Equal(t, string(want), string(r.body), "go test ./server -run TestDocument -update, where it is meant")
	require.Equal(t, w.srv.OpenAPI(), r.body)
	want, err = os.ReadFile("client/openapi-3.0.json")
	require.NoError(t, err)
	require.Equal(t, string(want), string(older), "make client, where it is meant")

	same := w.ask("", http.MethodGet, "/openapi.json", "", "If-None-Match", r.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, same.StatusCode)
	yaml := w.ask("", http.MethodGet, "/openapi.yaml", "")
	require.Contains(t, string(yaml.body), "openapi: 3.1.0")
}

// TestDocumentWords: every field says what it is, and no words are of a field that is gone.
func TestDocumentWords(t *testing.T) {
	wordless, unused := newWorld(t).srv.Words()
	require.Empty(t, wordless, "these need words in words.yaml")
	require.Empty(t, unused, "these words of words.yaml are of nothing")
}

// TestPage: the page has no script and no foreign address, every kind of problem, and every operation.
func TestPage(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, "/docs", w.ask("", http.MethodGet, "/", "").Header.Get("Location"))
	r := w.ask("", http.MethodGet, "/docs", "")
	html := string(r.body)
	require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"))
	require.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.NotContains(t, html, "<script")
	require.NotRegexp(t, `(?i)(src|href|url)\s*[=(]\s*["']?https?:`, html)
	require.NotContains(t, html, "ZgotmplZ", "something did not fit where it stands")
	for _, operation := range operations(t, w) {
		require.Contains(t, html, `id="`+operation.id+`"`)
	}
	for _, kind := range server.Events() {
		require.Contains(t, html, "<code>"+kind+"</code>")
	}
	for _, k := range server.ProblemNames() {
		require.Contains(t, html, `id="problem-`+k+`"`)
		require.Equal(t, "/docs#problem-"+k, w.ask("", http.MethodGet, server.ProblemPath+k, "").Header.Get("Location"))
	}
}

// operation is an operation of the API's document.
type operation struct {
	method, path, id, scope string
	document                map[string]any
}

func operations(t testing.TB, w *world) []operation {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]map[string]any
	}
	require.NoError(t, json.Unmarshal(w.srv.OpenAPI(), &doc))
	var out []operation
	for path, methods := range doc.Paths {
		for method, op := range methods {
			scope, _ := op["x-scope"].(string)
			out = append(out, operation{method: strings.ToUpper(method), path: path, id: op["operationId"].(string), scope: scope, document: op})
		}
	}
	return out
}

// schemas returns what checks JSON against a schema of the API's document, as others would.
func schemas(t testing.TB, w *world) func(name string, data []byte) error {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.srv.OpenAPI()))
	require.NoError(t, err)
	require.NoError(t, c.AddResource("openapi.json", doc))
	return func(name string, data []byte) error {
		schema, err := c.Compile("openapi.json#/components/schemas/" + name)
		require.NoError(t, err)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		return schema.Validate(v)
	}
}

// TestPlainRoutesFitTheDocument: the routes that are not huma's take what the document says and refuse what
// it does not have, as huma would.
func TestPlainRoutesFitTheDocument(t *testing.T) {
	w := newWorld(t)
	of := schemas(t, w)
	for name, body := range map[string]string{
		"whole":           subject(stolenDeposit(), `,"mode":"sync","budget":{"hops":3}`),
		"least":           subject(`{"chain":"bitcoin","txid":"` + peelSeed + `"}`),
		"unknown field":   subject(stolenDeposit(), `,"colour":"red"`),
		"unknown inside":  subject(`{"chain":"bitcoin","txid":"` + peelSeed + `","memo":"x"}`),
		"mode of others":  subject(stolenDeposit(), `,"mode":"later"`),
		"a number":        subject(stolenDeposit(), `,"mode":3`),
		"text for number": subject(`{"chain":"bitcoin","txid":"` + peelSeed + `","vout":"0"}`),
		"below zero":      subject(`{"chain":"bitcoin","txid":"` + peelSeed + `","vout":-1}`),
		"no subject":      `{"mode":"sync"}`,
		"no chain":        subject(`{"txid":"` + peelSeed + `"}`),
		"a list":          `[]`,
		"side":            subject(`{"chain":"bitcoin","txid":"` + peelSeed + `","direction":"up"}`),
	} {
		t.Run(name, func(t *testing.T) {
			says := of("ScreeningRequest", []byte(body))
			r := w.ask(server.Screen, http.MethodPost, "/v1/screenings", body)
			require.Equal(t, says == nil, r.StatusCode < 400, "the document: %v; the route: %d %s", says, r.StatusCode, r.body)
		})
	}
}

// TestAnswersFitTheDocument: verdicts that are sent have the form that the document says.
func TestAnswersFitTheDocument(t *testing.T) {
	w := newWorld(t)
	of := schemas(t, w)
	fits := func(schema string, data []byte) { require.NoError(t, of(schema, data), "%s: %s", schema, data) }
	fits("Verdict", w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).body)
	fits("Verdict", w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"sync","budget":{"transactions":5}`)).body)
	fits("Job", w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"async"`)).body)
	fits("AddressAnswer", w.ask(server.Read, http.MethodGet, "/v1/addresses/bitcoin/3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV", "").body)
	fits("Problem", w.ask(server.Screen, http.MethodPost, "/v1/screenings", "{").body)
	res, err := w.client.Get(w.url + "/readyz")
	require.NoError(t, err)
	data, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	fits("Readiness", data)
}
