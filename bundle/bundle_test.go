package bundle_test

import (
	"bytes"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/bundle"
	"clew/tracer"
)

// sealed writes a small bundle, whose trace nobody made.
func sealed(t *testing.T, opt bundle.WriteOptions) []byte {
	t.Helper()
	trace := []byte(`{"schema":"clew.trace/1"}` + "\n")
	m := bundle.Describe(&tracer.Trace{Incident: tracer.IncidentRef{ID: "theft", Title: "A <theft> & more"}}, trace, "0123456789abcdef")
	var out bytes.Buffer
	sha, err := bundle.Write(&out, m, []bundle.Member{
		bundle.Bytes(bundle.TraceFile, trace),
		bundle.Bytes("recording/recording.json", []byte("{}\n")),
		bundle.Bytes("recording/objects.zip", []byte("objects")),
		bundle.Bytes(bundle.SettingsFile, []byte("{}\n")),
		bundle.Bytes(bundle.IncidentFile, []byte("clew: incident/1\n")),
	}, opt)
	require.NoError(t, err)
	b, problems, err := bundle.Open(t.Context(), bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, sha, b.SHA256)
	return out.Bytes()
}

func TestWriteAndOpen(t *testing.T) {
	data := sealed(t, bundle.WriteOptions{})
	require.Equal(t, data, sealed(t, bundle.WriteOptions{}), "the same contents are the same bytes")

	b, _, err := bundle.Open(t.Context(), bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	require.Equal(t, "A <theft> & more", b.Manifest.Incident.Title)
	require.Equal(t, []string{"recording"}, b.Recordings())
	got, err := fs.ReadFile(b.FS(), "recording/objects.zip")
	require.NoError(t, err)
	require.Equal(t, "objects", string(got))
	require.Nil(t, b.Signature)
}

// TestEveryByte: no byte of a bundle can be another without being found.
func TestEveryByte(t *testing.T) {
	data := sealed(t, bundle.WriteOptions{Sign: func([]byte) ([]byte, error) { return []byte("signed"), nil }})
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 0x20
		_, problems, err := bundle.Open(t.Context(), bytes.NewReader(changed), int64(len(changed)))
		require.Truef(t, err != nil || len(problems) > 0, "byte %d (%q) was changed, and nothing said so", i, data[i])
		if err != nil {
			require.ErrorIs(t, err, bundle.ErrNoBundle)
		}
	}
}
