package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/screen"
	"clew/server"
)

func TestScreening(t *testing.T) {
	w := newWorld(t)
	r := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit()))
	require.Equal(t, http.StatusOK, r.StatusCode, "%s", r.body)
	v, err := screen.ReadVerdict(r.body)
	require.NoError(t, err)
	require.Equal(t, screen.Match, v.Outcome)
	t.Logf("%s", r.body)
}
