package exhibit_test

import (
	"archive/zip"
	"bytes"
	"fmt"
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

// TestWorkbookIsTheSchedules compares every cell with the CSV files: all text, none a formula.
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
				kind, err := f.GetCellType(names[i+1], "A2")
				require.NoError(t, err)
				require.NotEqual(t, excelize.CellTypeFormula, kind)
				require.NotEqual(t, excelize.CellTypeNumber, kind)
			}
			about, err := f.GetRows("About")
			require.NoError(t, err)
			require.Contains(t, fmt.Sprint(about), x.SHA256)
			require.Contains(t, fmt.Sprint(about), "alleged")
			require.Equal(t, x.Trace.Incident.Synthetic, strings.Contains(fmt.Sprint(about), "REPLICA"))
		})
	}
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
