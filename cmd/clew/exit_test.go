package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
)

// What an adapter of either family advises is what the person reads.
func TestAdviceIsTheHint(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	for chain, flag := range map[chains.Chain]string{"bitcoin": "--rpc-cookie FILE", "ethereum": "--rpc-jwt-file FILE"} {
		_, err := dial(t.Context(), chain, server.URL, dialing{})
		require.ErrorIs(t, err, chains.ErrUnauthorized)
		code, hint := classify(err)
		require.Equal(t, codeError, code)
		require.Contains(t, hint, flag)
		_, hint = classify(withHint(err, "another way"))
		require.Equal(t, "another way", hint, "a command knows better")
		code, hint = classify(&interruptedError{err})
		require.Equal(t, codeInterrupted, code)
		require.NotContains(t, hint, flag)
	}
}
