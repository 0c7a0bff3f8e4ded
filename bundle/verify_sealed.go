package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"aead.dev/minisign"

	"clew/tracer"
)

// signature checks the signature of the manifest.
func (v *verifier) signature() {
	text := v.b.Signature
	switch {
	case text == nil && v.opt.Key != nil:
		v.problem(SignatureFile, "the bundle is not signed, and a signature by key %016X was asked for", v.opt.Key.ID())
		return
	case text == nil:
		return
	}
	var s minisign.Signature
	if err := s.UnmarshalText(text); err != nil {
		v.problem(SignatureFile, "it is no signature of minisign: %v", err)
		return
	}
	v.out.Signed = &Signed{KeyID: fmt.Sprintf("%016X", s.KeyID), State: HoldsNot}
	switch {
	case v.opt.Key == nil:
		v.out.Signed.State = NotChecked
	case v.opt.Key.ID() != s.KeyID:
		v.problem(SignatureFile, "it is by key %016X, not by %016X", s.KeyID, v.opt.Key.ID())
	case !minisign.Verify(*v.opt.Key, v.b.ManifestBytes(), text):
		v.problem(SignatureFile, "the signature by key %016X does not hold for this manifest", s.KeyID)
	default:
		v.out.Signed.Checked, v.out.Signed.State = true, Holds
	}
}

// expected ties the bundle to what somebody has in hand.
func (v *verifier) expected() {
	have := []string{v.b.SHA256, hashOf(v.text)}
	for _, want := range v.opt.Expect {
		want = strings.ToLower(want)
		e := Expected{SHA256: want}
		if at := slices.Index(have, want); at >= 0 {
			e.Is = []string{"bundle", "trace"}[at]
		}
		v.out.Expected = append(v.out.Expected, e)
		if e.Is == "" {
			v.problem("", "SHA-256 %s was expected: the bundle has %s, its trace.json %s", want, have[0], have[1])
		}
	}
}

// readTrace reads the trace and compares it with the incident and the manifest.
func (v *verifier) readTrace() {
	text, err := v.b.ReadFile(TraceFile)
	if err != nil {
		v.missing(TraceFile, err)
		return
	}
	v.text = text
	m := &v.b.Manifest
	if sha := hashOf(text); m.Trace.SHA256 != sha {
		v.problem(ManifestFile, "it says that the trace has SHA-256 %s; trace.json has %s", m.Trace.SHA256, sha)
	}
	t := &tracer.Trace{}
	if err := json.Unmarshal(text, t); err != nil {
		v.problem(TraceFile, "it cannot be read as a trace: %v", err)
		return
	}
	err = t.Check()
	if err != nil {
		v.problem(TraceFile, "%v", err)
	}
	if errors.Is(err, tracer.ErrShape) {
		return // there is nothing that could be relied on to be there
	}
	v.trace = t
	for i := range t.Nodes {
		v.nodes[t.Nodes[i].ID] = &t.Nodes[i]
	}
	if id, err := v.opt.TraceID(t); err != nil || id != m.Trace.ID {
		v.problem(ManifestFile, "it says that the trace is %s; what trace.json says is %s", printable(m.Trace.ID), id)
	}
	want := Incident{ID: t.Incident.ID, SHA256: t.Incident.SHA256, Title: t.Incident.Title, Synthetic: t.Incident.Synthetic}
	if m.Incident != want {
		v.problem(ManifestFile, "what it says of the incident is not what the trace says: %+v and %+v", m.Incident, want)
	}
	if m.Tool != t.Tool {
		v.problem(ManifestFile, "it says that version %q made the trace; the trace says %q", m.Tool.Version, t.Tool.Version)
	}
	incident, err := v.b.ReadFile(IncidentFile)
	if err != nil {
		v.missing(IncidentFile, err)
	} else if sha := hashOf(incident); sha != t.Incident.SHA256 {
		v.problem(IncidentFile, "its SHA-256 is %s; the trace was made from an incident with %s", sha, t.Incident.SHA256)
	}
}

// missing writes down why a member cannot be read, unless Open has said so.
func (v *verifier) missing(name string, err error) {
	named := func(p Problem) bool { return p.File == name }
	if errors.Is(err, fs.ErrNotExist) && slices.ContainsFunc(v.out.Problems, named) {
		return
	}
	v.problem(name, "%v", err)
}

// maxDifferences is how many differences of a trace that was made again are named.
const maxDifferences = 20

// again runs the trace once more and compares.
func (v *verifier) again(ctx context.Context) error {
	switch {
	case v.trace == nil:
		return nil
	case v.opt.Retrace == nil:
		v.lack("the trace was not run again")
		return nil
	}
	text, err := v.opt.Retrace(ctx, v.b)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		v.problem(TraceFile, "it cannot be made again from what the bundle holds: %v", err)
		return nil
	}
	if bytes.Equal(text, v.text) {
		return nil
	}
	words, err := v.opt.Differences(v.text, text)
	if err != nil {
		v.problem(TraceFile, "made again from what the bundle holds it cannot be compared: %v", err)
	} else if len(words) == 0 {
		v.problem(TraceFile, "made again from what the bundle holds it has other bytes (SHA-256 %s)", hashOf(text))
	}
	for _, w := range words[:min(maxDifferences, len(words))] {
		v.problem(TraceFile, "made again from what the bundle holds it says otherwise: %s", w)
	}
	if more := len(words) - maxDifferences; more > 0 {
		v.problem(TraceFile, "made again from what the bundle holds it differs in %d more places", more)
	}
	return nil
}
