package exhibit_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"clew/exhibit"
)

func workbook(t *testing.T, x *exhibit.Exhibit) []byte {
	t.Helper()
	var a, b bytes.Buffer
	require.NoError(t, x.XLSX(&a))
	require.NoError(t, x.XLSX(&b))
	require.True(t, bytes.Equal(a.Bytes(), b.Bytes()), "the same trace gives the same bytes")
	return a.Bytes()
}

// TestWorkbookIsTheSchedules compares every cell, as it is shown, with the CSV files: none is a formula.
func TestWorkbookIsTheSchedules(t *testing.T) {
	for _, name := range []string{"ten", "swapped", "found", "busy-300"} {
		t.Run(name, func(t *testing.T) {
			x := byName(t, name)
			f, err := excelize.OpenReader(bytes.NewReader(workbook(t, x)))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, f.Close()) })
			names := f.GetSheetList()
			require.Equal(t, "About", names[0])
			require.Len(t, names, 1+len(exhibit.CSVNames()))
			for i, file := range exhibit.CSVNames() {
				want := table(t, x, file)
				got, err := f.GetRows(names[i+1])
				require.NoError(t, err)
				require.Len(t, got, len(want), file)
				for n := range want {
					for len(got[n]) < len(want[n]) {
						got[n] = append(got[n], "") // empty cells at the end are left out
					}
					require.Equal(t, want[n], got[n], "%s row %d", file, n)
				}
				panes, err := f.GetPanes(names[i+1])
				require.NoError(t, err)
				require.True(t, panes.Freeze)
				requireNumbers(t, f, names[i+1], want)
			}
			about, err := f.GetRows("About")
			require.NoError(t, err)
			require.Contains(t, fmt.Sprint(about), x.SHA256)
			require.Contains(t, fmt.Sprint(about), "alleged")
			require.Equal(t, x.Trace.Incident.Synthetic, strings.Contains(fmt.Sprint(about), "REPLICA"))
		})
	}
}

// requireNumbers holds the kind of each cell against its column: amounts in coins and counts are numbers
// with the digits of the CSV file, all else is text, smallest units too.
func requireNumbers(t *testing.T, f *excelize.File, sheet string, rows [][]string) {
	t.Helper()
	for n := 1; n < len(rows); n++ {
		for i, head := range rows[0] {
			at, err := excelize.CoordinatesToCellName(i+1, n+1)
			require.NoError(t, err)
			kind, err := f.GetCellType(sheet, at)
			require.NoError(t, err)
			numeric := kind == excelize.CellTypeUnset && rows[n][i] != "" // the default type of a cell with a value is a number
			switch {
			case strings.HasSuffix(head, "_units") || strings.HasSuffix(head, "txid") || head == "hop_id" || head == "says":
				require.False(t, numeric, "%s %s %s", sheet, head, at)
			case slices.Contains([]string{"number", "block", "payment_hop", "step"}, head):
				require.Equal(t, rows[n][i] != "", numeric, "%s %s %s", sheet, head, at)
			}
		}
	}
}

// TestWorkbookNumbers: amounts that a number holds are numbers, so that a column adds up; where one of an
// asset in a column is too long, none of that asset in it is one.
func TestWorkbookNumbers(t *testing.T) {
	for _, c := range []struct {
		name, sheet, chain, asset, column string
		of                                func(*testing.T) *exhibit.Exhibit
		numeric                           bool
	}{
		{"BTC", "A hops", "bitcoin", "native", "whole_amount", func(t *testing.T) *exhibit.Exhibit { return byName(t, "ten") }, true},
		{"MATIC of few digits", "A hops", "polygon", "native", "traced_amount", func(t *testing.T) *exhibit.Exhibit { return byName(t, "swapped") }, true},
		{"a token, of which some amounts have 16 digits and more", "A hops", "bsc", "0x68e016", "whole_amount", replica, false},
		{"the same address on another chain, with 6 decimals", "A hops", "polygon", "0x68e016", "whole_amount", replica, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := c.of(t)
			f, err := excelize.OpenReader(bytes.NewReader(workbook(t, x)))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, f.Close()) })
			rows, err := f.GetRows(c.sheet)
			require.NoError(t, err)
			column, chain, asset, seen := slices.Index(rows[0], c.column), slices.Index(rows[0], "chain"), slices.Index(rows[0], "asset"), 0
			for n := 1; n < len(rows); n++ {
				if len(rows[n]) <= column || rows[n][column] == "" || !strings.HasPrefix(rows[n][chain], c.chain) || !strings.HasPrefix(rows[n][asset], c.asset) {
					continue
				}
				at, err := excelize.CoordinatesToCellName(column+1, n+1)
				require.NoError(t, err)
				kind, err := f.GetCellType(c.sheet, at)
				require.NoError(t, err)
				require.Equal(t, c.numeric, kind == excelize.CellTypeUnset, "%s %s", at, rows[n][column])
				seen++
			}
			require.Positive(t, seen)
		})
	}
}

// TestFilesHaveNoHardSpaces: a search in a spreadsheet finds 10000.00 MATIC as it is written.
func TestFilesHaveNoHardSpaces(t *testing.T) {
	seen := false
	for _, name := range []string{"found", "swapped"} {
		x := byName(t, name)
		for _, file := range exhibit.CSVNames() {
			text := fmt.Sprint(table(t, x, file))
			require.NotContains(t, text, "\u202f", file)
			require.NotContains(t, text, "\u00a0", file)
			seen = seen || strings.Contains(text, "wrong in 1 of 1300: the replica")
		}
	}
	require.True(t, seen)
}

// TestWorkbookMembers: nothing in the ZIP depends on when it was made, and no member has a formula.
func TestWorkbookMembers(t *testing.T) {
	data := workbook(t, byName(t, "ten"))
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	last := ""
	for _, f := range z.File {
		require.Less(t, last, f.Name)
		last = f.Name
		require.Equal(t, 1980, f.Modified.Year())
		r, err := f.Open()
		require.NoError(t, err)
		var b bytes.Buffer
		_, err = b.ReadFrom(r)
		require.NoError(t, err)
		require.NotContains(t, b.String(), "<f>", f.Name)
	}
}

// TestWorkbookCellTooLong: what a cell cannot hold is cut, and its beginning says so.
func TestWorkbookCellTooLong(t *testing.T) {
	c := ten()
	c.tr.Gaps[0].Why = strings.Repeat("w", 40_000)
	tr, _ := c.finish(t)
	f, err := excelize.OpenReader(bytes.NewReader(workbook(t, exhibitOf(t, tr))))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	why, err := f.GetCellValue("F gaps", "F2")
	require.NoError(t, err)
	require.Len(t, why, 32_767)
	require.True(t, strings.HasPrefix(why, "[CUT: the CSV file has all 40000 characters] www"), why[:60])
}
