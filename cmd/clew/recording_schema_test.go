package main

import (
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/testdata"
)

// Every recording that the program carries is as its schema says.
func TestRecordingsKeepTheirSchema(t *testing.T) {
	n := 0
	require.NoError(t, fs.WalkDir(testdata.Demo, ".", func(name string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		if e.Name() != recordingFiles()[1] {
			return nil
		}
		n++
		text, err := fs.ReadFile(testdata.Demo, name)
		require.NoError(t, err)
		var doc map[string]any
		require.NoError(t, json.Unmarshal(text, &doc))
		require.NoError(t, keepsSchema(string(text), doc), name)
		return nil
	}))
	require.Equal(t, 6, n, "recordings in the program")
}
