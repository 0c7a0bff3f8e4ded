package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNodesWithoutSecrets: what the log keeps of a value is no user, no password and no key in a path,
// with or without a scheme.
func TestNodesWithoutSecrets(t *testing.T) {
	for given, kept := range map[string]string{
		"bitcoin=user:pw@127.0.0.1:8332":         "bitcoin=http://127.0.0.1:8332",
		"user:p@w@127.0.0.1:8332/v3/KEY":         "http://127.0.0.1:8332",
		"token@host":                             "http://host",
		"polygon=wss://u:pw@host:1/KEY?key=KEY2": "polygon=wss://host:1",
		"recording:some/folder":                  "recording:some/folder",
		"bsc=recording:some/folder":              "bsc=recording:some/folder",
	} {
		require.Equal(t, kept, nodeNamed(given), given)
	}
	for given, kept := range map[string]string{
		"user:pw@host":       "host",
		"x=user:pw@host/a":   "x=host/a",
		"report/trace.json":  "report/trace.json",
		"bitcoin:f0b8:0":     "bitcoin:f0b8:0",
		"https://u:pw@h/KEY": "https://h",
	} {
		require.Equal(t, kept, nodeOnly(given), given)
	}
	for _, refused := range []string{"bitcoin=user:pw@127.0.0.1:1", "user:pw@h", "http://user:pw@h", "user:p@w@h/x"} {
		require.Error(t, refusePassword(refused, "--rpc"), refused)
		require.NoError(t, refusePassword(refused, "CLEW_RPC"), refused)
	}
	for _, fine := range []string{"http://127.0.0.1:8332", "h:1", "recording:a@b:c@d", "http://h:1/x@y", "bsc=http://token@h"} {
		require.NoError(t, refusePassword(fine, "--rpc"), fine)
	}
	require.Equal(t, "see https://h/x", withoutUser("see https://u:p@w@h/x"))
}
