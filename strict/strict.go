// Package strict reads what must be understood in one way only. It knows nothing of what is read.
//
// JSON is for other programs. encoding/json takes a field that stands twice (the last one counts), a
// field in capitals, and text that is no UTF-8; the readers of other languages take the first, or none,
// or stop. Two readers would then see two contents under one SHA-256.
//
// YAML is for files that people write. Its values know their line and field, so that every error names
// them (FieldError); a field that is not known is one.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// JSON reads data into v. It is an error for an unknown field, a field that stands twice in an object,
// one whose name has a capital or what is no ASCII (it would be taken for the one in small letters),
// text that is no UTF-8, and for something behind the end.
func JSON(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("it is no UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind its end")
	}
	return names(data)
}

// open is an object or a list that is being read.
type open struct {
	object bool
	key    bool     // the next text is a name
	names  []string // that were met
}

// names checks the names of all fields of valid JSON.
func names(data []byte) error {
	var stack []open
	for i := 0; i < len(data); i++ {
		switch c := data[i]; c {
		case '{', '[':
			stack = append(stack, open{object: c == '{', key: c == '{'})
		case '}', ']':
			stack = stack[:len(stack)-1]
		case ',':
			top := &stack[len(stack)-1]
			top.key = top.object
		case '"':
			end := endOf(data, i)
			if n := len(stack); n > 0 && stack[n-1].key {
				if err := stack[n-1].name(data[i : end+1]); err != nil {
					return err
				}
			}
			i = end
		}
	}
	return nil
}

// endOf returns where the text ends that begins at an offset.
func endOf(data []byte, at int) int {
	for at++; data[at] != '"'; at++ {
		if data[at] == '\\' {
			at++
		}
	}
	return at
}

// name takes the name of a field, as JSON writes it.
func (o *open) name(text []byte) error {
	o.key = false
	for _, c := range text {
		if c >= 'A' && c <= 'Z' || c == '\\' || c >= utf8.RuneSelf {
			return fmt.Errorf("field %.60s: names of fields are in small letters", text)
		}
	}
	if slices.Contains(o.names, string(text)) {
		return fmt.Errorf("field %.60s stands twice in an object", text)
	}
	o.names = append(o.names, string(text))
	return nil
}
