package exhibit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// exactDigits is how many significant decimal digits the numbers of a spreadsheet hold: every decimal of
// so many comes back from an IEEE 754 double as it went in.
const exactDigits = 15

// counts are the columns that number or count things. Amounts in coins and in money are numbers too; what
// ends in _units is text, since whole smallest units are made to be exact at any length.
var counts = []string{"number", "leg", "block", "step", "run", "payment_hop", "rest_hop", "from_hop", "decimals", "rank", "account", "hop", "endpoint", "height",
	"hops_in_chain", "hops_in_all", "deposits_of_the_pool", "deposits_unread", "withdrawals_after", "anonymity_set", "link_ppm", "error_n",
	"fiat_price", "fiat_value", "fiat_value_when_taken"}

const textCells = "Columns of amounts in coins (_amount) and in money, and numbers of hops, blocks and rows, are numbers, shown with all decimals. " +
	"Where one amount of an asset in a column has more than 15 digits, which no spreadsheet keeps, all amounts of that asset in it are text: a sum never leaves some out unseen. " +
	"Everything else is text: whole smallest units (_units), hashes, addresses, times. No cell is a formula. The CSV files have the same digits."

// numbers says which cells of rows, the head first, are written as numbers.
type numbers struct {
	columns []bool
	asset   []int           // the columns that say of which asset a row is
	never   map[string]bool // column and asset of which a cell is no exact number
}

func numbersOf(rows [][]string) *numbers {
	n := &numbers{columns: make([]bool, len(rows[0])), never: map[string]bool{}}
	for i, head := range rows[0] {
		n.columns[i] = strings.HasSuffix(head, "_amount") || head == "amount" || slices.Contains(counts, head)
		if head == "chain" || head == "asset" {
			n.asset = append(n.asset, i)
		}
	}
	for _, row := range rows[1:] {
		for i, text := range row {
			if i < len(n.columns) && n.columns[i] && text != "" && !exactNumber(text) {
				n.never[n.key(row, i)] = true
			}
		}
	}
	return n
}

// key names a column within the rows of one asset.
func (n *numbers) key(row []string, column int) string {
	key := strconv.Itoa(column)
	for _, i := range n.asset {
		key += " " + row[i]
	}
	return key
}

// is reports whether a cell is a number.
func (n *numbers) is(row []string, column int) bool {
	return column < len(n.columns) && n.columns[column] && row[column] != "" && !n.never[n.key(row, column)]
}

// exactNumber reports whether text is a plain decimal that a spreadsheet keeps.
func exactNumber(text string) bool {
	text = strings.TrimPrefix(text, "-")
	whole, frac, point := strings.Cut(text, ".")
	if whole == "" || point && frac == "" || strings.Trim(whole+frac, "0123456789") != "" || len(whole) > 1 && whole[0] == '0' {
		return false
	}
	return len(strings.TrimLeft(whole+frac, "0")) <= exactDigits
}

// numberStyles are the styles of numbers, by how many decimals they show.
type numberStyles struct {
	f  *excelize.File
	by map[int]int
}

// cell writes text, an exact decimal, as a number that shows the same digits.
func (s *numberStyles) cell(text string) (excelize.Cell, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return excelize.Cell{}, fmt.Errorf("number %s: %w", text, err)
	}
	_, frac, _ := strings.Cut(text, ".")
	style, known := s.by[len(frac)]
	if !known {
		format := "0"
		if frac != "" {
			format += "." + strings.Repeat("0", len(frac))
		}
		if style, err = s.f.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return excelize.Cell{}, err
		}
		s.by[len(frac)] = style
	}
	return excelize.Cell{Value: value, StyleID: style}, nil
}
