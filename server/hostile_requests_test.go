package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"clew/server"
)

// hostile makes requests from the API's document. About a third fit it, a third have one fault, and a
// third are bent at several places.
type hostile struct {
	rng   *rand.Rand
	doc   *document
	pools *pools
	w     *world
	bend  int // of a hundred, how many values are bent
}

// some are values for fields by their names, such as a person would send.
func (g *hostile) some(name string) string {
	const txid, address = peelSeed, "3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV"
	values := map[string][]string{
		"chain":   {"bitcoin", "bitcoin", "bitcoin-regtest", "polygon", "eip155:1", "litecoin"},
		"address": {address, address, "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo", "0x801Fda1eF5FBF7f2540d11D3fd690d535ef0B910"},
		"txid":    {txid, txid, g.w.last.String(), strings.Repeat("ab", 32)},
		"asset":   {"", "native", "0x801Fda1eF5FBF7f2540d11D3fd690d535ef0B910"},
		"url":     {g.pools.url, "https://127.0.0.1:1/hook", "https://10.0.0.1/", "http://[::1]/", "https://169.254.169.254/latest/meta-data/"},
		"trace":   {"trace-demo-peel", "trace-none"},
		"note":    {"", "of a customer", strings.Repeat("n", 1000)},
		"subject": {"bitcoin:" + txid, "bitcoin:" + txid + ":0", "bitcoin:" + address, "bitcoin-regtest:" + g.w.last.String()},
		"events":  {"verdict.changed", "screening.completed", "webhook.test"},
		"since":   {"2020-01-01T00:00:00Z", "2031-02-03T04:05:06.7+02:00"},
		"cursor":  {"", "1", "9223372036854775807"},
	}
	switch name {
	case "endpoint":
		if g.chance(70) {
			return lastingEndpoint
		}
		return g.pools.pick(g.rng, "webhook-endpoints")
	case "incident":
		return g.pools.pick(g.rng, "incidents")
	}
	if list := values[name]; list != nil {
		return list[g.rng.IntN(len(list))]
	}
	return "x"
}

// bent are texts that programs stumble over.
func (g *hostile) bent() string {
	list := []string{
		"", " ", "\x00", "a\x00b", "../../../../etc/passwd", "..", "%2e%2e%2f", "%00", "'; DROP TABLE keys; --", `" OR 1=1`, "${jndi:ldap://x}", "{{7*7}}",
		"<script>alert(1)</script>", "\u202e\u0000\ufeff", "\ud7ff\U0010ffff", strings.Repeat("A", 300), strings.Repeat("é", 400), "\r\nSet-Cookie: a=b",
		"NaN", "-0", "1e999", "0x", "0x" + strings.Repeat("f", 65), strings.Repeat("0", 64), "null", "true", "[]", "bitcoin:", ":::::", "eip155:99999999999999999999",
		"eip155:-1", "claimed:x", "BITCOIN", "bitcoin\n", "9999-99-99T99:99:99Z", "file:///etc/passwd", "gopher://127.0.0.1:1/", "https://user:secret@127.0.0.1/", "http://127.0.0.1:1\\@x/",
		"scr-" + strings.Repeat("0", 32), "job-" + strings.Repeat("Z", 26), "%s%s%n", "\xff\xfe\xfd", "e\u0301\u0301\u0301\u0301",
	}
	return list[g.rng.IntN(len(list))]
}

func (g *hostile) chance(percent int) bool { return g.rng.IntN(100) < percent }

// request makes the next request.
func (g *hostile) request() *sent {
	op := g.doc.operations[g.rng.IntN(len(g.doc.operations))]
	if g.chance(25) { // those that take most
		op = g.of("createScreening", "createScreenings", "createWatch", "createIncident")
	}
	g.bend = [3]int{0, 12, 45}[g.rng.IntN(3)]
	q := &sent{op: op, pools: g.pools, header: http.Header{}}
	g.path(q)
	g.queryOf(q)
	g.bodyOf(q)
	g.headers(q)
	return q
}

func (g *hostile) of(names ...string) *described {
	name := names[g.rng.IntN(len(names))]
	return g.doc.operations[slices.IndexFunc(g.doc.operations, func(o *described) bool { return o.id == name })]
}

