package ingest_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/ingest"
)

// archived packs contents under names.
func archived(t *testing.T, names []string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = f.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestObjectsThatFillTheMemory: a small archive is not unpacked to what a recording of its size cannot
// hold, neither by shrinking nor by naming the same bytes again and again.
func TestObjectsThatFillTheMemory(t *testing.T) {
	names := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("%064x", i))
		}
		return list
	}
	overlapping := archived(t, names(3), []byte("the same"))
	// The directory names the first member's place for each.
	for at := 0; ; {
		i := bytes.Index(overlapping[at:], []byte("PK\x01\x02"))
		if i < 0 {
			break
		}
		at += i + 46
		copy(overlapping[at-4:], make([]byte, 4))
	}
	for _, c := range []struct {
		name, says string
		data       []byte
	}{
		{"as they are", "", archived(t, names(3), []byte("some"))},
		{"two of a name", "there are two objects", archived(t, append(names(2), names(1)...), nil)},
		{"one on the other", "lie on one another", overlapping},
		{"zeros", "unpack to more than", archived(t, names(2), make([]byte, 40_000_000))},
		{"no archive", "no archive", []byte("none")},
		{"a size that nothing has", "unpack to more than", oversized(t)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ingest.Objects(bytes.NewReader(c.data), int64(len(c.data)))
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
		})
	}
}

// oversized says of a member that it has more bytes than the archive.
func oversized(t *testing.T) []byte {
	t.Helper()
	data := archived(t, []string{"a"}, []byte("some"))
	at := bytes.Index(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[at+20:], 1<<30)
	return data
}
