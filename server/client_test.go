package server_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/server"
	"clew/server/client"
)

func (w *world) dial(scope server.Scope) *client.ClientWithResponses {
	w.t.Helper()
	c, err := client.New(w.url, w.keys[scope], client.WithHTTPClient(w.client))
	require.NoError(w.t, err)
	return c
}

// TestClientHasAll: every operation of the API's document is a call of the generated client.
func TestClientHasAll(t *testing.T) {
	w := newWorld(t)
	c := reflect.TypeFor[*client.ClientWithResponses]()
	for _, op := range operations(t, w) {
		name := strings.ToUpper(op.id[:1]) + op.id[1:]
		_, with := c.MethodByName(name + "WithResponse")
		_, raw := c.MethodByName(name + "WithBodyWithResponse")
		require.True(t, with || raw, "%s: make client", name)
	}
}

// TestClient takes the way of a program: it screens, waits for a job, reads lists, and is told what it did
// wrong.
func TestClient(t *testing.T) {
	w := newWorld(t)
	c := w.dial(server.Screen)
	stolen := client.Subject{Chain: "bitcoin", Txid: ptr(peelSeed), Vout: ptr(int32(0))}
	got, err := c.CreateScreeningWithResponse(t.Context(), nil, client.ScreeningRequest{Subject: stolen})
	require.NoError(t, err)
	require.Equal(t, client.OutcomeMatch, got.JSON200.Verdict)
	require.Equal(t, "demo-peel", *got.JSON200.Exposure[0].Incident)
	require.Equal(t, "1836061123", got.JSON200.Value[0].Units)

	kept, err := c.GetScreeningWithResponse(t.Context(), got.JSON200.Id, nil)
	require.NoError(t, err)
	require.Equal(t, got.JSON200, kept.JSON200)

	mode := client.Async
	key := &client.CreateScreeningParams{IdempotencyKey: ptr("once")}
	job, err := c.CreateScreeningWithResponse(t.Context(), key, client.ScreeningRequest{Subject: stolen, Mode: &mode})
	require.NoError(t, err)
	again, err := c.CreateScreeningWithResponse(t.Context(), key, client.ScreeningRequest{Subject: stolen, Mode: &mode})
	require.NoError(t, err)
	require.Equal(t, job.JSON202.Id, again.JSON202.Id)

	bad, err := c.CreateScreeningWithResponse(t.Context(), nil, client.ScreeningRequest{Subject: client.Subject{Chain: "bitcorn"}})
	require.NoError(t, err)
	require.Equal(t, "/problems/invalid-subject", bad.ApplicationproblemJSON422.Type)

	a, err := c.GetAddressWithResponse(t.Context(), "bitcoin", "3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV")
	require.NoError(t, err)
	require.Len(t, a.JSON200.Incidents, 1)
	watch, err := c.CreateWatchWithResponse(t.Context(), nil, client.WatchRequest{Chain: "bitcoin", Address: ptr("3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV")})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, watch.StatusCode())
	none, err := w.dial("").ListWatchesWithResponse(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, none.StatusCode())
}

// TestClientScreensMany reads the answer to a batch line by line.
func TestClientScreensMany(t *testing.T) {
	w := newWorld(t)
	items := make([]client.BatchItem, 500)
	for i := range items {
		items[i].Subject = client.Subject{Chain: "bitcoin", Txid: ptr(peelSeed), Vout: ptr(int32(i % 2))}
	}
	items[3].Subject.Chain = "bitcorn"
	n := 0
	for line, err := range client.Screen(t.Context(), w.dial(server.Screen), items) {
		require.NoError(t, err)
		require.EqualValues(t, n, *line.Index)
		require.Equal(t, n == 3, line.Problem != nil)
		n++
	}
	require.Equal(t, len(items), n)
	for line, err := range client.Screen(t.Context(), w.dial(server.Screen), items) {
		require.NoError(t, err)
		require.NotNil(t, line)
		break // and the rest is not waited for
	}
	for _, err := range client.Screen(t.Context(), w.dial(server.Read), items) {
		var p *client.Problem
		require.ErrorAs(t, err, &p)
		require.Equal(t, "/problems/forbidden", p.Type)
	}
}

func ptr[T any](v T) *T { return &v }