// path fills in the path of an operation.
func (g *hostile) path(q *sent) {
	kind := strings.Split(strings.TrimPrefix(q.op.path, "/v1/"), "/")[0]
	raw := q.op.path
	for _, p := range q.op.params("path") {
		name := p["name"].(string)
		value := g.some(name)
		if name == "id" {
			value = g.pools.pick(g.rng, kind)
		}
		text := url.PathEscape(value)
		if g.chance(g.bend) {
			value, q.elsewhere = g.bent(), true
			if text = url.PathEscape(value); g.chance(30) {
				text = strings.NewReplacer(" ", "+", "\x00", "%00", "\r", "%0d", "\n", "%0A", "?", "%3f", "#", "%23").Replace(value)
			}
		}
		raw = strings.Replace(raw, "{"+name+"}", text, 1)
	}
	if g.chance(g.bend / 6) {
		q.elsewhere = true
		tricks := []string{"/.." + raw, raw + "/", "/" + raw, raw + "/../..", raw + "%2f", "/%2e%2e" + raw, raw + ";a=b", strings.ToUpper(raw), raw + ":replay", "/v1/../v1/rules", raw + "%00", "/v1//screenings", "/problems/../healthz"}
		raw = tricks[g.rng.IntN(len(tricks))]
	}
	// What cannot stand in a request's line is not sent: TestBrokenHTTP does.
	clean := []byte(raw)
	for i, b := range clean {
		if b <= ' ' || b >= 0x7f {
			clean[i] = '_'
		}
	}
	q.rawPath = string(clean)
	q.path = q.rawPath
}

// queryOf fills in the query.
func (g *hostile) queryOf(q *sent) {
	values := url.Values{}
	for _, p := range q.op.params("query") {
		name := p["name"].(string)
		if p["required"] != true && g.chance(60) {
			continue
		}
		values.Add(name, g.text(p["schema"].(map[string]any), name))
		if g.chance(g.bend / 4) {
			values.Add(name, g.bent())
		}
	}
	if g.chance(g.bend / 4) {
		values.Add(g.bent(), g.bent())
	}
	if q.query = values.Encode(); g.chance(g.bend / 8) {
		q.query += []string{"&", "%zz", "&a;b", "&limit=%00", "&&&=", "&%ff=%fe"}[g.rng.IntN(6)]
	}
}

// text makes the text of a parameter.
func (g *hostile) text(schema map[string]any, name string) string {
	if g.chance(g.bend) {
		return g.bent()
	}
	if s, is := g.value(schema, name).(string); is {
		return s
	}
	return fmt.Sprint(1 + g.rng.IntN(60))
}

// value makes a value of a schema.
func (g *hostile) value(schema map[string]any, name string) any {
	if g.chance(g.bend / 2) {
		return g.wrong()
	}
	if ref, is := schema["$ref"].(string); is {
		return g.value(g.doc.raw["components"].(map[string]any)["schemas"].(map[string]any)[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any), name)
	}
	if list, is := schema["enum"].([]any); is {
		return list[g.rng.IntN(len(list))]
	}
	kind, _ := schema["type"].(string)
	if list, is := schema["type"].([]any); is {
		kind = list[0].(string)
	}
	switch kind {
	case "object":
		return g.object(schema)
	case "array":
		out := []any{}
		for range g.rng.IntN(4) {
			out = append(out, g.value(schema["items"].(map[string]any), name))
		}
		return out
	case "integer":
		return [...]int64{0, 0, 1, 2, 50, 1000}[g.rng.IntN(6)]
	case "boolean":
		return g.chance(50)
	}
	if g.chance(g.bend / 2) {
		return g.bent()
	}
	return g.some(name)
}

func (g *hostile) object(schema map[string]any) map[string]any {
	out := map[string]any{}
	properties := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		needed := slices.Contains(required, any(name))
		if needed && !g.chance(g.bend/4) || !needed && g.chance(35) {
			out[name] = g.value(properties[name].(map[string]any), name)
		}
	}
	if g.fits(out) && g.chance(80) {
		g.fit(out)
	}
	if g.chance(g.bend / 3) {
		out[g.bent()] = g.wrong()
	}
	return out
}

// fits says whether an object is a subject, of which few fields go together.
func (g *hostile) fits(o map[string]any) bool { return o["chain"] != nil && g.bend < 40 }

// fit makes a subject, or what is watched, of fields that go together.
func (g *hostile) fit(o map[string]any) {
	for _, name := range []string{"kind", "address", "txid", "vout", "asset"} {
		delete(o, name)
	}
	o["chain"] = "bitcoin"
	switch g.rng.IntN(4) {
	case 0:
		o["address"] = "3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV"
	case 1:
		o["txid"], o["vout"] = peelSeed, 0
	case 2:
		o["chain"], o["txid"], o["vout"] = string(regtest), g.w.last.String(), 0
	case 3:
		o["txid"], o["address"] = peelSeed, "3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV"
	}
}

// wrong is a value of another type than the one that is wanted, or beyond its bounds.
func (g *hostile) wrong() any {
	deep := func(n int, open, shut string) json.RawMessage {
		return json.RawMessage(strings.Repeat(open, n) + "1" + strings.Repeat(shut, n))
	}
	list := []any{
		nil, true, -1, 1 << 40, 3.5, "", g.bent(), []any{}, map[string]any{}, []any{nil, 1, "x"}, map[string]any{"": nil},
		json.RawMessage("1e400"), json.RawMessage("-0"), json.RawMessage("1E2"), json.RawMessage("123456789012345678901234567890"), json.RawMessage("-9223372036854775808"),
		deep(200, "[", "]"), deep(9000, "[", "]"), deep(150, `{"a":`, "}"), json.RawMessage(`"\ud800"`), json.RawMessage(`"\u0000"`),
	}
	return list[g.rng.IntN(len(list))]
}

