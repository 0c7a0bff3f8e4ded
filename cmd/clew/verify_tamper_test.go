package main

import (
	"archive/zip"
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/bundle"
	"clew/bundle/second"
	"clew/tracer"
)

// tampering is one way to change a bundle, and what verify must say of it: a problem of a member
// whose name contains file, with these words.
type tampering struct {
	name   string
	change func(f *forger)
	file   string
	says   string
}

// finds runs tamperings on the bundle of a recorded incident, each with a manifest that fits.
func finds(t *testing.T, incident string, list []tampering) {
	t.Helper()
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := forge(t, incident)
			c.change(f)
			forged := f.seal()
			requireProblem(t, verified(t, forged), c.file, c.says)
			require.Equal(t, secondFinds(c.name), len(second.Check(forged)) > 0, "the second verifier: %v", second.Check(forged))
		})
	}
}

func requireProblem(t *testing.T, v *bundle.Verdict, file, says string) {
	t.Helper()
	require.False(t, v.OK)
	require.False(t, v.Complete)
	for _, p := range v.Problems {
		if strings.Contains(p.File, file) && strings.Contains(p.What, says) {
			return
		}
	}
	require.Failf(t, "it was not found", "want %q of %q, got %+v", says, file, v.Problems)
}

// TestNaiveTampering changes the file and leaves the manifest as it is.
func TestNaiveTampering(t *testing.T) {
	for _, incident := range []string{"peel", "atlanta-replica"} {
		data := sealed(t, incident)
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		for _, m := range z.File {
			t.Run(incident+"/a flipped byte in "+m.Name, func(t *testing.T) {
				t.Parallel()
				at, err := m.DataOffset()
				require.NoError(t, err)
				forged := slices.Clone(data)
				forged[at+int64(m.UncompressedSize64)/2] ^= 1
				v := verified(t, forged)
				requireProblem(t, v, "", "")
				require.True(t, slices.ContainsFunc(v.Problems, func(p bundle.Problem) bool { return p.File == m.Name }), v.Problems)
			})
			t.Run(incident+"/dropped "+m.Name, func(t *testing.T) {
				t.Parallel()
				v := verified(t, rezip(t, data, func(w *zip.Writer, o *zip.File, content []byte) {
					if o.Name != m.Name {
						addMember(t, w, o.Name, content)
					}
				}))
				requireProblem(t, v, m.Name, "missing")
			})
		}
	}
}

// rezip writes the members of a bundle anew, each as write does.
func rezip(t *testing.T, data []byte, write func(w *zip.Writer, m *zip.File, content []byte)) []byte {
	t.Helper()
	f := unseal(t, data)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, m := range z.File {
		write(w, m, f.members[m.Name])
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func addMember(t *testing.T, w *zip.Writer, name string, content []byte) {
	t.Helper()
	m, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	require.NoError(t, err)
	_, err = m.Write(content)
	require.NoError(t, err)
}

// TestTamperedArchives changes what is around the members.
func TestTamperedArchives(t *testing.T) {
	data := sealed(t, "merge")
	with := func(change func(w *zip.Writer, m *zip.File, content []byte)) []byte { return rezip(t, data, change) }
	for _, c := range []struct {
		name, file, says string
		forged           []byte
	}{
		{"an extra file", "extra.txt", "no bundle has such a file", with(func(w *zip.Writer, m *zip.File, content []byte) {
			if m.Name == bundle.IncidentFile {
				addMember(t, w, "extra.txt", []byte("more"))
			}
			addMember(t, w, m.Name, content)
		})},
		{"an extra pack of labels", "labels/zz", "no bundle has such a file", with(func(w *zip.Writer, m *zip.File, content []byte) {
			addMember(t, w, m.Name, content)
			if strings.HasPrefix(m.Name, "labels/") {
				addMember(t, w, "labels/zz", []byte("more"))
			}
		})},
		{"a renamed file", "settings.json", "missing", with(func(w *zip.Writer, m *zip.File, content []byte) {
			addMember(t, w, strings.Replace(m.Name, "settings", "set", 1), content)
		})},
		{"another order", bundle.IncidentFile, "order", rezipReversed(t, data)},
		{"a compressed member", bundle.TraceFile, "compressed", with(func(w *zip.Writer, m *zip.File, content []byte) {
			if m.Name != bundle.TraceFile {
				addMember(t, w, m.Name, content)
				return
			}
			e, err := w.CreateHeader(&zip.FileHeader{Name: m.Name, Method: zip.Deflate})
			require.NoError(t, err)
			_, err = e.Write(content)
			require.NoError(t, err)
		})},
		{"a name twice", bundle.TraceFile, "two of it", with(func(w *zip.Writer, m *zip.File, content []byte) {
			addMember(t, w, m.Name, content)
			if m.Name == bundle.TraceFile {
				addMember(t, w, m.Name, []byte("{}"))
			}
		})},
		{"bytes behind it", "", "end of the archive", append(slices.Clone(data), "more"...)},
		{"bytes before it", "README.txt", "what stands before it", append([]byte("more"), data...)},
		{"a comment", "", "end of the archive", commented(t, data)},
		{"another form of the same files", "README.txt", "what stands before it", with(func(w *zip.Writer, m *zip.File, content []byte) { addMember(t, w, m.Name, content) })},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			requireProblem(t, verified(t, c.forged), c.file, c.says)
		})
	}
}

