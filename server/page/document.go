package page

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// openAPI is what the page shows of a document.
type openAPI struct {
	Info       struct{ Title, Version, Description string }
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]operationDoc
	Components struct{ Schemas map[string]schemaDoc }
	Webhooks   map[string]map[string]operationDoc
}

type operationDoc struct {
	OperationID string `json:"operationId"`
	Summary     string
	Description string
	Tags        []string
	Scope       string   `json:"x-scope"`
	Order       int      `json:"x-order"`
	Problems    []string `json:"x-problems"`
	Parameters  []struct {
		Name, In, Description string
		Required              bool
		Schema                schemaDoc
	}
	RequestBody struct{ Content map[string]mediaDoc } `json:"requestBody"`
	Responses   map[string]responseDoc
}

type mediaDoc struct {
	Schema  schemaDoc
	Example json.RawMessage
}

type responseDoc struct {
	Description string
	Headers     map[string]any
	Content     map[string]mediaDoc
}

// problemForm is what an answer has that is a problem.
const problemForm = "application/problem+json"

type schemaDoc struct {
	Type        any
	Ref         string `json:"$ref"`
	Description string
	Format      string
	Pattern     string
	Enum        []string
	Default     any
	Items       *schemaDoc
	Properties  map[string]schemaDoc
	Required    []string
}

// methods in the order in which a path's operations are shown.
var methods = []string{"post", "get", "put", "patch", "delete"}

func (d *openAPI) groups() []group {
	var out []group
	for _, tag := range d.Tags {
		g := group{Name: tag.Name, Says: tag.Description}
		for _, path := range sorted(d.Paths) {
			for _, method := range methods {
				op, ok := d.Paths[path][method]
				if ok && slices.Contains(op.Tags, tag.Name) {
					g.Operations = append(g.Operations, d.operation(method, path, &op))
				}
			}
		}
		slices.SortFunc(g.Operations, func(a, b operation) int { return a.order - b.order })
		out = append(out, g)
	}
	return out
}

func (d *openAPI) operation(method, path string, op *operationDoc) operation {
	out := operation{ID: op.OperationID, Method: strings.ToUpper(method), Path: path, Summary: op.Summary, Says: paragraphs(op.Description), Scope: op.Scope, Problems: op.Problems, order: op.Order}
	for _, p := range op.Parameters {
		out.Parameters = append(out.Parameters, field{Name: p.Name, In: p.In, Says: p.Description, Needed: p.Required, Is: d.kind(&p.Schema)})
	}
	for _, contentType := range sorted(op.RequestBody.Content) {
		m := op.RequestBody.Content[contentType]
		out.Bodies = append(out.Bodies, form{Type: contentType, Of: d.kind(&m.Schema), Example: indented(m.Example)})
	}
	for _, status := range sorted(op.Responses) {
		r := op.Responses[status]
		if _, is := r.Content[problemForm]; is && len(r.Content) == 1 {
			continue // they are listed together
		}
		a := answer{Status: status, Says: r.Description, Headers: sorted(r.Headers)}
		for _, contentType := range sorted(r.Content) {
			if contentType != problemForm {
				schema := r.Content[contentType].Schema
				a.Forms = append(a.Forms, form{Type: contentType, Of: d.kind(&schema)})
			}
		}
		out.Answers = append(out.Answers, a)
	}
	return out
}

func (d *openAPI) events() []field {
	var out []field
	for _, name := range sorted(d.Webhooks) {
		out = append(out, field{Name: name, Says: d.Webhooks[name]["post"].Summary})
	}
	return out
}

// indented writes an example over several lines; "" where there is none.
func indented(example json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, example, "", "  ") != nil { // the document was read, so it is JSON or nothing
		return ""
	}
	return out.String()
}

func (d *openAPI) schemas() []object {
	var out []object
	for _, name := range sorted(d.Components.Schemas) {
		s := d.Components.Schemas[name]
		o := object{Name: name, Says: s.Description, Values: s.Enum}
		for _, property := range sorted(s.Properties) {
			p := s.Properties[property]
			o.Fields = append(o.Fields, field{Name: property, Says: p.Description, Needed: slices.Contains(s.Required, property), Is: d.kind(&p)})
		}
		out = append(out, o)
	}
	return out
}

// kind says in words what a schema is.
func (d *openAPI) kind(s *schemaDoc) kind {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return kind{Link: name}
	}
	if s.Items != nil {
		of := d.kind(s.Items)
		of.Before = "list of " + of.Before
		return of
	}
	k := kind{Before: typeName(s.Type), Values: s.Enum}
	switch {
	case s.Format == "date-time":
		k.Before = "time, RFC 3339 in UTC"
	case s.Pattern == "^[0-9]+$":
		k.Before = "amount: whole units as decimal text"
	case s.Format == "uri":
		k.Before = "URL"
	}
	return k
}

func typeName(t any) string {
	switch t := t.(type) {
	case string:
		return map[string]string{"string": "text", "integer": "number", "boolean": "true or false", "object": "object", "number": "number"}[t]
	case []any: // with null
		if len(t) > 0 {
			return typeName(t[0]) + " or null"
		}
	}
	return "anything"
}
