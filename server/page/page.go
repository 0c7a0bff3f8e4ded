// Package page writes the readable page of the API from its OpenAPI document: one file of HTML, with
// its style inside and no script, no image and no address of anywhere else. It knows nothing of what the
// API does.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"sort"
	"strings"
)

//go:embed page.html
var markup string

//go:embed page.css
var style string

// Problem is a kind of problem as the page explains it.
type Problem struct {
	Name, Title string
	Status      int
	Means       string
}

// StyleHash is the SHA-256 of the page's style in base64, as a content security policy names it.
func StyleHash() string {
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Render writes the page of a document. It is the same for the same document.
func Render(document []byte, problems []Problem) ([]byte, error) {
	var doc openAPI
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	t, err := template.New("page").Parse(markup)
	if err != nil {
		return nil, fmt.Errorf("reading the page's template: %w", err)
	}
	var out bytes.Buffer
	err = t.Execute(&out, view{
		Style: template.CSS(style), //nolint:gosec // it is this package's own file
		Title: doc.Info.Title, Version: doc.Info.Version, About: paragraphs(doc.Info.Description),
		Groups: doc.groups(), Schemas: doc.schemas(), Problems: problems, Events: doc.events(),
	})
	return out.Bytes(), err
}

// view is what the template shows.
type view struct {
	Style          template.CSS
	Title, Version string
	About          []string
	Groups         []group
	Schemas        []object
	Problems       []Problem
	Events         []field
}

type group struct {
	Name, Says string
	Operations []operation
}

type operation struct {
	ID, Method, Path, Summary string
	Says                      []string
	Scope                     string
	Problems                  []string
	order                     int
	Parameters                []field
	Bodies                    []form
	Answers                   []answer
}

// form is a content type and what it carries.
type form struct {
	Type    string
	Of      kind
	Example string
}

type answer struct {
	Status  string
	Says    string
	Forms   []form
	Headers []string
}

// object is a schema with fields.
type object struct {
	Name   string
	Says   string
	Values []string // of a text
	Fields []field
}

type field struct {
	Name, In, Says string
	Needed         bool
	Is             kind
}

// kind is a type in words, with the schema that it leads to.
type kind struct {
	Before, Link, After string
	Values              []string
}

func paragraphs(text string) []string {
	var out []string
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
