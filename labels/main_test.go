package labels_test

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/labels"
)

var (
	update = flag.Bool("update", false, "write the labels that the program carries again, from -shared")
	shared = flag.String("shared", "", "folder with the files that builtin/sources.yaml names, below labels")
)

// families are the real codecs.
type families struct{}

func (families) ParseAddress(c chains.Chain, text string) (chains.Address, error) {
	if c.Info().Family == chains.FamilyEVM {
		return evm.ParseAddress(c, text)
	}
	return bitcoin.ParseAddress(c, text)
}

func (families) FormatAddress(c chains.Chain, a chains.Address) string {
	if c.Info().Family == chains.FamilyEVM {
		return evm.FormatAddress(c, a)
	}
	return bitcoin.FormatAddress(c, a)
}

func key(t *testing.T, c chains.Chain, text string) chains.Address {
	t.Helper()
	a, err := families{}.ParseAddress(c, text)
	require.NoError(t, err)
	return a
}

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

// options are those of a file that was retrieved on a day.
func options(file, retrieved string) labels.TableOptions {
	return labels.TableOptions{Options: labels.Options{Codec: families{}, Edition: labels.Edition{File: file, Retrieved: day(retrieved)}}}
}

// read reads a file that has nothing wrong.
func read(t *testing.T, text string, o labels.TableOptions) *labels.Pack {
	t.Helper()
	p, r, err := labels.Read(strings.NewReader(text), "", o)
	require.NoError(t, err)
	require.Empty(t, r.Refused)
	return p
}

func set(t testing.TB, packs ...*labels.Pack) *labels.Set {
	t.Helper()
	s, err := labels.NewSet(packs...)
	require.NoError(t, err)
	return s
}

const (
	genesis = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
	second  = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"
	account = "0x098B716B8Aaf21512996dC57EB0615e2383E2f96"
	tron    = "TUCsTq7TofTCJRRoHk6RvhMoS2mJLm5Yzq"
)
