package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/bundle"
	"clew/tracer"
)

// TestNothingIsSmuggled: what is sealed and nothing reads is found, however well the manifest fits.
func TestNothingIsSmuggled(t *testing.T) {
	put := func(name string, data []byte) func(*forger) { return func(f *forger) { f.members[name] = data } }
	file := []byte("a file of somebody\n")
	finds(t, "merge", []tampering{
		{"an imported file that nothing names", put("imports/"+hashOf(file), file), "imports/", "nothing reads it"},
		{"an imported file beside a recording", func(f *forger) {
			f.members["imports/"+hashOf(file)] = file
			f.replace(bundle.SettingsFile, `"imports": []`, `"imports": [
    {
      "chain": "bitcoin",
      "name": "a.csv",
      "source": "somebody",
      "unit": "",
      "decimals": 0,
      "sha256": "`+hashOf(file)+`"
    }
  ]`)
		}, "settings.json", "beside a recording"},
		{"an imported file under the hash of another", func(f *forger) {
			f.members["imports/"+hashOf(file)] = []byte("another")
		}, "imports/", "nothing reads it"},
		{"a folder without a recording", put("recording/other/objects.zip", file), "recording/other/objects.zip", "no recording stands beside it"},
		{"a pin that the trace does not have", func(f *forger) {
			f.replace(bundle.SettingsFile, `"as_of": []`, "\"as_of\": [\n    \"bitcoin=560000:"+strings.Repeat("0", 64)+"\"\n  ]")
		}, "settings.json", "is no last block"},
	})
	finds(t, "peel", []tampering{
		{"labels that the trace did not ask", func(f *forger) {
			f.trace(func(t *tracer.Trace) { t.Inputs.Labels = nil })
		}, "labels.zst", "nothing reads it"},
	})
}

// TestReadmeIsOurs: the text for whoever finds the bundle is sealed with the rest, and says nothing
// of its own.
func TestReadmeIsOurs(t *testing.T) {
	for _, change := range []func(string) string{
		func(text string) string { return text + "VERIFIED by the court's expert.\n" },
		func(text string) string { return strings.Replace(text, "REPLICA", "case", 1) },
	} {
		f := forge(t, "atlanta-replica")
		text := change(string(f.members[bundle.ReadmeFile]))
		require.NotEqual(t, text, string(f.members[bundle.ReadmeFile]))
		f.members[bundle.ReadmeFile] = []byte(text)
		m := f.manifest()
		at := slices.IndexFunc(m.Files, func(e bundle.File) bool { return e.Name == bundle.ReadmeFile })
		m.Files[at].Bytes, m.Files[at].SHA256 = int64(len(text)), hashOf([]byte(text))
		manifest, err := m.Encode()
		require.NoError(t, err)
		forged := rezip(t, sealed(t, "atlanta-replica"), func(w *zip.Writer, e *zip.File, content []byte) {
			switch e.Name {
			case bundle.ManifestFile:
				content = manifest
			case bundle.ReadmeFile:
				content = []byte(text)
			}
			addMember(t, w, e.Name, content)
		})
		requireProblem(t, verified(t, forged), bundle.ReadmeFile, "somebody else speaks there")
	}
}

// TestOtherReaders: JSON that another reader would understand otherwise is refused, in each member.
func TestOtherReaders(t *testing.T) {
	swap := func(name, from, to string) func(*forger) {
		return func(f *forger) {
			require.Contains(f.t, string(f.members[name]), from)
			f.members[name] = bytes.Replace(f.members[name], []byte(from), []byte(to), 1)
			if strings.HasSuffix(name, "/recording.json") {
				f.rename()
			}
		}
	}
	const recording, declared = "recording/recording.json", "recording/declared.json"
	finds(t, "merge", []tampering{
		{"a field of the recording twice", swap(recording, `"coverage": "extract"`, `"coverage": "whole", "coverage": "extract"`), "recording", "stands twice"},
		{"a field of the recording in capitals", swap(recording, `"txs": [`, `"TXS": [`), "recording", "small letters"},
		{"a field in capitals beside its own", swap(recording, `"txs": [`, `"TXS": [], "txs": [`), "recording", "small letters"},
		{"a field of a transaction twice", swap(recording, `"txid": "`, `"index": 7, "txid": "`), "recording", "stands twice"},
		{"a declaration twice", swap(declared, `"first_logged"`, `"first_logged": "2009-01-03T18:15:05Z", "first_logged"`), "recording", "stands twice"},
		{"a declaration in capitals", swap(declared, `"first_logged"`, `"First_Logged"`), "recording", "small letters"},
		{"a line of the log twice", swap(bundle.LogFile, `{"seq":1,`, `{"seq":9,"seq":1,`), "log.json", "stands twice"},
		{"a line of the log in capitals", swap(bundle.LogFile, `{"seq":1,`, `{"SEQ":1,`), "log.json", "small letters"},
		{"the trace has a field in capitals", swap(bundle.TraceFile, `"seeds":[`, `"SEEDS":[`), "trace.json", "made again"},
		{"the settings have a field in capitals", swap(bundle.SettingsFile, `"from"`, `"FROM"`), "settings.json", "small letters"},
	})
}