// bodyOf fills in the body.
func (g *hostile) bodyOf(q *sent) {
	forms := q.op.bodies()
	if len(forms) == 0 {
		if g.chance(g.bend / 4) {
			q.body = []byte(g.bent())
		}
		return
	}
	kind := slices.Sorted(maps.Keys(forms))[g.rng.IntN(len(forms))]
	q.header.Set("Content-Type", kind)
	switch kind {
	case "application/yaml":
		q.body = []byte(g.yaml())
	case "application/x-ndjson":
		for range 1 + g.rng.IntN(5) {
			q.body = append(append(q.body, g.json(forms[kind])...), '\n')
		}
	default:
		q.body = g.json(forms[kind])
	}
	if g.chance(g.bend) {
		q.body = g.mangle(q.body)
	}
}

func (g *hostile) json(schema map[string]any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(g.value(schema, "")); err != nil {
		return []byte(`{`) // 1e400 and the like are written as they are; nothing else can fail
	}
	return bytes.TrimSpace(b.Bytes())
}

// yaml is an incident of the test's chain.
func (g *hostile) yaml() string {
	text := g.w.incidentFile(fmt.Sprintf("fuzzed-%d", g.rng.IntN(3)))
	if g.chance(g.bend) {
		text += []string{"a: &a [*a]\n", "seeds: 1\n", "? [a]\n: b\n", "<<: *x\n", "\tx: 1\n", "id: again\n", "x: !!binary aGk=\n", "--- \n---\n", strings.Repeat("- ", 3000)}[g.rng.IntN(9)]
	}
	return text
}

// mangle breaks a text at one place.
func (g *hostile) mangle(b []byte) []byte {
	at := g.rng.IntN(len(b) + 1)
	rest := slices.Clone(b[at:])
	head := slices.Clone(b[:at])
	switch g.rng.IntN(9) {
	case 0:
		return head
	case 1:
		return slices.Concat(head, []byte{byte(g.rng.IntN(256))}, rest)
	case 2:
		return slices.Concat(b, b)
	case 3:
		return slices.Concat([]byte("\ufeff"), b)
	case 4:
		return bytes.Replace(b, []byte("{"), []byte(`{"subject":1,"chain":"x",`), 1) // a field twice
	case 5:
		return bytes.ToUpper(b)
	case 6:
		return bytes.Repeat([]byte("["), 50_000)
	case 7:
		return bytes.Repeat([]byte(" "), 300<<10) // more than is taken
	}
	return slices.Concat(head, []byte(g.bent()), rest)
}

// headers fills in the headers: the key of a scope that is enough, mostly.
func (g *hostile) headers(q *sent) {
	key := g.w.keys[server.Admin]
	switch n := g.rng.IntN(100); {
	case n < 2:
		key = ""
	case n < 4:
		key = g.bent()
	case n < 6:
		key = g.w.keys[server.Read]
	}
	if key != "" {
		q.header.Set("Authorization", "Bearer "+visible(key))
	}
	for _, p := range q.op.params("header") {
		if name := p["name"].(string); g.chance(20) {
			q.header.Set(name, fmt.Sprintf("k%d", g.rng.IntN(40)))
			if g.chance(g.bend) {
				q.header.Set(name, visible(g.bent()))
			}
		}
	}
	junk := [][2]string{
		{"Accept", "text/html"}, {"Accept", "application/xml;q=1, */*;q=0"}, {"Accept", ";;;,,"}, {"Content-Encoding", "gzip"}, {"Content-Type", "text/plain"},
		{"Content-Type", "application/json; charset=utf-16"}, {"Content-Type", "multipart/form-data; boundary=x"}, {"Content-Type", "application/problem+json"}, {"Content-Type", "\"\""},
		{"X-Request-Id", "given-1"}, {"X-Request-Id", strings.Repeat("r", 200)}, {"X-Forwarded-For", "127.0.0.1"}, {"Host", "x"}, {"Range", "bytes=0-1"},
		{"If-Match", "*"}, {"Prefer", "return=minimal"}, {"X-HTTP-Method-Override", "DELETE"}, {"Cookie", "a=b"}, {"Origin", "https://evil.invalid"}, {"Accept-Encoding", "br"},
	}
	if g.chance(g.bend) {
		h := junk[g.rng.IntN(len(junk))]
		q.header.Set(h[0], h[1])
	}
}

// visible leaves out of a text what no client can send in a header.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.TrimSpace(text))
}
