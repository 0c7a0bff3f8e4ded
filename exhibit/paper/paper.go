// Package paper sets documents on pages: headings, paragraphs, tables whose heads are repeated, and
// drawings, with a caption, a foot, page numbers and Bates numbers. Each page is a scene.Scene, so
// that PDF and PNG of it come from the same shapes. It knows nothing of traces.
//
// Start reading at Document.
package paper

import (
	"clew/exhibit/scene"
)

// Unit is how many units of a page an inch has: a unit is a tenth of a point.
const Unit = 720

// Size is a size of paper, upright, in units.
type Size struct {
	Name string
	W, H int
}

// Document is what is to be set.
type Document struct {
	Title string
	Size  Size
	// Head stands at the top of the first page, centred: court, caption, docket; each line as it is.
	Head []string
	// Sticker is the exhibit's number, in a frame on every page; "" for none.
	Sticker string
	// Mark stands at the foot of every page: as what the document is offered.
	Mark string
	// Foot stands on every page: source note, hash of the trace.
	Foot []string
	// BatesPrefix and BatesStart number the pages; 0: no such number.
	BatesPrefix string
	BatesStart  int
	// Watermark is written across every page, under everything: "REPLICA"; "" for none.
	Watermark string
	Parts     []Part
}

// Part is a part of a document, which starts on a page of its own unless it Flows.
type Part struct {
	Title     string // stands in the outline of the PDF, at the head of each page, and as a heading
	Landscape bool
	Size      Size // where its pages are larger than the document's
	// Flows: it starts below the part before it, where that page lies alike and has room for all of
	// it, or for much.
	Flows bool
	// Unlisted: it is not in Contents, since the part before it stands for it.
	Unlisted bool
	Blocks   []Block
}

// Block is one of Paragraph, Heading, Table, Drawing, Legend and Contents.
type Block interface{ block() }

// Heading is a heading within a part.
type Heading struct{ Text string }

// Paragraph is running text, wrapped between words.
type Paragraph struct {
	Text string
	Bold bool
	Fine bool // smaller
}

// Table is a table that may run over many pages: its head is repeated on each, and no row is cut
// where it fits on a page. Cells of a row beyond the columns stand below the others, each across the
// whole table.
type Table struct {
	Columns []Column
	Rows    [][]Cell
	Repeat  string // said above the head on the pages after the first: "Schedule A, continued"
}

// Column is a column of a Table.
type Column struct {
	Head  string
	Width int  // its share of the width, in proportion to the others
	Right bool // numbers are set to the right
}

// Cell is a cell of a Table. A line feed in Text starts a new line; a word that is wider than the
// column, as a hash may be, is broken inside and none of it is lost.
type Cell struct {
	Text string
	Bold bool
	Grey scene.Grey
	// Anchor names the row in links, and Link leads from the cell to what has such an Anchor, or to
	// where a drawing shows a hop (scene.ShownAnchor).
	Anchor, Link string
}

// Drawing is a scene set on a page, made smaller where it has to be but never enlarged, in the
// middle, with a caption. It is not split (sheets.go does that).
type Drawing struct {
	Scene   *scene.Scene
	Caption string
	With    int // so many of the blocks behind it stand on its page, for which it leaves room
}

// Legend are entries side by side (scene.Words), in as many rows as they need.
type Legend struct{ Entries []scene.Group }

// Contents lists the parts that have a title, each with the number of its first page, to which it leads.
type Contents struct{}

func (Heading) block()   {}
func (Paragraph) block() {}
func (Table) block()     {}
func (Drawing) block()   {}
func (Legend) block()    {}
func (Contents) block()  {}
