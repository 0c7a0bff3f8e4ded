package exhibit_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The folder for temporary files is the caller's again once the layout engine has started.
func TestTemporaryFolderIsGivenBack(t *testing.T) {
	require.NotEqual(t, "/nonexistent", os.TempDir())
	if cache, err := os.UserCacheDir(); err == nil {
		require.NotEqual(t, filepath.Join(cache, "clew"), os.TempDir())
	}
}
