package exhibit

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// What a spreadsheet program takes.
const (
	mostSheetRows = 1_048_576
	mostCellChars = 32_767
	widestColumn  = 70
)

// XLSX writes the schedules as one workbook: a sheet that says what it is made from, then a sheet for each
// CSV file with the same rows. Amounts in coins and counts are numbers where a number holds them exactly,
// and every other cell is text: no digit is lost, and nothing is a formula. Heads stay in sight and have
// filters. A schedule that is longer than a sheet goes on in the next one; a cell
// that is longer than a cell may be is cut and says so. The same trace gives the same bytes.
func (x *Exhibit) XLSX(w io.Writer) (err error) {
	f := excelize.NewFile()
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = fmt.Errorf("workbook of %s: %w", x.Trace.Incident.ID, e)
		}
	}()
	if err := x.workbook(f); err != nil {
		return fmt.Errorf("workbook of %s: %w", x.Trace.Incident.ID, err)
	}
	var raw bytes.Buffer
	if err := f.Write(&raw); err != nil {
		return fmt.Errorf("workbook of %s: %w", x.Trace.Incident.ID, err)
	}
	return repack(w, raw.Bytes())
}

func (x *Exhibit) workbook(f *excelize.File) error {
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	if err := f.SetSheetName("Sheet1", "About"); err != nil {
		return err
	}
	styles := &numberStyles{f, map[int]int{}}
	if err := sheet(styles, "About", x.about(), bold); err != nil {
		return err
	}
	r := newRegister(x.Trace, x.Diagram.Rule)
	for _, s := range schedules() {
		rows := x.scheduleRows(s, r)
		for i, part := range sheets(rows, mostSheetRows) {
			name := sheetName(s.name)
			if i > 0 {
				name = fmt.Sprintf("%s (%d)", name, i+1)
			}
			if _, err := f.NewSheet(name); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if err := sheet(styles, name, part, bold); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return nil
}

// sheets cuts rows into parts of at most most, each with the head.
func sheets(rows [][]string, most int) [][][]string {
	parts := [][][]string{rows[:min(len(rows), most)]}
	for rest := rows[len(parts[0]):]; len(rest) > 0; {
		n := min(len(rest), most-1)
		parts = append(parts, append([][]string{rows[0]}, rest[:n]...))
		rest = rest[n:]
	}
	return parts
}

// sheetName is the name of a CSV file as that of a sheet: "A hops" of schedule_a_hops.csv.
func sheetName(file string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(file, "schedule_"), ".csv")
	if letter, what, ok := strings.Cut(name, "_"); ok && len(letter) == 1 {
		name = strings.ToUpper(letter) + " " + what
	}
	return capital(strings.ReplaceAll(name, "_", " "))
}

// about is the first sheet.
func (x *Exhibit) about() [][]string {
	t := x.Trace
	rows := [][]string{{"what", "value"}, {"title", title(t)}}
	if t.Incident.Synthetic {
		rows = append(rows, []string{"REPLICA", textReplica})
	}
	rows = append(rows, []string{"alleged", textAlleged + " " + textInnocent}, []string{"rule", ruleLine(t, x.Diagram.Rule)}, []string{"trace SHA-256", x.SHA256},
		[]string{"incident SHA-256", t.Incident.SHA256}, []string{"program", ToolWords(&t.Tool)})
	for i := range t.AsOf {
		a := &t.AsOf[i]
		rows = append(rows, []string{"as of", "read " + readTo(a) + ", " + a.Time})
		if !listed(a) {
			rows = append(rows, []string{"block " + string(a.Chain), a.Hash.String()})
		}
	}
	rows = append(rows, []string{"cells", textCells})
	for _, s := range schedules() {
		rows = append(rows, []string{"sheet " + sheetName(s.name), "the rows of " + s.name})
	}
	return visibleRows(rows)
}

func visibleRows(rows [][]string) [][]string {
	for _, row := range rows {
		for i := range row {
			row[i] = cell(row[i])
		}
	}
	return rows
}

// sheet writes rows, of which the first is the head.
func sheet(styles *numberStyles, name string, rows [][]string, bold int) error {
	f := styles.f
	last, err := excelize.CoordinatesToCellName(len(rows[0]), len(rows))
	if err != nil {
		return err
	}
	all := "A1:" + last // set before the rows are: afterwards the whole sheet would be read again
	if err := f.SetSheetDimension(name, all); err != nil {
		return err
	}
	if err := f.AutoFilter(name, all, nil); err != nil {
		return err
	}
	sw, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	for i, wide := range widths(rows) {
		if err := sw.SetColWidth(i+1, i+1, wide); err != nil {
			return err
		}
	}
	if err := sw.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return writeRows(sw, styles, rows, bold)
}

// writeRows writes the cells of a sheet, the head in bold, and ends it.
func writeRows(sw *excelize.StreamWriter, styles *numberStyles, rows [][]string, bold int) error {
	cells, numeric := []any(nil), numbersOf(rows)
	for n, row := range rows {
		cells = cells[:0]
		for i, text := range row {
			c := excelize.Cell{Value: fitCell(text)}
			if n == 0 {
				c.StyleID = bold
			} else if numeric.is(row, i) {
				var err error
				if c, err = styles.cell(text); err != nil {
					return err
				}
			}
			cells = append(cells, c)
		}
		at, err := excelize.CoordinatesToCellName(1, n+1)
		if err != nil {
			return err
		}
		if err := sw.SetRow(at, cells); err != nil {
			return err
		}
	}
	return sw.Flush()
}

// fitCell cuts text that is longer than a cell may be, and says so at its beginning: a long list of
// transactions must not be read as the whole one, and must not keep the workbook from being made either.
func fitCell(text string) string {
	chars := len(utf16.Encode([]rune(text)))
	if chars <= mostCellChars {
		return text
	}
	mark := fmt.Sprintf("[CUT: the CSV file has all %d characters] ", chars)
	left, end := mostCellChars-len(mark), 0
	for i, r := range text {
		if left -= utf16.RuneLen(r); left < 0 {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return mark + text[:end]
}

// widths are those of columns, by their head and what stands in the first rows.
func widths(rows [][]string) []float64 {
	out := make([]float64, len(rows[0]))
	for n, row := range rows {
		if n > 200 {
			break
		}
		for i, text := range row {
			out[i] = max(out[i], float64(min(utf8.RuneCountInString(text), widestColumn)+2))
		}
	}
	return out
}

// repack writes a ZIP anew: members sorted and dated 1980, so that nothing depends on when and in what
// order they came to be.
func repack(w io.Writer, raw []byte) error {
	in, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	files := slices.Clone(in.File)
	slices.SortFunc(files, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	out := zip.NewWriter(w)
	for _, f := range files {
		h := zip.FileHeader{Name: f.Name, Method: f.Method, CRC32: f.CRC32, CompressedSize64: f.CompressedSize64, UncompressedSize64: f.UncompressedSize64}
		// Modified would add a field with the zone.
		h.SetModTime(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC))
		m, err := out.CreateRaw(&h)
		if err != nil {
			return fmt.Errorf("workbook, %s: %w", f.Name, err)
		}
		r, err := f.OpenRaw()
		if err != nil {
			return fmt.Errorf("workbook, %s: %w", f.Name, err)
		}
		if _, err := io.Copy(m, r); err != nil {
			return fmt.Errorf("workbook, %s: %w", f.Name, err)
		}
	}
	return out.Close()
}
