package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/tracer"
)

func TestParseBates(t *testing.T) {
	for text, want := range map[string]struct {
		prefix string
		start  int
	}{
		"GOV000101":     {"GOV", 101},
		"000001":        {"", 1},
		"US-2024000012": {"US-", 2024000012}, // printed the same
		"X12345678":     {"X", 12345678},
		"X00123456789":  {"X00", 123456789},
	} {
		prefix, start, err := parseBates(text)
		require.NoError(t, err, text)
		require.Equal(t, want.prefix, prefix, text)
		require.Equal(t, want.start, start, text)
	}
	for text, want := range map[string]string{
		"GOV1":                                "no six digits",
		"GOV00010X":                           "no six digits",
		"GOV000000":                           "numbered from 1",
		"A99999999999999999999":               "beyond any number",
		"a prefix that is far too long000001": "longer than",
	} {
		_, _, err := parseBates(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestExhibitFlagsRefuse(t *testing.T) {
	for _, c := range []struct{ flag, value, want string }{
		{"--only", "pdf,docx", `no format "docx"`},
		{"--only", ",", "no format is named"},
		{"--bates", "GOV1", "six digits"},
		{"--paper", "legal", `"legal" is not known`},
		{"--offered", "fact", "summary, aid"},
		{"--drawing-paper", "a9", "arch-d"},
	} {
		var out, errs bytes.Buffer
		code := run(context.Background(), []string{"exhibit", "t.json", c.flag, c.value}, nil, &out, &errs, func(string) string { return "" })
		require.Equal(t, 1, code, c.flag)
		require.Contains(t, errs.String(), c.want)
	}
}

func TestCaseFlagsOverFileOverIncident(t *testing.T) {
	file := filepath.Join(t.TempDir(), "case.yaml")
	require.NoError(t, os.WriteFile(file, []byte("court: Court of the file\nexhibit: From the file\nbates_prefix: FIL\nbates_start: 7\n"), 0o600))
	own := &tracer.Case{Court: "Court of the incident", Docket: "1:22-cr-7", Exhibit: "Incident", Offered: tracer.OfferedAid, Paper: "a4"}
	of := *own
	named, err := readCase(file)
	require.NoError(t, err)
	overlay(&of, &named)
	require.Equal(t, tracer.Case{Court: "Court of the file", Docket: "1:22-cr-7", Exhibit: "From the file", BatesPrefix: "FIL", BatesStart: 7,
		Offered: tracer.OfferedAid, Paper: "a4"}, of)

	require.NoError(t, os.WriteFile(file, []byte("court: A\njudge: B\n"), 0o600))
	_, err = readCase(file)
	require.ErrorContains(t, err, "judge")
	_, err = readCase(file + ".gone")
	require.ErrorContains(t, err, "read the case")
}
