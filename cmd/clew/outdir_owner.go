package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// otherResult is an error about a folder that holds what is not to be replaced.
func (d *outDir) otherResult(file, whose string) error {
	return withHint(fmt.Errorf("folder of the result: %s is of %s", filepath.Join(d.path, file), whose),
		"name another folder with --out, or remove that one first")
}

// claim refuses a folder that holds the result of another incident. That of the same one may
// be replaced.
func (d *outDir) claim(incident string) error {
	if d == nil {
		return nil
	}
	for _, f := range []struct {
		name string
		of   func(io.Reader) (string, error)
	}{{"trace.json", incidentOfTrace}, {"report.html", incidentOfReport}} {
		there, err := d.incidentIn(f.name, f.of)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return withHint(fmt.Errorf("folder of the result: %s: %w", filepath.Join(d.path, f.name), err),
				"it would be replaced: name another folder with --out, or remove that file first")
		case there != incident:
			return d.otherResult(f.name, fmt.Sprintf("another incident, %q, and this is %q", there, incident))
		}
	}
	return nil
}

func (d *outDir) incidentIn(name string, of func(io.Reader) (string, error)) (id string, err error) {
	f, err := os.Open(filepath.Join(d.path, name))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return of(f)
}

// incidentOfTrace reads the incident's id from the beginning of a trace, which may be large.
func incidentOfTrace(r io.Reader) (string, error) {
	dec := json.NewDecoder(r)
	if _, err := dec.Token(); err != nil {
		return "", fmt.Errorf("it is no trace: %w", err)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return "", fmt.Errorf("it is no trace: %w", err)
		}
		if key != "incident" {
			var skipped json.RawMessage
			if err := dec.Decode(&skipped); err != nil {
				return "", fmt.Errorf("it is no trace: %w", err)
			}
			continue
		}
		var incident struct {
			ID string `json:"id"`
		}
		if err := dec.Decode(&incident); err != nil {
			return "", fmt.Errorf("it is no trace: %w", err)
		}
		return incident.ID, nil
	}
	return "", errors.New("it is no trace: it names no incident")
}

// reportIncident is where a report names its incident for programs.
var reportIncident = regexp.MustCompile(`<meta name="incident" content="([^"]*)">`)

// incidentOfReport reads the incident's id from the head of a report.
func incidentOfReport(r io.Reader) (string, error) {
	const head = 16 << 10
	text, err := io.ReadAll(io.LimitReader(r, head))
	if err != nil {
		return "", err
	}
	found := reportIncident.FindSubmatch(text)
	if found == nil {
		return "", errors.New("it is no report of this version: it names no incident")
	}
	return html.UnescapeString(string(found[1])), nil
}

// claimFor refuses, besides, a folder with a trace of which t is not a copy: a report beside it
// would seem to be of that one.
func (d *outDir) claimFor(t *loadedTrace) error {
	if err := d.claim(t.Incident.ID); err != nil {
		return err
	}
	const name = "trace.json"
	text, err := os.ReadFile(filepath.Join(d.path, name))
	if errors.Is(err, fs.ErrNotExist) || (err == nil && bytes.Equal(text, t.text)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("folder of the result: %w", err)
	}
	there, err := parseTrace(filepath.Join(d.path, name), text)
	if err != nil {
		return fmt.Errorf("folder of the result: %w", err)
	}
	if there.id != t.id {
		return d.otherResult(name, fmt.Sprintf("another trace of the same incident, %s, and this is %s", there.id, t.id))
	}
	return nil
}

// dropRecording removes the recording of an earlier trace, where the one that was written has
// none: it would be taken for what this one was made from.
func (d *outDir) dropRecording() error {
	if d == nil || d.recording {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(d.path, recordingName)); err != nil {
		return fmt.Errorf("folder of the result: recording of the trace before: %w", err)
	}
	return nil
}
