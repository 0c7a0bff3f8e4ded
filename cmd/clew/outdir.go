package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"clew/bundle"
	"clew/exhibit"
	"clew/tracer"
)

// outDir is the folder of --out.
type outDir struct {
	path      string
	recording bool // a recording stands in it
}

// recordingName is the folder of the recording inside of an outDir.
const recordingName = "recording"

// openOutDir makes the folder, so that a trace of hours does not fail at its end for want
// of it. It returns nil for "", which its methods take for: write nothing.
func openOutDir(path string) (*outDir, error) {
	if path == "" {
		return nil, nil
	}
	hint := "--out DIR names a folder that can be written"
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, withHint(fmt.Errorf("folder of the result: %w", err), "%s", hint)
	}
	probe, err := os.CreateTemp(path, ".clew-*")
	if err != nil {
		return nil, withHint(fmt.Errorf("folder of the result: %w", err), "%s", hint)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, fmt.Errorf("folder of the result: %w", err)
	}
	return &outDir{path: path}, nil
}

// resultFormats are what stands beside every trace. The sheets, the pictures and the workbook of a
// whole exhibit take several times as long as most traces: clew exhibit makes them when they are wanted.
func resultFormats() []string { return []string{"html", "svg", "csv"} }

// writeResult writes everything about a trace and returns the names of the files.
func (d *outDir) writeResult(ctx context.Context, j *traceJob, id string, text []byte) ([]string, error) {
	if d == nil {
		return nil, nil
	}
	record, err := runRecord(j, id)
	if err != nil {
		return nil, err
	}
	own := []struct {
		name string
		data []byte
	}{{"trace.json", text}, {"incident.yaml", j.inc.text}, {"run.json", record}}
	names, err := d.put(func(stage string) (names []string, err error) {
		for _, f := range own {
			if err := os.WriteFile(filepath.Join(stage, f.name), f.data, 0o644); err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			names = append(names, f.name)
		}
		more, err := exhibit.Write(ctx, j.trace, text, stage, exhibit.Options{Only: resultFormats()})
		return append(names, more...), err
	})
	if d.recording {
		names = append(names, recordingName+"/")
	}
	return names, err
}

// put lets fill write files into a folder of their own, and then moves them to where they
// belong: a disk that is full before that leaves what stood there before. It returns the names
// that fill returned.
func (d *outDir) put(fill func(stage string) ([]string, error)) (names []string, err error) {
	defer func() {
		if err != nil {
			names, err = nil, fmt.Errorf("write the result into %s: %w", d.path, err)
		}
	}()
	stage, err := os.MkdirTemp(d.path, ".clew-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	if names, err = fill(stage); err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(d.path, filepath.Dir(name)), 0o755); err != nil {
			return nil, err
		}
		if err := os.Rename(filepath.Join(stage, name), filepath.Join(d.path, name)); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// partial is where a recording grows: in a folder of its own for each chain, or in the root
// where sub is "".
func (d *outDir) partial(sub string) string {
	return filepath.Join(d.path, recordingName+".partial", sub)
}

// adopt makes the recordings that have grown the recording of d, in place of one that is there.
func (d *outDir) adopt() error {
	if d == nil {
		return nil
	}
	grown := d.partial("")
	if _, err := os.Stat(grown); errors.Is(err, fs.ErrNotExist) {
		return nil // the one that was read stands here already
	}
	target := filepath.Join(d.path, recordingName)
	if err := errors.Join(os.RemoveAll(target), os.Rename(grown, target)); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	d.recording = true
	return nil
}

// dropPartial removes what is left of recordings whose trace came to nothing.
func (d *outDir) dropPartial() error {
	if d == nil {
		return nil
	}
	return os.RemoveAll(d.partial(""))
}

// runRecordFile is run.json: what differs from run to run over the same facts, which the
// trace itself leaves out.
type runRecordFile struct {
	Schema   string      `json:"schema"` // "clew.run/1"
	Trace    string      `json:"trace"`
	Started  string      `json:"started"`
	Ended    string      `json:"ended"`
	Args     []string    `json:"args"` // without users and passwords
	Source   string      `json:"source"`
	DB       string      `json:"db"`
	Tool     tracer.Tool `json:"tool"`
	Platform string      `json:"platform"`
	// Settings are what bears on the trace beside the incident and what was read.
	Settings *bundle.Settings `json:"settings,omitempty"`
	// Log is the hash of the log's last entry once the trace stood in it: what is kept elsewhere
	// shows that nothing up to it was changed.
	Log string `json:"log"`
}

func runRecord(j *traceJob, id string) ([]byte, error) {
	r := runRecordFile{
		Schema: "clew.run/1", Trace: id, Started: j.started.UTC().Format(time.RFC3339),
		Ended: j.w.now().UTC().Format(time.RFC3339), Source: j.source, DB: j.db,
		Tool: thisTool(), Platform: platform(), Args: []string{}, Log: j.logged.Hash,
	}
	set := settingsOf(j.c).Complete()
	r.Settings = &set
	for _, arg := range j.w.args {
		r.Args = append(r.Args, withoutUser(arg))
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("run record: %w", err)
	}
	return append(text, '\n'), nil
}
