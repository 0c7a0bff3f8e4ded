package custody

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Append appends the JSON of e to b, as encoding/json writes it, in a fourth of the time: a server logs every
// call. Errors: a time that has no RFC 3339.
func (e *Entry) Append(b []byte) ([]byte, error) {
	if year := e.When.Year(); year < 0 || year > 9999 {
		return nil, fmt.Errorf("log entry %q: the year %d has no RFC 3339", e.What, year)
	}
	if _, offset := e.When.Zone(); offset != 0 {
		return nil, fmt.Errorf("log entry %q: its time is not in UTC", e.What)
	}
	b = append(b, `{"when":"`...)
	b = e.When.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","what":`...)
	b = appendText(b, e.What)
	b = appendField(b, "sha256", e.SHA256)
	b = appendDetails(b, e.Details)
	b = appendField(b, "who", e.Who)
	b = appendField(b, "why", e.Why)
	b = appendField(b, "incident", e.Incident)
	b = appendField(b, "trace", e.Trace)
	b = appendSettings(b, e.Settings)
	b = appendField(b, "result", e.Result)
	b = appendField(b, "tool", e.Tool)
	return append(b, '}'), nil
}

// appendField appends a text behind its name, nothing where it is empty.
func appendField(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	b = append(append(append(b, `,"`...), name...), `":`...)
	return appendText(b, text)
}

// appendDetails appends details in order of their names.
func appendDetails(b []byte, details map[string]string) []byte {
	if len(details) == 0 {
		return b
	}
	var few [8]string
	names := few[:0]
	for name := range details {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, `,"details":{`...)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = appendText(b, details[name])
	}
	return append(b, '}')
}

func appendSettings(b []byte, settings []string) []byte {
	if len(settings) == 0 {
		return b
	}
	b = append(b, `,"settings":[`...)
	for i, text := range settings {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, text)
	}
	return append(b, ']')
}

// appendText appends a text as JSON. What has to be escaped, beside quotes and backslashes, is left to
// encoding/json.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '<' || c == '>' || c == '&' {
			escaped, err := json.Marshal(text)
			if err != nil {
				panic(err) // every string has its JSON
			}
			return append(b, escaped...)
		}
	}
	b = append(b, '"')
	begin := 0
	for i := range len(text) {
		if c := text[i]; c == '"' || c == '\\' {
			b = append(append(b, text[begin:i]...), '\\')
			begin = i
		}
	}
	return append(append(b, text[begin:]...), '"')
}
