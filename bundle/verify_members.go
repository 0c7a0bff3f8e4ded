package bundle

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// used looks for what is sealed and nothing reads: it would stand under the hash, and the signature,
// of a bundle of which everything else was checked. The labels are those that the trace names; the
// imported files those of the settings, and there are none beside recordings; a folder of recordings
// has a recording of a chain of the trace, and that chain's name; a pin of the settings is the trace's.
func (v *verifier) used() {
	set, err := v.b.Settings()
	if err != nil {
		v.missing(SettingsFile, err)
	} else {
		v.usedImports(&set)
	}
	for name := range v.b.fs.members {
		if rest, ok := strings.CutPrefix(name, RecordingFolder+"/"); ok && v.b.fs.members[path.Dir(name)+"/recording.json"] == nil {
			v.problem(name, "no recording stands beside it: nothing reads %s", rest)
		}
	}
	if v.trace == nil {
		return
	}
	if v.trace.Inputs.Labels == nil && v.b.fs.members[LabelsFile] != nil {
		v.problem(LabelsFile, "the trace was made without labels: nothing reads it")
	}
	for _, chain := range v.order {
		v.usedRecording(chain)
	}
	for _, pin := range set.AsOf {
		if !slices.ContainsFunc(v.trace.AsOf, func(a tracer.AsOf) bool {
			return strings.EqualFold(strings.Replace(pin, ":0x", ":", 1), fmt.Sprintf("%s=%d:%s", a.Chain, a.Height, a.Hash))
		}) {
			v.problem(SettingsFile, "as_of %q is no last block of the trace", printable(pin))
		}
	}
}

func (v *verifier) usedImports(set *Settings) {
	named := map[string]bool{}
	for i := range set.Imports {
		named[ImportsFolder+"/"+set.Imports[i].SHA256] = true
	}
	for _, name := range v.b.In(ImportsFolder) {
		f := v.b.Manifest.file(name)
		switch {
		case !named[name]:
			v.problem(name, "%s does not name it: nothing reads it", SettingsFile)
		case f != nil && f.SHA256 != path.Base(name):
			v.problem(name, "it hashes to %s, not to its name", f.SHA256)
		}
	}
	if len(v.b.Recordings()) > 0 && len(set.Imports) > 0 {
		v.problem(SettingsFile, "it names %s beside a recording: nothing reads them", counted(len(set.Imports), "imported file"))
	}
}

func (v *verifier) usedRecording(chain chains.Chain) {
	c := v.chains[chain]
	want := RecordingFolder
	if len(v.b.Recordings()) > 1 {
		want += "/" + strings.ReplaceAll(string(chain), ":", "-")
	}
	switch {
	case c.folder != want && c.folder != RecordingFolder+"/"+strings.ReplaceAll(string(chain), ":", "-"):
		v.problem(c.folder, "it is of %s, and would have to be %s", chain, want)
	case !slices.ContainsFunc(v.trace.AsOf, func(a tracer.AsOf) bool { return a.Chain == chain }):
		v.problem(c.folder, "it is of %s, on which the trace has nothing", chain)
	}
}
