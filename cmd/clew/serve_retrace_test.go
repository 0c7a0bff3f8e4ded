package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRetracerOrder: what moved is traced again in turn, each incident once; what is stale comes first, and
// does not wait until a rest is over.
func TestRetracerOrder(t *testing.T) {
	t.Parallel()
	r := newRetracer(nil)
	for _, id := range []string{"a", "b", "a", "c"} {
		r.ask(id)
	}
	r.askFirst("c")
	r.rest(t.Context(), time.Hour)
	for _, want := range []string{"c", "a", "b"} {
		id, ok := r.next()
		require.True(t, ok)
		require.Equal(t, want, id)
	}
	_, ok := r.next()
	require.False(t, ok)
}
