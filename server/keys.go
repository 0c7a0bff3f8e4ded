package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clew/store/journal"
)

// Key is a key of the API, without the key.
type Key struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Scopes  []string   `json:"scopes"`
	Rate    int        `json:"rate"`
	Burst   int        `json:"burst"`
	Created time.Time  `json:"created_at"`
	Revoked *time.Time `json:"revoked_at,omitempty"`
}

// KeyList are all keys that were made.
type KeyList struct {
	Items []Key `json:"items"`
}

type keysOut struct{ Body KeyList }

// listKeys lists keys; what they open with is not kept anywhere.
func (s *Server) listKeys(ctx context.Context, _ *struct{}) (*keysOut, error) {
	rows, err := s.opt.Journal.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing keys: %w", err)
	}
	out := &keysOut{KeyList{Items: []Key{}}}
	for _, k := range rows {
		item := Key{ID: k.ID, Name: k.Name, Scopes: k.Scopes, Rate: k.Rate, Burst: k.Burst, Created: k.Created}
		if !k.Revoked.IsZero() {
			item.Revoked = &k.Revoked
		}
		out.Body.Items = append(out.Body.Items, item)
	}
	return out, nil
}

// revokeKey ends a key. It is refused from now on.
func (s *Server) revokeKey(ctx context.Context, in *ByID) (*struct{}, error) {
	callOf(ctx).result = in.ID
	err := s.commit(ctx, func(tx *journal.Tx) error { return tx.RevokeKey(in.ID) })
	if errors.Is(err, journal.ErrNotFound) {
		return nil, notFound.problem("There is no key %s.", in.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("revoking key %s: %w", in.ID, err)
	}
	s.forgetKeys()
	return nil, nil //nolint:nilnil // huma answers with 204 and no body
}
