package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/bundle"
	"clew/custody"
	"clew/tracer"
)

// log changes the entries of the log that have words, and chains all of it anew. A withheld entry
// keeps its hash until something before it changes: then it is dropped, as a forger would.
func (f *forger) log(change func(list []custody.Entry) []custody.Entry) {
	f.t.Helper()
	lines, err := custody.Read(bytes.NewReader(f.members[bundle.LogFile]))
	require.NoError(f.t, err)
	var list []custody.Entry
	for i := range lines {
		if lines[i].Entry != "" {
			e, err := lines[i].Parse()
			require.NoError(f.t, err)
			list = append(list, e)
		}
	}
	f.members[bundle.LogFile] = chained(f.t, change(list))
}

func chained(t *testing.T, list []custody.Entry) []byte {
	t.Helper()
	var lines []custody.Line
	var prev [32]byte
	for i := range list {
		text, err := json.Marshal(&list[i])
		require.NoError(t, err)
		hash := custody.Hash(prev, text)
		lines = append(lines, custody.Line{Seq: int64(i) + 1, Prev: hex.EncodeToString(prev[:]), Hash: hex.EncodeToString(hash[:]), Entry: string(text)})
		prev = hash
	}
	var out bytes.Buffer
	require.NoError(t, custody.Write(&out, lines))
	return out.Bytes()
}

// otherwise is a declaration under the id of an incident by another file.
func otherwise(e custody.Entry) custody.Entry {
	e.SHA256 = strings.Repeat("ab", 32)
	e.Details = map[string]string{"id": e.Incident, "rule": "lifo", "accounts": "output"}
	return e
}

// TestTamperedLogs changes the order that the log is offered as evidence of, with hashes that fit.
func TestTamperedLogs(t *testing.T) {
	edit := func(change func(list []custody.Entry) []custody.Entry) func(*forger) {
		return func(f *forger) { f.log(change) }
	}
	finds(t, "peel", []tampering{
		{"traced before it was declared", edit(func(l []custody.Entry) []custody.Entry {
			l[0], l[1] = l[1], l[0]
			l[0].When, l[1].When = l[1].When, l[0].When
			return l
		}), "log.json", "which no entry before it declares"},
		{"the rule that the log has as declared", edit(func(l []custody.Entry) []custody.Entry {
			l[0].Details["rule"] = "lifo"
			return l
		}), "log.json", "with rule lifo"},
		{"times that run backwards", edit(func(l []custody.Entry) []custody.Entry {
			l[1].When = l[0].When.Add(-24 * time.Hour)
			return l
		}), "log.json", "an order that cannot be"},
		{"traced from another incident", edit(func(l []custody.Entry) []custody.Entry {
			l[1].Incident = "somebody-else"
			return l
		}), "log.json", "traced from incident somebody-else"},
		{"an empty log", func(f *forger) { f.members[bundle.LogFile] = nil }, "log.json", "no entry about the incident"},
		{"a log without words", edit(func([]custody.Entry) []custody.Entry { return nil }), "log.json", "no entry about the incident"},
		{"another declaration, which the trace does not name", edit(func(l []custody.Entry) []custody.Entry {
			return []custody.Entry{otherwise(l[0]), l[0], l[1]}
		}), "trace.json", "the trace does not name it"},
		{"another declaration, and the end of the log is gone", edit(func(l []custody.Entry) []custody.Entry {
			return []custody.Entry{otherwise(l[0]), l[0]}
		}), "trace.json", "the trace does not name it"},
		{"a recording's other declaration, which the trace does not name", func(f *forger) {
			f.replace("recording/declared.json", `"first_logged"`, `"earlier": [{"sha256": "`+strings.Repeat("ab", 32)+`", "when": "2026-01-01T00:00:00Z", "rule": "lifo", "accounts": "output"}], "first_logged"`)
		}, "trace.json", "declared.json has an incident file"},
		{"declared before the theft", func(f *forger) {
			text := f.members["recording/declared.json"]
			at := bytes.Index(text, []byte("2026-"))
			was := string(text[at : at+20])
			f.replace("recording/declared.json", was, "2009-01-03T18:15:05Z")
			f.trace(func(t *tracer.Trace) {
				when := "2009-01-03T18:15:05Z"
				t.Incident.FirstLogged = &when
			})
			delete(f.members, bundle.LogFile)
		}, "trace.json", "before the block of its first seed"},
	})
}

// TestDeclaredInWords: what is said of the order names whose word it is, each declaration of the id is
// listed, and nothing is said of an order that no log shows.
func TestDeclaredInWords(t *testing.T) {
	attested := func(v *bundle.Verdict) string {
		var all []string
		for _, s := range v.Attested {
			all = append(all, s.What)
		}
		return strings.Join(all, "\n")
	}
	v := verified(t, sealed(t, "peel"))
	require.Contains(t, attested(v), "before the first result of this file: entry ")
	require.Contains(t, attested(v), " of the log of whoever traced, which has this trace as entry ")
	require.Contains(t, attested(v), "the declared.json of whoever recorded")
	require.Len(t, v.Declared, 2)
	require.Empty(t, v.Otherwise())

	f := forge(t, "peel")
	delete(f.members, bundle.LogFile)
	v = verified(t, f.seal())
	require.NotContains(t, attested(v), "before the first result")
	require.NotContains(t, attested(v), "log of whoever traced")

	f = forge(t, "peel")
	f.log(func(l []custody.Entry) []custody.Entry { return l[:1] })
	v = verified(t, f.seal())
	require.True(t, v.OK, v.Problems)
	require.NotContains(t, attested(v), "before the first result")
	require.Contains(t, strings.Join(v.Notes, "\n"), "no entry of this trace")

	f = forge(t, "peel")
	f.log(func(l []custody.Entry) []custody.Entry {
		other := otherwise(l[0])
		traced := other
		traced.What, traced.Details, traced.Trace = custody.Traced, nil, "0123456789abcdef"
		f.trace(func(t *tracer.Trace) {
			t.Incident.Earlier = []tracer.Declaration{{SHA256: other.SHA256, When: other.When.UTC().Format(time.RFC3339), Rule: "lifo", Accounts: "output"}}
		})
		l[1].Result = hashOf(f.members[bundle.TraceFile])
		return []custody.Entry{other, traced, l[0], l[1]}
	})
	v = verified(t, f.seal())
	require.True(t, v.OK, v.Problems)
	require.Len(t, v.Otherwise(), 1)
	require.Contains(t, v.Otherwise()[0].Words(), "rule lifo with pots output was declared at")
	require.Contains(t, v.Otherwise()[0].Words(), "and traced at")
	var page bytes.Buffer
	require.NoError(t, writeVerdict(newPage(&page), v))
	require.Contains(t, page.String(), "Earlier  under the same id rule lifo")
}
