package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"clew/exhibit"
)

// copiesOf names the files of the recordings that lie beside a trace, each with the SHA-256 of its
// bytes, for the draft certificates: nil where there are none, or where they are not those from
// which the trace was made, of which mismatch then says so.
func copiesOf(ctx context.Context, t *loadedTrace) (copies []exhibit.Copy, mismatch string, err error) {
	if t.file == "" || t.Inputs.Recording == nil {
		return nil, "", nil
	}
	dir := filepath.Join(filepath.Dir(t.file), recordingName)
	files := os.DirFS(dir)
	found, err := fs.Glob(files, "*/"+recordingFiles()[1])
	if err != nil {
		return nil, "", fmt.Errorf("recordings in %s: %w", dir, err)
	}
	if _, err := fs.Stat(files, recordingFiles()[1]); err == nil {
		found = []string{recordingFiles()[1]}
	}
	if len(found) == 0 {
		return nil, "", nil
	}
	var parts []recorded
	for _, name := range found {
		part, of, err := copiesIn(ctx, files, path.Dir(name), dir)
		if err != nil {
			return nil, "", err
		}
		parts, copies = append(parts, part), append(copies, of...)
	}
	if inputOf(parts).SHA256 != t.Inputs.Recording.SHA256 {
		return nil, dir + " is not the recording from which the trace was made: the drafts leave its hashes blank", nil
	}
	return copies, "", nil
}

// copiesIn names the files of one recording.
func copiesIn(ctx context.Context, files fs.FS, folder, where string) (p recorded, out []exhibit.Copy, err error) {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		return p, nil, fmt.Errorf("recording %s: %w", where, err)
	}
	node, err := openRecording(ctx, sub, filepath.Join(where, folder), "")
	if err != nil {
		return p, nil, err
	}
	p.chain, p.SHA256 = node.chain, node.recording.SHA256
	if err := node.Close(); err != nil {
		return p, nil, fmt.Errorf("recording %s: %w", where, err)
	}
	for _, name := range slices.Sorted(slices.Values(recordingFiles())) {
		sum, err := hashOfFile(sub, name)
		if err != nil {
			return p, nil, fmt.Errorf("recording %s: %w", where, err)
		}
		out = append(out, exhibit.Copy{Name: path.Join(recordingName, folder, name), SHA256: sum})
	}
	return p, out, nil
}

func hashOfFile(files fs.FS, name string) (sum string, err error) {
	f, err := files.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