// TestShiftedHeights: headers do not say how high they stand; the coinbases beside them do.
func TestShiftedHeights(t *testing.T) {
	const by = 100
	f := forge(t, "merge")
	f.recording("recording", func(p *parts) {
		m := &p.manifest
		m.From, m.To, m.AsOf.Height = m.From+by, m.To+by, m.AsOf.Height+by
		for i := range m.Txs {
			m.Txs[i].Height += by
		}
		for i := range m.Coinbases {
			m.Coinbases[i].Height += by
		}
	})
	requireProblem(t, verified(t, f.seal()), "recording", "the coinbase states height")
}

// TestObjectsOnOneAnother: a bundle of some megabytes cannot keep a reader busy with the same bytes.
func TestObjectsOnOneAnother(t *testing.T) {
	const name = "recording/objects.zip"
	f := forge(t, "merge")
	data := slices.Clone(f.members[name])
	first := bytes.Index(data, []byte("PK\x01\x02"))
	next := first + 4 + bytes.Index(data[first+4:], []byte("PK\x01\x02"))
	copy(data[next+42:next+46], data[first+42:first+46]) // the second stands where the first does
	f.members[name] = data
	requireProblem(t, verified(t, f.seal()), name, "lie on one another")
}

// places lists one place of each kind in JSON: the path to it, names in objects that are ids as one.
func places(v any, path string, at func(any), list map[string]func(any)) {
	if path != "" && list[path] == nil {
		list[path] = at
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			places(v[name], path+"."+name, func(to any) { v[name] = to }, list)
		}
	case []any:
		for i := range v {
			places(v[i], path+"[]", func(to any) { v[i] = to }, list)
		}
	}
}

// odd are values that may stand in place of anything.
func odd() []any {
	return []any{
		nil, []any{}, map[string]any{}, "", 0, -1, "-1", strings.Repeat("9", 80), []any{nil}, "a:b", json.Number("18446744073709551615"),
		[]any{map[string]any{}}, map[string]any{"a": nil}, true, "vin 99", "APc=",
	}
}

// FuzzOddValues: whatever stands in the JSON of a bundle in place of something, the verification ends
// with an answer and never in a panic. Each kind of place can be tried with each value.
func FuzzOddValues(f *testing.F) {
	members := []string{bundle.TraceFile, "recording/recording.json", bundle.SettingsFile, "recording/declared.json"}
	f.Add(uint8(0), ".hops[].legs[].positions", uint16(0), uint8(1)) // []
	f.Add(uint8(0), ".hops[].traced_by_seed", uint16(0), uint8(8))   // [null]
	f.Add(uint8(0), ".hops[].legs[].from", uint16(0), uint8(0))      // null
	for i := range uint8(24) {
		f.Add(i, "", uint16(i)*11, i)
	}
	f.Fuzz(func(t *testing.T, member uint8, path string, place uint16, value uint8) {
		g := forge(t, "merge")
		name := members[int(member)%len(members)]
		var read any
		require.NoError(t, json.Unmarshal(g.members[name], &read))
		at := map[string]func(any){}
		places(read, "", nil, at)
		if at[path] == nil {
			paths := slices.Sorted(maps.Keys(at))
			path = paths[int(place)%len(paths)]
		}
		at[path](odd()[int(value)%len(odd())])
		changed, err := json.Marshal(read)
		require.NoError(t, err)
		g.members[name] = append(changed, '\n')
		if name == bundle.TraceFile {
			was := &tracer.Trace{}
			if json.Unmarshal(changed, was) == nil {
				if _, _, err := encodeTrace(was); err != nil {
					return // it has no id that the manifest could have: see TestWrongShapes
				}
			}
		}
		require.NotPanics(t, func() { verified(t, g.seal(), func(o *bundle.Options) { o.Retrace = nil }) }, "%s = %v", path, value)
	})
}
