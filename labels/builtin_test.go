package labels_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/labels"
)

const archiveFile, contentsFile = "builtin/set.zst", "builtin/contents.csv"

// TestBuiltIn holds the set that the program carries to the list of its contents, and where the
// files are at hand (-shared) to these.
func TestBuiltIn(t *testing.T) {
	if *shared != "" {
		fromShared(t)
	}
	archive, err := os.ReadFile(archiveFile)
	require.NoError(t, err)
	text, err := os.ReadFile(contentsFile)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(t, err)
	sum := sha256.Sum256(archive)
	require.Equal(t, []string{archiveFile, hex.EncodeToString(sum[:])}, rows[1][:2])

	packs, err := labels.BuiltIn()
	require.NoError(t, err)
	require.Len(t, rows, len(packs)+2)
	for i, p := range packs {
		e := p.Edition()
		got := []string{e.File, e.SHA256, string(e.Form), strconv.Itoa(p.Len()), strconv.Itoa(len(p.Actors())), p.SHA256()}
		require.Equal(t, rows[i+2][:6], got)
		require.NotEmpty(t, e.Licence, e.File)
		require.NotEmpty(t, e.Source, e.File)
		require.False(t, e.Retrieved.IsZero(), e.File)
	}
}

// fromShared imports the files, and compares them with the archive or writes it.
func fromShared(t *testing.T) {
	t.Helper()
	manifest, err := os.ReadFile("builtin/sources.yaml")
	require.NoError(t, err)
	m, err := labels.ReadManifest(manifest)
	require.NoError(t, err)
	packs, reports, err := m.Import(os.DirFS(filepath.Join(*shared, "labels")), families{})
	require.NoError(t, err)
	for _, r := range reports {
		require.Empty(t, r.Remarks, r.File)
	}
	if !*update {
		carried, err := labels.BuiltIn()
		require.NoError(t, err)
		require.Len(t, carried, len(packs))
		for i, p := range packs {
			require.Equal(t, p.SHA256(), carried[i].SHA256(), reports[i].File)
		}
		return
	}
	archive, err := labels.Archive(packs)
	require.NoError(t, err)
	sum := sha256.Sum256(archive)
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	require.NoError(t, w.Write([]string{"file", "sha256", "kind", "labels", "actors", "pack", "repeated", "refused"}))
	require.NoError(t, w.Write([]string{archiveFile, hex.EncodeToString(sum[:]), "", "", "", "", "", ""}))
	for i, p := range packs {
		e, refused := p.Edition(), ""
		for _, f := range reports[i].Refused {
			refused += "line " + strconv.Itoa(f.Line) + ": " + f.Why + "\n"
		}
		require.NoError(t, w.Write([]string{e.File, e.SHA256, string(e.Form), strconv.Itoa(p.Len()), strconv.Itoa(len(p.Actors())), p.SHA256(), strconv.Itoa(reports[i].Repeated), refused}))
	}
	w.Flush()
	require.NoError(t, os.WriteFile(archiveFile, archive, 0o600))
	require.NoError(t, os.WriteFile(contentsFile, out.Bytes(), 0o600))
	t.Skip("the archive was written; run the test again to compare")
}

// Somebody's label of an address on Bitcoin, a list of sanctions, and an explorer's table.
func TestBuiltInAnswers(t *testing.T) {
	packs, err := labels.BuiltIn()
	require.NoError(t, err)
	s := set(t, packs...)
	binance := s.Lookup("bitcoin", key(t, "bitcoin", "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo"), time.Time{})
	require.NotEmpty(t, binance)
	for _, l := range binance {
		require.Equal(t, labels.Service, l.Kind)
		require.Equal(t, "Binance", l.ActorName)
	}
	var kinds []labels.Kind
	for _, l := range s.Lookup("ethereum", key(t, "ethereum", account), time.Time{}) {
		kinds = append(kinds, l.Kind)
	}
	require.Contains(t, kinds, labels.Sanctioned)
	require.Contains(t, kinds, labels.Theft)
	require.Empty(t, s.Lookup("polygon", key(t, "polygon", account), time.Time{}), "the same account of another chain is somebody else's until a source says so")
	require.NotEmpty(t, s.Elsewhere("GPwg61XoHqQPNmAucFACuQ5H9sGCDv9TpS"))
}

// No two services share an address by different names of actors, which clusters rest on.
func TestBuiltInServicesAgree(t *testing.T) {
	packs, err := labels.BuiltIn()
	require.NoError(t, err)
	s := set(t, packs...)
	named := map[string]string{}
	for _, e := range s.Editions() {
		_, err := s.Labels(e.Pack, func(l *labels.Label) error {
			if l.Kind != labels.Service || l.Actor == "" {
				return nil
			}
			at := string(l.Chain) + string(l.Address)
			if named[at] == "" {
				named[at] = l.Actor
			}
			require.Equal(t, named[at], l.Actor, "%s on %s", l.Written(families{}), l.Chain)
			return nil
		})
		require.NoError(t, err)
	}
	require.Greater(t, len(named), 1000)
}
