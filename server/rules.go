package server

import "context"

// Rules are the policy in force.
type Rules struct {
	ID     string `json:"id"`
	Title  string `json:"title,omitempty"`
	SHA256 string `json:"rules_sha256"`
	Source string `json:"source"`
}

type rulesOut struct {
	ETag string `header:"ETag"`
	Body Rules
}

// getRules returns the policy in force, as the file that it is.
func (s *Server) getRules(context.Context, *struct{}) (*rulesOut, error) {
	state := s.opt.State()
	if state == nil {
		return nil, busy.problem("%s. Ask again in a second.", sentence(errNoState)).after(1)
	}
	p := state.Policy
	return &rulesOut{ETag: `"` + p.SHA256 + `"`, Body: Rules{ID: p.ID, Title: p.Title, SHA256: p.SHA256, Source: string(p.Source)}}, nil
}
