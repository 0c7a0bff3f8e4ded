package bundle

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"clew/custody"
	"clew/tracer"
)

// readLog checks that each entry of the log hashes to what stands beside it, together with the hash
// of the one before, and that what the trace says of its declarations stands there or in what was
// recorded with the facts.
func (v *verifier) readLog(context.Context) error {
	var lines []custody.Line
	text, err := v.b.ReadFile(LogFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if v.b.Manifest.file(LogFile) == nil {
			v.note("no log is in the bundle")
		}
	case err != nil:
		v.problem(LogFile, "%v", err)
	default:
		if lines, err = custody.Read(bytes.NewReader(text)); err == nil {
			_, err = custody.Verify(lines)
		}
		if err != nil {
			v.problem(LogFile, "%v", err)
			return nil
		}
	}
	if v.trace == nil {
		return nil
	}
	known, withheld, err := v.declarations(lines)
	if err != nil {
		v.problem(LogFile, "%v", err)
	}
	if withheld > 0 {
		v.note("%d of %d entries of the log are about something else: their hashes are here, their content is not", withheld, len(lines))
	}
	in := &v.trace.Incident
	if said := in.FirstLogged; said != nil && !slices.Contains(known, tracer.Declaration{SHA256: in.SHA256, When: *said}) {
		v.problem(TraceFile, "the incident is said to have been declared at %s: neither log.json nor a declared.json of the recordings says so", *said)
	}
	for i := range in.Earlier {
		if d := &in.Earlier[i]; !slices.Contains(known, tracer.Declaration{SHA256: d.SHA256, When: d.When}) {
			v.problem(TraceFile, "an incident file %q is said to have been declared at %.40q: neither log.json nor a declared.json of the recordings says so", d.SHA256, d.When)
		}
	}
	return nil
}

// declarations returns what the log and the recordings say was declared and when, by its hash alone,
// and how many entries of the log are withheld. Where the log has this very trace, it must be of this hash.
func (v *verifier) declarations(lines []custody.Line) (known []tracer.Declaration, withheld int, err error) {
	for _, chain := range v.order {
		if d := v.chains[chain].r.Declared(v.trace.Incident.SHA256); d != nil {
			known = append(known, tracer.Declaration{SHA256: d.SHA256, When: d.FirstLogged})
			for _, e := range d.Earlier {
				known = append(known, tracer.Declaration{SHA256: e.SHA256, When: e.When})
			}
		}
	}
	var traced []string
	for i := range lines {
		if lines[i].Entry == "" {
			withheld++
			continue
		}
		e, err := lines[i].Parse()
		if err != nil {
			return known, withheld, err
		}
		if e.What == custody.Traced && e.Trace == v.b.Manifest.Trace.ID {
			traced = append(traced, e.Result)
		}
		if e.What == custody.Declared {
			known = append(known, tracer.Declaration{SHA256: e.SHA256, When: e.When.UTC().Format(time.RFC3339)})
		}
	}
	if sha := hashOf(v.text); len(traced) > 0 && !slices.Contains(traced, sha) {
		v.problem(LogFile, "it has trace %s traced with SHA-256 %s; trace.json has %s", v.b.Manifest.Trace.ID, traced[0], sha)
	}
	return known, withheld, nil
}
