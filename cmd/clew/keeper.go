package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"clew/chains"
	"clew/ingest"
	"clew/tracer"
)

// keeper keeps what the passes over one chain read: it records it, or copies the recording that
// is read.
type keeper struct {
	recorder *ingest.Recorder
	copyOf   *openedNode
	dir      *outDir // nil: only the hash is wanted
	sub      string  // folder of the chain inside of the recording; "" for the only one
}

// newKeeper prepares the recording of passes over node. Without a folder it is hashed only:
// the trace names it in either case.
func newKeeper(node *openedNode, dir *outDir, sub string, chain chains.Chain) (*keeper, error) {
	k := &keeper{dir: dir, sub: sub}
	if node.recording != nil && node.recording.Manifest.Coverage == ingest.CoverageExtract {
		k.copyOf = node
		return k, nil
	}
	partial := ""
	if dir != nil {
		if same, err := holds(filepath.Join(dir.path, recordingName, sub), node); same || err != nil {
			return nil, errors.Join(err, &usageError{"--out would replace the recording that is read", "name another folder with --out"})
		}
		partial = dir.partial(sub)
		if err := os.RemoveAll(partial); err != nil {
			return nil, fmt.Errorf("recording: %w", err)
		}
	}
	var err error
	k.recorder, err = ingest.NewRecorder(partial, chain, merkleOf(chain))
	return k, err
}

// declare lets a recording that is made say what was logged of the incident.
func (k *keeper) declare(d *ingest.Declaration) {
	if k.recorder != nil {
		k.recorder.Declare(*d)
	}
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
	return k.recorder.Discard()
}

// finish completes the recording and returns what the trace says about it.
func (k *keeper) finish(asOf chains.BlockRef) (*tracer.Input, error) {
	if k.copyOf != nil {
		r := k.copyOf.recording
		in := &tracer.Input{SHA256: r.SHA256, Coverage: string(r.Manifest.Coverage)}
		return in, k.copy()
	}
	sha, err := k.recorder.Close(asOf)
	if err != nil {
		return nil, err
	}
	return &tracer.Input{SHA256: sha, Coverage: string(ingest.CoverageExtract)}, nil
}

// copy puts the recording that was read beside the result, unless it stands there.
func (k *keeper) copy() error {
	if k.dir == nil {
		return nil
	}
	same, err := holds(filepath.Join(k.dir.path, recordingName, k.sub), k.copyOf)
	if same || err != nil {
		k.dir.recording = k.dir.recording || same
		return err
	}
	partial := k.dir.partial(k.sub)
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
	return nil
}

// recorded is the recording of one chain.
type recorded struct {
	chain chains.Chain
	tracer.Input
}

// inputOf names the recordings of a trace by one hash: that of the only one, or of lines with
// chain and hash, in the order of the chains' names.
func inputOf(parts []recorded) *tracer.Input {
	if len(parts) == 1 {
		return &parts[0].Input
	}
	slices.SortFunc(parts, func(a, b recorded) int { return cmp.Compare(a.chain, b.chain) })
	h := sha256.New()
	for _, p := range parts {
		h.Write(fmt.Appendf(nil, "%s %s\n", p.chain, p.SHA256)) // a hash never fails
	}
	return &tracer.Input{SHA256: hex.EncodeToString(h.Sum(nil)), Coverage: string(ingest.CoverageExtract)}
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
