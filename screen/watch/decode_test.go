package watch_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func decode(t testing.TB, data json.RawMessage, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(data, into))
}
