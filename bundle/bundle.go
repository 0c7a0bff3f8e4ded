// Package bundle seals a trace with everything that it was made from into one file, and opens such
// files: recordings with their proofs, the incident, the settings, the labels, the log, and a
// manifest of hashes (docs/bundle.md describes clew.bundle/1). The same contents give the same
// bytes, so the SHA-256 of a bundle names it.
//
// It knows no chain and does not trace: whoever opens a bundle hands in what reads chains and what
// runs the trace again. Start at Write and Open.
package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/ingest"
	"clew/strict"
	"clew/tracer"
)

// Schema is the name and version of the manifest.
const Schema = "clew.bundle/1"

// The members of a bundle that have one name. The others lie in the folders recording/, labels/ and
// imports/.
const (
	ManifestFile  = "manifest.json"         // first in everything: it has the hash of each other member
	SignatureFile = "manifest.json.minisig" // optional; the only one that the manifest does not name
	ReadmeFile    = "README.txt"
	IncidentFile  = "incident.yaml"
	TraceFile     = "trace.json"
	SettingsFile  = "settings.json"
	LogFile       = "log.json"                   // optional
	LabelsFile    = LabelsFolder + "/labels.zst" // where the trace asked labels
)

// The folders of a bundle.
const (
	RecordingFolder = "recording" // a recording, or a folder with one for each chain
	LabelsFolder    = "labels"
	ImportsFolder   = "imports" // imported files, each named by its SHA-256
)

// Manifest is the content of manifest.json. It has no clock, no path and no user, so that the same
// contents give the same bundle.
type Manifest struct {
	Schema      string       `json:"schema"` // Schema
	Trace       Trace        `json:"trace"`
	Incident    Incident     `json:"incident"`
	Tool        tracer.Tool  `json:"tool"`        // that made the trace
	Checkpoints []Checkpoint `json:"checkpoints"` // of each recording, in the order of the chains' names
	Files       []File       `json:"files"`       // all members but this one and its signature, by name
}

// Trace names the trace of a bundle.
type Trace struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256"` // of trace.json
}

// Incident names the incident.
type Incident struct {
	ID        string `json:"id"`
	SHA256    string `json:"sha256"` // of incident.yaml
	Title     string `json:"title"`
	Synthetic bool   `json:"synthetic"`
}

// Checkpoint is what has to be trusted of a chain: the first and the last header that its recording
// holds. Whoever asks a node of their own for both hashes trusts no bundle.
type Checkpoint struct {
	Chain      chains.Chain     `json:"chain"`
	CAIP2      string           `json:"caip2"`
	Height     int64            `json:"height"`
	Hash       chains.BlockHash `json:"hash"`
	LastHeight int64            `json:"last_height"`
	LastHash   chains.BlockHash `json:"last_hash"`
}

// File is one member.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hex
}

// Problem is something about a bundle that is not as it must be.
type Problem struct {
	File string `json:"file"` // the member; "" for the bundle as a whole
	What string `json:"what"`
}

// Describe returns the manifest of a trace without checkpoints and files. text are the bytes of
// trace.json, and id is the trace's.
func Describe(t *tracer.Trace, text []byte, id string) Manifest {
	return Manifest{
		Schema: Schema, Trace: Trace{ID: id, SHA256: hashOf(text)}, Tool: t.Tool,
		Incident:    Incident{ID: t.Incident.ID, SHA256: t.Incident.SHA256, Title: t.Incident.Title, Synthetic: t.Incident.Synthetic},
		Checkpoints: []Checkpoint{},
	}
}

// CheckpointOf returns the first and the last header of a recording.
func CheckpointOf(ctx context.Context, r *ingest.Recording) (Checkpoint, error) {
	m := &r.Manifest
	first, err := r.HashAt(ctx, m.From)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("first header of %s: %w", m.Chain, err)
	}
	return Checkpoint{
		Chain: m.Chain, CAIP2: m.CAIP2, Height: m.From, Hash: first, LastHeight: m.AsOf.Height, LastHash: m.AsOf.Hash,
	}, nil
}

// Encode returns the bytes of manifest.json: two spaces of indent, a line feed at the end, nothing
// escaped that JSON does not ask for.
func (m *Manifest) Encode() ([]byte, error) { return encode(m) }

// file returns the entry of a member; nil: it has none.
func (m *Manifest) file(name string) *File {
	i, ok := slices.BinarySearchFunc(m.Files, name, func(f File, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return &m.Files[i]
}

// encode writes v as every JSON of a bundle is written that is not taken over as it was.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write as JSON: %w", err)
	}
	return out.Bytes(), nil
}

// decode reads what encode wrote, and nothing else: other spaces, another order are errors too.
func decode(data []byte, v any) error {
	if err := strict.JSON(data, v); err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	again, err := encode(v)
	if err == nil && !bytes.Equal(again, data) {
		err = errors.New("it is not in the one form that it may have (docs/bundle.md)")
	}
	return err
}
