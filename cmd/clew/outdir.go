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

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/exhibit"
	"clew/ingest"
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
		more, err := exhibit.Write(ctx, j.trace, text, stage, exhibit.Options{})
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
		if err := os.Rename(filepath.Join(stage, name), filepath.Join(d.path, name)); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// adopt makes the folder partial the recording of d, in place of one that is there.
func (d *outDir) adopt(partial string) error {
	target := filepath.Join(d.path, recordingName)
	if err := errors.Join(os.RemoveAll(target), os.Rename(partial, target)); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	d.recording = true
	return nil
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
}

func runRecord(j *traceJob, id string) ([]byte, error) {
	r := runRecordFile{
		Schema: "clew.run/1", Trace: id, Started: j.started.UTC().Format(time.RFC3339),
		Ended: j.w.now().UTC().Format(time.RFC3339), Source: j.source, DB: j.db,
		Tool: thisTool(), Platform: platform(), Args: []string{},
	}
	for _, arg := range j.w.args {
		r.Args = append(r.Args, withoutUser(arg))
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("run record: %w", err)
	}
	return append(text, '\n'), nil
}

// keeper keeps what a pass reads: it records it, or copies the recording that is read.
type keeper struct {
	recorder *ingest.Recorder
	copyOf   *openedNode
	dir      *outDir
	partial  string // where the recording grows; "" where only its hash is wanted
}

// newKeeper prepares the recording of a pass over node. Without a folder it is hashed only:
// the trace names it in either case.
func newKeeper(node *openedNode, dir *outDir, chain chains.Chain) (*keeper, error) {
	k := &keeper{dir: dir}
	if node.recording != nil && node.recording.Manifest.Coverage == ingest.CoverageExtract {
		k.copyOf = node
		return k, nil
	}
	if dir != nil {
		if same, err := holds(filepath.Join(dir.path, recordingName), node); same || err != nil {
			return nil, errors.Join(err, &usageError{"--out would replace the recording that is read", "name another folder with --out"})
		}
		k.partial = filepath.Join(dir.path, recordingName+".partial")
		if err := os.RemoveAll(k.partial); err != nil {
			return nil, fmt.Errorf("recording: %w", err)
		}
	}
	var err error
	k.recorder, err = ingest.NewRecorder(k.partial, chain, bitcoin.Codec{})
	return k, err
}

// declared returns when the incident was first logged: as the recording that is read says,
// so that its trace has the same bytes everywhere, else as our own log does. A recording
// that is made keeps that time.
func (k *keeper) declared(sha string, own *string) *string {
	if k.copyOf != nil {
		if first := k.copyOf.recording.Declared(sha); first != nil {
			return first
		}
		return own
	}
	if own != nil {
		k.recorder.Declare(sha, *own)
	}
	return own
}

// loading keeps what the node said that was still loading; a copy has it already.
func (k *keeper) loading(state chains.Loading) {
	if k.recorder != nil {
		k.recorder.Loading(state)
	}
}

// discard leaves nothing of a recording whose trace came to nothing.
func (k *keeper) discard() error {
	if k.recorder == nil {
		return nil
	}
	err := k.recorder.Discard()
	if k.partial != "" {
		err = errors.Join(err, os.RemoveAll(k.partial))
	}
	return err
}

// finish completes the recording and returns what the trace says about it.
func (k *keeper) finish(asOf chains.BlockRef) (*tracer.Input, error) {
	if k.copyOf != nil {
		r := k.copyOf.recording
		in := &tracer.Input{SHA256: r.SHA256, Coverage: string(r.Manifest.Coverage)}
		return in, k.copy()
	}
	sha, err := k.recorder.Close(asOf)
	if err != nil && k.partial != "" {
		err = errors.Join(err, os.RemoveAll(k.partial))
	}
	if err != nil {
		return nil, err
	}
	in := &tracer.Input{SHA256: sha, Coverage: string(ingest.CoverageExtract)}
	if k.partial == "" {
		return in, nil
	}
	return in, k.dir.adopt(k.partial)
}

// copy puts the recording that was read beside the result, unless it stands there.
func (k *keeper) copy() (err error) {
	if k.dir == nil {
		return nil
	}
	same, err := holds(filepath.Join(k.dir.path, recordingName), k.copyOf)
	if same || err != nil {
		k.dir.recording = same
		return err
	}
	partial := filepath.Join(k.dir.path, recordingName+".partial")
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(partial))
		}
	}()
	if err := errors.Join(os.RemoveAll(partial), os.MkdirAll(partial, 0o755)); err != nil {
		return fmt.Errorf("copy the recording: %w", err)
	}
	for _, name := range append(recordingFiles(), "declared.json") {
		data, err := fs.ReadFile(k.copyOf.files, name)
		if errors.Is(err, fs.ErrNotExist) && name == "declared.json" {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(partial, name), data, 0o644)
		}
		if err != nil {
			return fmt.Errorf("copy the recording: %w", err)
		}
	}
	return k.dir.adopt(partial)
}

// recordingFiles are the files of a recording.
func recordingFiles() []string { return []string{"objects.zip", "recording.json"} }

// holds reports whether the folder target holds the very recording that node stands for.
func holds(target string, node *openedNode) (bool, error) {
	if node.recording == nil {
		return false, nil
	}
	name := recordingFiles()[0]
	there, err := os.Stat(filepath.Join(target, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("recording: %w", err)
	}
	here, err := fs.Stat(node.files, name)
	if err != nil {
		return false, fmt.Errorf("recording: %w", err)
	}
	return os.SameFile(there, here), nil
}
