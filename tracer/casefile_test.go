package tracer_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/tracer"
)

const wholeCase = `court: UNITED STATES DISTRICT COURT, EASTERN DISTRICT OF SOMEWHERE
docket: "1:26-cv-01234"
caption:
  - PLAINTIFF & Söhne,
  - v.
  - ONE OUTPUT
exhibit: Plaintiff's Exhibit 12
bates_prefix: ABC
bates_start: 123
offered: summary
prepared_by: A. N. Examiner
paper: a4
`

func TestCaseWhole(t *testing.T) {
	want := tracer.Case{
		Court: "UNITED STATES DISTRICT COURT, EASTERN DISTRICT OF SOMEWHERE", Docket: "1:26-cv-01234",
		Caption: []string{"PLAINTIFF & Söhne,", "v.", "ONE OUTPUT"}, Exhibit: "Plaintiff's Exhibit 12",
		BatesPrefix: "ABC", BatesStart: 123, Offered: tracer.OfferedSummary, PreparedBy: "A. N. Examiner", Paper: "a4",
	}
	got, err := tracer.ParseCase("case.yaml", []byte(wholeCase))
	require.NoError(t, err)
	require.Equal(t, want, got)

	lines, err := tracer.ParseCase("case.yaml", []byte("caption: |\n  A,\n\n  v.\n  B\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"A,", "v.", "B"}, lines.Caption)

	inc, err := parseIncident(head + "seeds:\n  - {output: \"CHAIN:TXID:0\"}\ncase:\n  " + strings.ReplaceAll(strings.TrimSpace(wholeCase), "\n", "\n  ") + "\n")
	require.NoError(t, err)
	require.Equal(t, &want, inc.Case)
	none, err := parseIncident(head + "seeds:\n  - {output: \"CHAIN:TXID:0\"}\ncase:\n")
	require.NoError(t, err)
	require.Nil(t, none.Case)
}

func TestCaseErrorsNameLineAndField(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       int
		field      string
		says       string
	}{
		{"empty", "", 1, "", "want fields such as court"},
		{"two documents", "court: a\n---\ncourt: b\n", 2, "", "one case in a file"},
		{"a list", "- court\n", 1, "", "want fields"},
		{"no YAML", "court: a\n\tdocket: b\n", 2, "", "not YAML"},
		{"unknown field", "court: a\njudge: b\n", 2, "judge", "unknown field (known: bates_prefix"},
		{"twice", "court: a\ncourt: b\n", 2, "court", "twice"},
		{"court is a list", "court: [a]\n", 1, "court", "want a text"},
		{"empty text", "court: \"\"\n", 1, "court", "empty"},
		{"a character that cannot be printed", "docket: \"a\\u202Eb\"\n", 1, "docket", "U+202E"},
		{"two lines", "exhibit: \"a\\nb\"\n", 1, "exhibit", "cannot be printed"},
		{"too long", "prepared_by: " + strings.Repeat("a", 201) + "\n", 1, "prepared_by", "201 characters: at most 200"},
		{"a long prefix", "bates_prefix: " + strings.Repeat("A", 25) + "\n", 1, "bates_prefix", "at most 24"},
		{"caption is a mapping", "caption: {a: b}\n", 1, "caption", "want a list"},
		{"caption of a list", "caption:\n  - a\n  - [b]\n", 3, "caption[1]", "want a text"},
		{"long caption", "caption: [" + strings.Repeat("a,", 12) + "a]\n", 1, "caption[12]", "more than 12 lines"},
		{"bates of 0", "bates_start: 0\n", 1, "bates_start", "from 1 to 999999999"},
		{"bates below 0", "bates_start: -4\n", 1, "bates_start", "from 1"},
		{"bates of ten digits", "bates_start: 1000000000\n", 1, "bates_start", "from 1"},
		{"offered", "court: a\noffered: proof\n", 2, "offered", "want summary"},
		{"paper", "paper: legal\n", 1, "paper", "want letter or a4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tracer.ParseCase("case.yaml", []byte(c.text))
			var at *tracer.FieldError
			require.ErrorAs(t, err, &at)
			require.Equal(t, tracer.FieldError{File: "case.yaml", Line: c.line, Field: c.field, Reason: at.Reason}, *at)
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err := parseIncident(head + "case:\n  court: a\n  judge: b\n")
	require.ErrorContains(t, err, "case.yaml:6: field case.judge: unknown field")
}
