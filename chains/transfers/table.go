package transfers

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// table is a file as text: a header, and records with the line each stands in.
type table struct {
	header []string
	rows   []record
}

type record struct {
	line int
	text []string
}

// read takes a file whose first character is { for JSON lines, any other for CSV.
func read(data []byte) (*table, error) {
	trimmed := bytes.TrimSpace(data)
	switch {
	case len(trimmed) == 0:
		return nil, errors.New("the file is empty")
	case trimmed[0] == '{':
		return readJSON(data)
	}
	return readCSV(data)
}

func readCSV(data []byte) (*table, error) {
	r := csv.NewReader(bytes.NewReader(data))
	first, _, _ := bytes.Cut(data, []byte("\n"))
	for _, comma := range []byte{';', '\t'} {
		if bytes.Count(first, []byte{comma}) > bytes.Count(first, []byte{','}) {
			r.Comma = rune(comma)
		}
	}
	t := &table{}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			if p, ok := errors.AsType[*csv.ParseError](err); ok {
				return nil, &LineError{p.Line, "", p.Err.Error()}
			}
			return nil, fmt.Errorf("read: %w", err)
		}
		line, _ := r.FieldPos(0)
		if t.header == nil {
			t.header = cells
			continue
		}
		t.rows = append(t.rows, record{line, cells})
	}
}

// readJSON reads an object a line; the header is every name in it, in the order of the alphabet.
func readJSON(data []byte) (*table, error) {
	var objects []map[string]any
	var lines []int
	names := map[string]bool{}
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 1<<20)
	for line := 1; s.Scan(); line++ {
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(s.Bytes()))
		d.UseNumber()
		var o map[string]any
		if err := d.Decode(&o); err != nil {
			return nil, &LineError{line, "", "this is not JSON: " + err.Error()}
		}
		for name := range o {
			names[name] = true
		}
		objects, lines = append(objects, o), append(lines, line)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	t := &table{}
	for name := range names {
		t.header = append(t.header, name)
	}
	slices.Sort(t.header)
	for i, o := range objects {
		r := record{line: lines[i]}
		for _, name := range t.header {
			switch v := o[name].(type) {
			case nil:
				r.text = append(r.text, "")
			case string:
				r.text = append(r.text, v)
			case json.Number:
				r.text = append(r.text, v.String())
			case bool:
				r.text = append(r.text, fmt.Sprint(v))
			default:
				return nil, &LineError{lines[i], name, "want text or a number"}
			}
		}
		t.rows = append(t.rows, r)
	}
	return t, nil
}
