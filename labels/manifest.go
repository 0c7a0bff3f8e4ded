package labels

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Manifest says of a folder of files what they are, where they come from and under which licence:
// what a set is made of.
type Manifest struct {
	Clew    string           `yaml:"clew"` // "labels/1"
	Sources []ManifestSource `yaml:"sources"`
}

// ManifestSource is a source, or several that only differ in their files.
type ManifestSource struct {
	Files      []string `yaml:"files"` // names or patterns, relative to the folder
	Kind       Form     `yaml:"kind"`  // "": found out by looking
	Title      string   `yaml:"title"`
	Creator    string   `yaml:"creator"`
	Source     string   `yaml:"source"`
	Licence    string   `yaml:"licence"`
	Retrieved  string   `yaml:"retrieved"`
	Dated      string   `yaml:"dated"`
	Chain      string   `yaml:"chain"`
	Label      string   `yaml:"label"`
	Category   string   `yaml:"category"`
	Confidence string   `yaml:"confidence"`
}

// FileReport is what became of one file.
type FileReport struct {
	File string // as the manifest's folder names it
	Report
}

// goTypes is what an error of the decoder says of the program's own types.
var goTypes = regexp.MustCompile(` (in type|into) (labels\.\w+|\[\][\w.]+)|yaml: unmarshal errors:\n *`)

// ReadManifest reads a manifest. An unknown field is an error.
func ReadManifest(data []byte) (*Manifest, error) {
	var start struct {
		Clew string `yaml:"clew"`
	}
	if err := yaml.Unmarshal(data, &start); err != nil || start.Clew == "" {
		return nil, fmt.Errorf("%w: a manifest of labels is YAML that begins with `clew: labels/1`", ErrForm)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var m Manifest
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("%w: manifest of labels: %s", ErrForm, goTypes.ReplaceAllString(err.Error(), ""))
	}
	if m.Clew != "labels/1" {
		return nil, fmt.Errorf("%w: a manifest of labels begins with `clew: labels/1`", ErrForm)
	}
	return &m, nil
}

// Import reads every file that the manifest names, in order of its sources and the names of files.
// A pattern without a file is an error, and so are two files of one source.
func (m *Manifest) Import(folder fs.FS, codec Codec) (packs []*Pack, reports []FileReport, err error) {
	from := map[string]string{}
	for i := range m.Sources {
		files, err := m.Sources[i].list(folder)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range files {
			p, r, err := m.Sources[i].read(folder, name, codec)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", name, err)
			}
			e := p.Edition()
			key := fmt.Sprintf("%s of %q by %q", e.Form, e.Title, e.Creator)
			if from[key] != "" {
				return nil, nil, fmt.Errorf("%s and %s are both the %s: give one of them another title", from[key], name, key)
			}
			from[key] = name
			packs, reports = append(packs, p), append(reports, FileReport{name, r})
		}
	}
	return packs, reports, nil
}

func (s *ManifestSource) list(folder fs.FS) ([]string, error) {
	var out []string
	for _, pattern := range s.Files {
		found, err := fs.Glob(folder, pattern)
		if err == nil && len(found) == 0 {
			err = errors.New("there is no such file")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pattern, err)
		}
		for _, name := range found {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out, nil
}

func (s *ManifestSource) read(folder fs.FS, name string, codec Codec) (p *Pack, r Report, err error) {
	o := TableOptions{
		Options: Options{
			Codec:   codec,
			Edition: Edition{Title: s.Title, Creator: s.Creator, Source: s.Source, Licence: s.Licence, File: path.Base(name)},
			Include: func(other string) ([]byte, error) { return fs.ReadFile(folder, path.Join(path.Dir(name), other)) },
		},
		Chain: s.Chain, Text: s.Label, Category: s.Category, Confidence: s.Confidence,
	}
	if o.Edition.Retrieved, err = parseTime(s.Retrieved); err != nil {
		return nil, Report{}, fmt.Errorf("%w: retrieved: %w", ErrForm, err)
	}
	if s.Dated != "" {
		if o.Edition.Dated, err = parseTime(s.Dated); err != nil {
			return nil, Report{}, fmt.Errorf("%w: dated: %w", ErrForm, err)
		}
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil, Report{}, err //nolint:wrapcheck // the error names the file
	}
	defer func() {
		if c, ok := f.(io.Closer); ok {
			err = errors.Join(err, c.Close())
		}
	}()
	return Read(f, s.Kind, o)
}
