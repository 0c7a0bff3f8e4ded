package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/xrash/smetrics"
	"go.yaml.in/yaml/v3"
)

// FieldError says which line and field of a file in YAML is wrong.
type FieldError struct {
	File   string
	Line   int
	Field  string // "" for the file as a whole, and where the line is no YAML
	Reason string
}

// Error gives FILE:LINE: field FIELD: REASON, or FILE:LINE: REASON.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s:%d: field %s: %s", e.File, e.Line, e.Field, e.Reason)
}

// Form is what a file in YAML is, as its errors say it.
type Form struct {
	First string // the field that an empty file lacks; "" where it has none that must be there
	Want  string // what to write into an empty file
	One   string // why a second document in the file is refused
	// Near: the error about an unknown field names the one that it is likely a slip of.
	Near bool
}

// Value is a node of a file with the path to it, which its errors name.
type Value struct {
	*yaml.Node
	path string
	from *source
}

// source is what all values of a file have in common.
type source struct {
	file string
	near bool
}

// YAML returns the root of the one document in data. name stands in errors, which are *FieldError,
// here and in everything that is read from the root.
func YAML(name string, data []byte, form Form) (Value, error) {
	var doc, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&doc); errors.Is(err, io.EOF) || err == nil && nothing(&doc) {
		return Value{}, &FieldError{name, 1, form.First, "the file is empty: " + form.Want}
	} else if err != nil {
		return Value{}, syntaxError(name, data, err)
	}
	if err := d.Decode(&second); err == nil {
		return Value{}, &FieldError{name, max(1, second.Line), form.First, "a second document begins here: " + form.One}
	} else if !errors.Is(err, io.EOF) {
		return Value{}, syntaxError(name, data, err)
	}
	return Value{doc.Content[0], "", &source{name, form.Near}}, nil
}

// nothing reports whether a document has no value.
func nothing(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || doc.Content[0].Kind == yaml.ScalarNode && doc.Content[0].Tag == "!!null"
}

// syntaxError says in which line of data err is: the first one up to which data has this
// error. (The YAML parser's own number is one too low for some errors, and absent from others.)
func syntaxError(name string, data []byte, err error) error {
	what := withoutLine(err)
	lines := bytes.SplitAfter(data, []byte("\n"))
	n := sort.Search(len(lines), func(i int) bool {
		d := yaml.NewDecoder(bytes.NewReader(bytes.Join(lines[:i+1], nil)))
		var doc yaml.Node
		var err error
		for err == nil {
			err = d.Decode(&doc)
		}
		return withoutLine(err) == what
	})
	return &FieldError{File: name, Line: min(n+1, len(lines)), Reason: "this is not YAML: " + what}
}

// withoutLine returns what the YAML parser says, but for "yaml: line N: " in front of it.
func withoutLine(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if _, what, ok := strings.Cut(rest, ": "); ok {
			return what
		}
	}
	return text
}

// Errorf returns the error that something is wrong with v.
func (v Value) Errorf(format string, args ...any) error {
	return &FieldError{v.from.file, v.Line, v.path, fmt.Sprintf(format, args...)}
}

// At returns v under another path, for an error about a field that v should have.
func (v Value) At(path string) Value { return Value{v.Node, path, v.from} }

// Below returns the field of v with that name, for an error about it; where v has none, the error
// stands at v's own line.
func (v Value) Below(name string) Value {
	below := Value{v.Node, strings.TrimPrefix(v.path+"."+name, "."), v.from}
	for i := 0; v.Kind == yaml.MappingNode && i < len(v.Content); i += 2 {
		if v.Content[i].Value == name {
			below.Node = v.Content[i]
		}
	}
	return below
}

// Fields reads a mapping; known has a reader for each field that may stand in it. A field without a
// value is as one that is absent.
func (v Value) Fields(known map[string]func(Value) error) error {
	return v.Each(func(f Value, key string) error {
		read, ok := known[key]
		if !ok {
			return f.unknown(key, sortedKeys(known))
		}
		return f.unlessNull(read)
	})
}

func (v Value) unknown(key string, known []string) error {
	names := strings.Join(known, ", ")
	if near := Nearest(key, known); near != "" && v.from.near {
		return v.Errorf("unknown field: did you mean %s? (known: %s)", near, names)
	}
	return v.Errorf("unknown field (known: %s)", names)
}

// Nearest returns the candidate that word is most likely a slip of, or "" where none is
// near: at most one edit in three letters, and at least two are allowed.
func Nearest(word string, candidates []string) string {
	best, distance := "", max(2, len(word)/3)+1
	for _, c := range candidates {
		if d := smetrics.WagnerFischer(strings.ToLower(word), c, 1, 1, 1); d < distance && d < len(c) {
			best, distance = c, d
		}
	}
	return best
}

// Each reads a mapping whose keys the caller judges. No key stands twice.
func (v Value) Each(read func(f Value, key string) error) error {
	if v.Kind != yaml.MappingNode {
		return v.Errorf("want fields, each as `name: value`")
	}
	seen := map[string]bool{}
	for i := 0; i < len(v.Content); i += 2 {
		key := v.Content[i].Value
		f := Value{v.Content[i+1], strings.TrimPrefix(v.path+"."+key, "."), v.from}
		f.Line = v.Content[i].Line
		if err := f.once(seen, key); err != nil {
			return err
		}
		if err := read(f, key); err != nil {
			return err
		}
	}
	return nil
}

func (v Value) once(seen map[string]bool, key string) error {
	if seen[key] {
		return v.Errorf("stands twice")
	}
	seen[key] = true
	return nil
}

func (v Value) unlessNull(read func(Value) error) error {
	if v.Kind == yaml.ScalarNode && v.Tag == "!!null" {
		return nil
	}
	return read(v)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// List reads a sequence, one element at a time.
func (v Value) List(read func(Value) error) error {
	if v.Kind != yaml.SequenceNode {
		return v.Errorf("want a list")
	}
	for i, n := range v.Content {
		if err := read(Value{n, fmt.Sprintf("%s[%d]", v.path, i), v.from}); err != nil {
			return err
		}
	}
	return nil
}

// Text reads a scalar as it is written.
func (v Value) Text(to *string) error {
	if v.Kind != yaml.ScalarNode {
		return v.Errorf("want a text")
	}
	*to = v.Value
	return nil
}

// Parse reads a scalar with f and says where it stands if that fails.
func Parse[T any](v Value, to *T, f func(string) (T, error)) error {
	var s string
	if err := v.Text(&s); err != nil {
		return err
	}
	t, err := f(s)
	if err != nil {
		return v.Errorf("%v", err)
	}
	*to = t
	return nil
}

// Bool reads true or false.
func Bool(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q: want true or false", s)
}

// Count reads a whole number from 0.
func Count(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || s[0] == '+' {
		return 0, fmt.Errorf("%q: want a whole number from 0", s)
	}
	return n, nil
}
