package server

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"clew/chains"
	"clew/screen"
)

// describeTypes tells huma of types of other packages what their Go form does not show: which texts an
// amount, a chain, an outcome can be. Those packages know nothing of huma.
func describeTypes(r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[chains.Amount](), reflect.TypeFor[amountText]())
	enum[Mode](r)
	enum[screen.Outcome](r)
	enum[screen.Action](r)
	enum[screen.Category](r)
	enum[screen.Distance](r)
	enum[screen.Way](r)
	enum[screen.Kind](r)
	enum[screen.Direction](r)
}

// amountText is the schema of an amount.
type amountText struct{}

// Schema is a whole number in decimal digits.
func (amountText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: "^[0-9]+$", PatternDescription: "whole units of the asset", Examples: []any{"1250000000"}}
}

func enum[T ~string](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[oneOf[T]]())
}

// oneOf is the schema of a text that has few values.
type oneOf[T ~string] struct{}

// Schema lists the values, in a schema that has the type's name, so that clients have one type for it.
func (oneOf[T]) Schema(r huma.Registry) *huma.Schema {
	var of T
	name := reflect.TypeFor[T]().Name()
	r.Map()[name] = &huma.Schema{Type: huma.TypeString, Enum: valuesOf(of)}
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

func valuesOf(of any) []any {
	switch of.(type) {
	case Mode:
		return texts(Auto, Sync, Async)
	case screen.Outcome:
		return texts(screen.Clear, screen.Match, screen.NotCovered, screen.Failed)
	case screen.Action:
		return texts(screen.Allow, screen.Review, screen.Block)
	case screen.Category:
		return texts(screen.Categories()...)
	case screen.Distance:
		return texts(screen.Own, screen.Direct, screen.Indirect)
	case screen.Way:
		return texts(screen.ByIncident, screen.ByLabel, screen.ByCluster, screen.ByWalk)
	case screen.Kind:
		return texts(screen.KindAddress, screen.KindTransaction, screen.KindOutput, screen.KindDeposit)
	case screen.Direction:
		return texts(screen.Source, screen.Destination)
	}
	return nil
}

func texts[T ~string](values ...T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// schemaOf returns a reference to the schema of a type.
func schemaOf[T any](s *Server) *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

// media is a form that a body may have.
type media struct {
	contentType string
	of          reflect.Type
	example     any
}

func body[T any](contentType string, example any) media {
	return media{contentType, reflect.TypeFor[T](), example}
}

// takes declares the body of an operation whose handler is not huma's.
func (s *Server) takes(op *huma.Operation, forms ...media) {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	for _, m := range forms {
		op.RequestBody.Content[m.contentType] = &huma.MediaType{Schema: s.api.OpenAPI().Components.Schemas.Schema(m.of, true, ""), Example: m.example}
	}
}

// gives declares an answer, and the headers that it has.
func (s *Server) gives(op *huma.Operation, status int, says string, schema *huma.Schema, headers ...string) {
	r := &huma.Response{Description: says, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
	for _, name := range headers {
		if r.Headers == nil {
			r.Headers = map[string]*huma.Param{}
		}
		r.Headers[name] = &huma.Header{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op.Responses[statusText(status)] = r
}

// unchanged declares the answer to a caller who has the newest bytes already.
func (s *Server) unchanged(op *huma.Operation) {
	op.Responses["304"] = &huma.Response{Description: "The caller has it: If-None-Match names its ETag."}
}
