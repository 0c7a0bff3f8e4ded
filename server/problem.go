package server

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// ProblemPath is where types of problems live: a problem's type is ProblemPath + its name, and GET of
// it leads to the words about it on the page of the API.
const ProblemPath = "/problems/"

// Problem says why a request has no answer (RFC 9457). It is an error, and huma writes it as it is.
type Problem struct { //nolint:errname // the name is RFC 9457's
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	RequestID string         `json:"request_id,omitempty"`
	Errors    []ProblemField `json:"errors,omitempty"`
	header    http.Header
}

// ProblemField is one fault of a request and where it stands.
type ProblemField struct {
	Location string `json:"location,omitempty"`
	Message  string `json:"message"`
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the status of the answer.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of problems.
func (p *Problem) ContentType(string) string { return problemType }

// GetHeaders are headers that go with the problem.
func (p *Problem) GetHeaders() http.Header { return p.header }

const problemType = "application/problem+json"

// Kind of problem: what is always true of it. Means is what the page of the API says, with a way out.
type problemKind struct {
	name, title string
	status      int
	means       string
}

// problem makes a problem of a kind; detail says what happened this time and what to do.
func (k *problemKind) problem(detail string, args ...any) *Problem {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Problem{Type: ProblemPath + k.name, Title: k.title, Status: k.status, Detail: detail}
}

// after adds the header that says when to try again, in seconds.
func (p *Problem) after(seconds int) *Problem {
	return p.with("Retry-After", fmt.Sprint(seconds))
}

func (p *Problem) with(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// fromHuma turns what huma says of a request into a problem of one of our kinds. The values that it
// echoes are left out: they may be secrets, or as long as the body.
func fromHuma(m *huma.ErrorModel) *Problem {
	kind := ofStatus(m.Status)
	p := kind.problem("%s", m.Detail)
	for _, e := range m.Errors {
		p.Errors = append(p.Errors, ProblemField{Location: e.Location, Message: e.Message})
	}
	if len(p.Errors) > 0 {
		p.Detail = p.Errors[0].Message
		if p.Errors[0].Location != "" {
			p.Detail = p.Errors[0].Location + ": " + p.Detail
		}
		p.Detail += ". The document of the API at /openapi.json has the form of each field."
	}
	return p
}

// ofStatus returns the most general kind that has a status.
func ofStatus(status int) *problemKind {
	kinds := problemKinds()
	for i := range kinds {
		if kinds[i].status == status {
			return kinds[i]
		}
	}
	return badRequest
}

// writeProblem answers with a problem.
func writeProblem(w http.ResponseWriter, p *Problem) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	data, err := json.Marshal(p)
	if err != nil {
		return // three texts and a number always marshal
	}
	_, _ = w.Write(append(data, '\n')) // whoever asked has gone
}
