package server

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sort"

	"github.com/danielgtaylor/huma/v2"
	"go.yaml.in/yaml/v3"

	"clew/server/page"
)

// words are the descriptions of what the types of other packages hold, as Schema.field.
//
//go:embed words.yaml
var words []byte

// document is the API's document in its forms, made once.
type document struct {
	json, yaml, page []byte
	etag, policy     string
	wordless, unused []string // see describe
}

// finishDocument puts the words into the document and makes its forms.
func (s *Server) finishDocument() error {
	doc := s.api.OpenAPI()
	schemas := doc.Components.Schemas
	schemas.Schema(reflect.TypeFor[Problem](), true, "")
	schemas.Schema(reflect.TypeFor[Event](), true, "")
	for _, own := range []string{"ErrorModel", "ErrorDetail"} { // huma's, which no answer has
		delete(schemas.Map(), own)
	}
	doc.Info.Version = s.opt.Version
	doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {
		Type: "http", Scheme: "bearer",
		Description: "A key of the API: clew key add NAME --scope screen. Scopes are read, screen and admin; each includes those before it.",
	}}
	var err error
	if s.doc.wordless, s.doc.unused, err = describe(doc); err != nil {
		return err
	}
	data, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("writing the API's document: %w", err)
	}
	if s.doc.json, err = pretty(data); err != nil {
		return err
	}
	if s.doc.yaml, err = doc.YAML(); err != nil {
		return fmt.Errorf("writing the API's document as YAML: %w", err)
	}
	var kinds []page.Problem
	for _, k := range problemKinds() {
		kinds = append(kinds, page.Problem{Name: k.name, Title: k.title, Status: k.status, Means: k.means})
	}
	if s.doc.page, err = page.Render(s.doc.json, kinds); err != nil {
		return fmt.Errorf("writing the API's page: %w", err)
	}
	s.doc.policy = fmt.Sprintf(pagePolicy, page.StyleHash())
	sum := sha256.Sum256(s.doc.json)
	s.doc.etag = `"` + hex.EncodeToString(sum[:16]) + `"`
	return nil
}

// OpenAPI returns the API's document (OpenAPI 3.1) as JSON.
func (s *Server) OpenAPI() []byte { return s.doc.json }

// OpenAPI30 returns the API's document as OpenAPI 3.0.3, for tools that know no later one.
// It has no webhooks.
func (s *Server) OpenAPI30() ([]byte, error) {
	doc := *s.api.OpenAPI()
	doc.Webhooks = nil
	data, err := doc.Downgrade()
	if err != nil {
		return nil, fmt.Errorf("writing the API's document as OpenAPI 3.0: %w", err)
	}
	return pretty(data)
}

// pretty writes JSON over several lines, with an end of line behind it.
func pretty(data []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return nil, fmt.Errorf("writing the API's document: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// documentWords is the form of words.yaml.
type documentWords struct {
	Info     string                        `yaml:"info"`
	Tags     []struct{ Name, Says string } `yaml:"tags"`
	Optional map[string][]string           `yaml:"optional"`
	Events   []struct{ Name, Says string } `yaml:"events"`
	Like     map[string]string             `yaml:"like"`
	Common   map[string]string             `yaml:"common"`
	Schemas  map[string]map[string]string  `yaml:"schemas"`
}

// describe puts the words of words.yaml into a document. It returns the fields that have none, and the
// words that are of no field, which a test finds.
func describe(doc *huma.OpenAPI) (wordless, unused []string, err error) {
	var w documentWords
	dec := yaml.NewDecoder(bytes.NewReader(words))
	dec.KnownFields(true)
	if err := dec.Decode(&w); err != nil {
		return nil, nil, fmt.Errorf("reading the words of the API's document: %w", err)
	}
	doc.Info.Description = w.Info
	for _, t := range w.Tags {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: t.Name, Description: t.Says})
	}
	schemas := doc.Components.Schemas.Map()
	for name, schema := range schemas {
		own := w.Schemas[name]
		schema.Description = own[""]
		for field, p := range schema.Properties {
			switch says := cmp.Or(own[field], p.Description, w.Schemas[w.Like[name]][field], w.Common[field]); {
			case says == "":
				wordless = append(wordless, name+"."+field)
			case p.Description == "":
				p.Description = says
			}
		}
		for field := range own {
			if field != "" && schema.Properties[field] == nil {
				unused = append(unused, name+"."+field)
			}
		}
		if own == nil {
			wordless = append(wordless, name)
		}
		if out := w.Optional[name]; out != nil {
			schema.Required = without(schema.Required, out)
		}
		neverNull(schema)
	}
	for _, e := range w.Events {
		addEvent(doc, e.Name, e.Says)
	}
	opened(doc)
	for name := range w.Schemas {
		if schemas[name] == nil {
			unused = append(unused, name)
		}
	}
	return wordless, unused, nil
}

// addEvent says in the document which event is sent to webhook endpoints.
func addEvent(doc *huma.OpenAPI, name, says string) {
	if doc.Webhooks == nil {
		doc.Webhooks = map[string]*huma.PathItem{}
	}
	doc.Webhooks[name] = &huma.PathItem{Post: &huma.Operation{
		OperationID: "on " + name, Summary: says,
		RequestBody: &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/Event"}}}},
		Responses:   map[string]*huma.Response{"2XX": {Description: "It was taken. Anything else has it sent again."}},
	}}
}

// opened lets what is answered have further fields one day; what is asked may have none that is unknown.
func opened(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas
	asked := map[*huma.Schema]bool{}
	var mark func(*huma.Schema)
	mark = func(s *huma.Schema) {
		if s != nil && s.Ref != "" {
			s = schemas.SchemaFromRef(s.Ref)
		}
		if s == nil || asked[s] {
			return
		}
		asked[s] = true
		mark(s.Items)
		for _, p := range s.Properties {
			mark(p)
		}
	}
	for _, path := range doc.Paths {
		if path.Post != nil && path.Post.RequestBody != nil {
			for _, m := range path.Post.RequestBody.Content {
				mark(m.Schema)
			}
		}
	}
	for _, s := range schemas.Map() {
		if !asked[s] {
			s.AdditionalProperties = nil
		}
	}
}

// without returns a list without some of its texts; without all for "*".
func without(list, out []string) []string {
	var kept []string
	for _, text := range list {
		if !slices.Contains(out, text) && !slices.Contains(out, "*") {
			kept = append(kept, text)
		}
	}
	sort.Strings(kept)
	return kept
}

// neverNull says that lists are empty, and never null: so they are written.
func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	for _, p := range s.Properties {
		neverNull(p)
	}
	neverNull(s.Items)
}
