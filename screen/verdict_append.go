package screen

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"clew/chains"
)

// A verdict is written for each question, thousands of times a second, and encoding/json takes more time
// for it than all that is asked. So its types are looked at once, and become functions that append their
// values: a third of the time of encoding/json, the same bytes.

// appender appends a value as encoding/json writes it.
type appender func(b []byte, v reflect.Value) ([]byte, error)

// verdictAppender is the appender of Verdict.
var verdictAppender = sync.OnceValues(func() (appender, error) { return appenderOf(reflect.TypeFor[Verdict]()) })

// appendVerdict appends the bytes of json.Marshal(v).
func appendVerdict(b []byte, v *Verdict) ([]byte, error) {
	write, err := verdictAppender()
	if err != nil {
		return nil, err
	}
	return write(b, reflect.ValueOf(v).Elem())
}

// appenderOf makes the appender of a type out of those of its parts. The error names a type that no
// verdict has: whoever adds a field of it adds its appender here.
func appenderOf(t reflect.Type) (appender, error) {
	if t == reflect.TypeFor[chains.Amount]() {
		return appendAmount, nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(b []byte, v reflect.Value) ([]byte, error) { return appendText(b, v.String()) }, nil
	case reflect.Int, reflect.Int64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(b, v.Int(), 10), nil }, nil
	case reflect.Uint32:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendUint(b, v.Uint(), 10), nil }, nil
	case reflect.Bool:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(b, v.Bool()), nil }, nil
	case reflect.Pointer:
		return pointerAppender(t)
	case reflect.Slice:
		return sliceAppender(t)
	case reflect.Struct:
		return structAppender(t)
	}
	return nil, fmt.Errorf("write verdict: no way to write a %s", t)
}

// appendAmount appends a decimal string. Amounts of verdicts have addresses, so that none is copied.
func appendAmount(b []byte, v reflect.Value) ([]byte, error) {
	a, ok := v.Addr().Interface().(*chains.Amount)
	if !ok {
		return nil, fmt.Errorf("write verdict: %s is no amount", v.Type())
	}
	b = append(b, '"')
	if n, fits := a.Uint64(); fits {
		b = strconv.AppendUint(b, n, 10)
	} else {
		b = append(b, a.String()...)
	}
	return append(b, '"'), nil
}

// plain are the bytes that stand in JSON as they are.
var plain = func() (is [256]bool) {
	for c := byte(' '); c <= '~'; c++ {
		is[c] = !strings.ContainsRune(`"\<>&`, rune(c))
	}
	return is
}()

// appendText appends a string. What must be escaped is left to encoding/json.
func appendText(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if !plain[s[i]] {
			text, err := json.Marshal(s)
			return append(b, text...), err
		}
	}
	return append(append(append(b, '"'), s...), '"'), nil
}

func pointerAppender(t reflect.Type) (appender, error) {
	write, err := appenderOf(t.Elem())
	if err != nil {
		return nil, err
	}
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return write(b, v.Elem())
	}, nil
}

func sliceAppender(t reflect.Type) (appender, error) {
	write, err := appenderOf(t.Elem())
	if err != nil {
		return nil, err
	}
	return func(b []byte, v reflect.Value) (_ []byte, err error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = write(b, v.Index(i)); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}, nil
}

// field is one of a struct, with its name as it is written.
type field struct {
	index     int
	name      string // with quotes and colon
	omitEmpty bool
	write     appender
}

func structAppender(t reflect.Type) (appender, error) {
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" || options != "" && options != "omitempty" {
			return nil, fmt.Errorf("write verdict: field %s of %s has the tag %q", sf.Name, t, sf.Tag)
		}
		write, err := appenderOf(sf.Type)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field{i, `"` + name + `":`, options != "", write})
	}
	return func(b []byte, v reflect.Value) (_ []byte, err error) {
		b = append(b, '{')
		first := true
		for i := range fields {
			f := &fields[i]
			value := v.Field(f.index)
			if f.omitEmpty && empty(value) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			if b, err = f.write(append(b, f.name...), value); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	}, nil
}

// empty reports whether encoding/json leaves a value out that may be: never a struct.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