func rezipReversed(t *testing.T, data []byte) []byte {
	t.Helper()
	f := unseal(t, data)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	for _, m := range slices.Backward(z.File) {
		addMember(t, w, m.Name, f.members[m.Name])
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func commented(t *testing.T, data []byte) []byte {
	t.Helper()
	forged := slices.Clone(data)
	forged[len(forged)-2] = 4
	return append(forged, "more"...)
}

// TestTamperedManifests changes the manifest, which then is no other file's.
func TestTamperedManifests(t *testing.T) {
	for _, c := range []struct{ name, from, to, says string }{
		{"the trace's id", `"id": "`, `"id": "0`, "it says that the trace is"},
		{"the incident's title", `"title": "`, `"title": "Not `, "what it says of the incident"},
		{"the program's version", `"version": "`, `"version": "9`, "made the trace"},
		{"a checkpoint", `"last_height": 560071`, `"last_height": 560072`, "checkpoints"},
		{"the schema", `"clew.bundle/1"`, `"clew.bundle/2"`, "schema"},
		{"its form", "{\n", "{ \n", "form"},
		{"a field that it does not have", "{\n", "{\n  \"more\": 1,\n", "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := forge(t, "merge")
			text := string(f.members[bundle.ManifestFile])
			require.Contains(t, text, c.from)
			forged := rezip(t, sealed(t, "merge"), func(w *zip.Writer, m *zip.File, content []byte) {
				if m.Name == bundle.ManifestFile {
					content = []byte(strings.Replace(text, c.from, c.to, 1))
				}
				addMember(t, w, m.Name, content)
			})
			requireProblem(t, verified(t, forged), bundle.ManifestFile, c.says)
		})
	}
}

// TestTamperedTraces changes what the trace says, with a manifest that fits.
func TestTamperedTraces(t *testing.T) {
	edit := func(change func(t *tracer.Trace)) func(*forger) { return func(f *forger) { f.trace(change) } }
	finds(t, "peel", []tampering{
		{"the amount of a hop", edit(func(t *tracer.Trace) { t.Hops[3].Legs[0].Units = t.Hops[2].Legs[0].Units.Plus(t.Hops[3].Legs[0].Units) }), "trace.json", "hop 4: "},
		{"the amount of a seed", edit(func(t *tracer.Trace) { t.Seeds[0].Units = t.Seeds[0].Units.Plus(t.Seeds[0].Units) }), "trace.json", "seed "},
		{"the amount of an endpoint", edit(func(t *tracer.Trace) { t.Endpoints[1].Units = t.Endpoints[1].Units.Plus(t.Endpoints[1].Units) }), "trace.json", "endpoint "},
		{"a traced amount", edit(func(t *tracer.Trace) {
			t.Hops[3].Traced.Value[tracer.LIFO] = t.Hops[1].Legs[0].Units.Minus(t.Hops[1].Legs[0].Units)
		}), "trace.json", "changed or is damaged"},
		{"a hop is gone", edit(func(t *tracer.Trace) { t.Hops = slices.Delete(t.Hops, 5, 6) }), "trace.json", "changed or is damaged"},
		{"a hop more", edit(func(t *tracer.Trace) {
			h := t.Hops[len(t.Hops)-1]
			h.ID, h.Number = "0123456789abcdef", h.Number+1
			t.Hops = append(t.Hops, h)
		}), "trace.json", "changed or is damaged"},
		{"an address of somebody else", edit(func(t *tracer.Trace) { t.Nodes[1].Address, t.Nodes[4].Address = t.Nodes[4].Address, t.Nodes[1].Address }), "trace.json", "the trace says "},
		{"another transaction", edit(func(t *tracer.Trace) {
			t.Hops[3].Legs[0].TxID = t.Hops[len(t.Hops)-1].Legs[0].TxID
		}), "trace.json", "hop 4: "},
		{"a transaction that nobody recorded", edit(func(t *tracer.Trace) { t.Hops[3].Legs[0].TxID[0] ^= 1 }), "trace.json", "is not in recording"},
		{"another block", edit(func(t *tracer.Trace) { t.Hops[3].Legs[0].Height++ }), "trace.json", "is said to be in block"},
		{"another time", edit(func(t *tracer.Trace) { t.Hops[3].Legs[0].Time = t.Hops[0].Legs[0].Time }), "trace.json", "is said to be in block"},
		{"another output", edit(func(t *tracer.Trace) { t.Hops[3].Legs[0].Positions[0].Value = "77" }), "trace.json", "has no output"},
		{"another source", edit(func(t *tracer.Trace) {
			t.Hops[3].Legs[0].From[0].OutPoint = t.Hops[len(t.Hops)-1].Legs[0].From[0].OutPoint
		}), "trace.json", "does not spend"},
		{"another raw answer", edit(func(t *tracer.Trace) { t.Hops[3].Legs[0].Raw = t.Hops[len(t.Hops)-1].Legs[0].Raw }), "trace.json", "raw is "},
		{"another last block", edit(func(t *tracer.Trace) { t.AsOf[0].Hash[31] ^= 1 }), "trace.json", "the recording ends at"},
		{"a basis that is weaker", edit(func(t *tracer.Trace) {
			t.Hops[3].Basis.Value[tracer.FIFO] = tracer.ByRule
		}), "trace.json", "hop 4, basis.fifo: the bundle has"},
		{"a label", edit(func(t *tracer.Trace) { t.Nodes[1].Entity, t.Nodes[1].Label = "Somebody", "everybody knows" }), "trace.json", "node "},
		{"the rule", edit(func(t *tracer.Trace) { t.Incident.Rule = tracer.LIFO }), "trace.json", "incident.rule"},
		{"the reason of the rule", edit(func(t *tracer.Trace) { t.Incident.RuleReason += " (not)" }), "trace.json", "incident.rule_reason"},
		{"a limit", edit(func(t *tracer.Trace) { t.Stop.Touched = 7 }), "trace.json", "stop"},
		{"a gap is gone", edit(func(t *tracer.Trace) { t.Gaps = t.Gaps[1:] }), "trace.json", "gap "},
		{"a finding is gone", edit(func(t *tracer.Trace) {
			gone := t.Findings[len(t.Findings)-1].ID
			t.Findings = t.Findings[:len(t.Findings)-1]
			for i := range t.Hops {
				t.Hops[i].Findings = slices.DeleteFunc(t.Hops[i].Findings, func(id string) bool { return id == gone })
			}
		}), "trace.json", "finding "},
		{"the error of a heuristic", edit(func(t *tracer.Trace) { t.Findings[0].Error.Hits = 0 }), "trace.json", "error.hits"},
		{"when it was declared", edit(func(t *tracer.Trace) {
			when := "2019-01-01T00:00:00Z"
			t.Incident.FirstLogged = &when
		}), "trace.json", "declared at 2019-01-01T00:00:00Z"},
		{"an earlier declaration", edit(func(t *tracer.Trace) {
			t.Incident.Earlier = []tracer.Declaration{{SHA256: strings.Repeat("0", 64), When: "2019-01-01T00:00:00Z", Rule: "lifo", Accounts: "output"}}
		}), "trace.json", "said to have been declared at"},
		{"the recording that it names", edit(func(t *tracer.Trace) { t.Inputs.Recording.SHA256 = strings.Repeat("0", 64) }), "trace.json", "inputs.recording.sha256"},
		{"the program that made it", edit(func(t *tracer.Trace) { t.Tool.Version += "9" }), "log.json", "traced"},
	})
	finds(t, "atlanta-replica", []tampering{
		{"evidence that is better than it is", edit(func(t *tracer.Trace) { leg(t, "attested").Evidence = "proven" }), "trace.json", "is said to be proven; the recording shows attested"},
		{"evidence that is worse than it is", edit(func(t *tracer.Trace) { leg(t, "proven").Evidence = "attested" }), "trace.json", "legs"},
		{"the amount of a fee", edit(func(t *tracer.Trace) {
			l := legAt(t, "fee")
			l.Units = l.Units.Plus(l.Units)
		}), "trace.json", "moves there"},
		{"the amount of a token", edit(func(t *tracer.Trace) {
			l := legAt(t, "log")
			l.Units = l.Units.Plus(l.Units)
		}), "trace.json", "hop "},
		{"another log", edit(func(t *tracer.Trace) { legAt(t, "log").Positions[0].Value = "77" }), "trace.json", "nothing moves"},
		{"another receiver", edit(func(t *tracer.Trace) { l := legAt(t, "call"); l.To = l.From[0].Node }), "trace.json", "hop "},
		{"the asset", edit(func(t *tracer.Trace) { legAt(t, "log").Asset = "native" }), "trace.json", "hop "},
		{"a signal of a candidate", edit(func(t *tracer.Trace) { t.Candidates[0].Set++ }), "trace.json", "candidates"},
		{"what a token claims", edit(func(t *tracer.Trace) { t.Assets[0].Symbol = "GOOD" }), "trace.json", "assets"},
		{"that it is a replica", edit(func(t *tracer.Trace) { t.Incident.Synthetic = false }), "trace.json", "synthetic"},
	})
}

// leg returns the first leg of an evidence; legAt the one leg of the first hop at a kind of position.
func leg(t *tracer.Trace, evidence string) *tracer.Leg {
	for i := range t.Hops {
		if l := &t.Hops[i].Legs[0]; l.Evidence == evidence {
			return l
		}
	}
	panic("no leg is " + evidence)
}

func legAt(t *tracer.Trace, kind string) *tracer.Leg {
	for i := range t.Hops {
		if l := &t.Hops[i].Legs[0]; len(t.Hops[i].Legs) == 1 && l.Positions[0].Kind == kind {
			return l
		}
	}
	panic("no leg stands at a " + kind)
}

// TestTamperedWords changes what stands beside trace and recording, with a manifest that fits.
func TestTamperedWords(t *testing.T) {
	finds(t, "peel", []tampering{
		{"the incident", func(f *forger) { f.replace(bundle.IncidentFile, "rule: fifo", "rule: lifo") }, "incident.yaml", "its SHA-256 is"},
		{"the incident, and the trace names it", func(f *forger) {
			f.members[bundle.IncidentFile] = append(f.members[bundle.IncidentFile], "# more\n"...)
			f.trace(func(t *tracer.Trace) { t.Incident.SHA256 = hashOf(f.members[bundle.IncidentFile]) })
		}, "trace.json", "neither log.json nor a declared.json"},
		{"the settings", func(f *forger) {
			f.replace(bundle.SettingsFile, `"without": []`, "\"without\": [\n    \"co-spend\"\n  ]")
		}, "trace.json", "without"},
		{"settings that are none", func(f *forger) { f.replace(bundle.SettingsFile, `"without"`, `"wihtout"`) }, "trace.json", "settings.json"},
		{"the labels", func(f *forger) {
			f.members[labelsMember] = slices.Clone(f.members[labelsMember])
			f.members[labelsMember][len(f.members[labelsMember])/2] ^= 1
		}, "trace.json", "labels"},
		{"no labels", func(f *forger) { delete(f.members, labelsMember) }, "trace.json", "labels"},
		{"when it was declared, as the recording says", func(f *forger) { f.replace("recording/declared.json", "2026", "2019") }, "trace.json", "neither log.json nor a declared.json"},
		{"an entry of the log", func(f *forger) { f.replace(bundle.LogFile, "incident declared", "incident imagined") }, "log.json", "was changed"},
		{"an entry of the log is gone", func(f *forger) {
			_, rest, _ := bytes.Cut(f.members[bundle.LogFile], []byte("\n"))
			f.members[bundle.LogFile] = rest
		}, "log.json", "missing"},
	})
	t.Run("the README", func(t *testing.T) {
		t.Parallel()
		f := forge(t, "merge")
		forged := rezip(t, f.seal(), func(w *zip.Writer, m *zip.File, content []byte) {
			if m.Name == bundle.ReadmeFile {
				content = bytes.Replace(content, []byte("What it does not show"), []byte("What it shows"), 1)
			}
			addMember(t, w, m.Name, content)
		})
		requireProblem(t, verified(t, forged), bundle.ReadmeFile, "")
	})
}
