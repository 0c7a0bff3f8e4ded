// Package scene is a finished drawing or page: shapes and measured texts at whole pixels, and its
// writers. It knows nothing of what is drawn. Start reading at Scene; each writer (svg.go) draws the
// same Scene and decides nothing.
package scene

import "fmt"

// Scene is a finished drawing or page: shapes at whole units (PerInch), back to front, with every text
// measured. Writers of all formats draw the same Scene and decide nothing; x grows to the
// right, y downward, a pixel is 1/96 inch at 100 %.
type Scene struct {
	Width, Height int
	Title         string // one line, for readers that cannot see the picture
	Description   string
	Groups        []Group
	// PerInch is how many units of the drawing are an inch at 100 %: 96, a pixel each, where it is 0;
	// 720 on pages of paper, a tenth of a point each.
	PerInch int
	// Down: what flows runs from top to bottom, not from left to right. Writers need not know.
	Down  bool
	Fonts *Fonts // those by which its texts were measured
	// Bookmarks are what the outline of a PDF names on this page, from top to bottom.
	Bookmarks []Bookmark
	// Words are what the frame says (the groups of IDTitle, IDLegend and IDNotes), for whoever sets it anew.
	Words Words
}

// The ids of the groups that frame a drawing.
const (
	IDTitle  = "title"
	IDLegend = "legend"
	IDNotes  = "notes"
)

// Words are what the frame of a drawing says, not yet broken into lines.
type Words struct {
	Title       string
	Head, Notes []Sentences // above the drawing and below it
	// Legend are the entries of the legend, each with its mark and its text, from the upper left corner of its Frame.
	Legend []Group
}

// Sentences are a paragraph.
type Sentences struct {
	Text string
	Bold bool
}

// Bookmark is an entry of the outline of a PDF. Entries of Level 1 stand below the one of Level 0
// before them, and so on; the first of a file has Level 0.
type Bookmark struct {
	Title string
	Level int
	Y     int // where on the page
}

// GroupKind says what a group of shapes is.
type GroupKind string

// The kinds of groups.
const (
	GroupMark  GroupKind = "mark"  // the watermark of a replica: under everything, may be crossed by anything
	GroupArrow GroupKind = "arrow" // lines of an arrow
	GroupBox   GroupKind = "box"
	GroupLabel GroupKind = "label" // what is written on an arrow
	GroupOther GroupKind = "other" // the stub of other funds
	GroupFrame GroupKind = "frame" // title, legend and notes
	// GroupCluster is a frame round the boxes of one cluster; its Frame is that of its words.
	GroupCluster GroupKind = "cluster"
)

// Group is a part of the drawing that belongs together. Its texts lie inside Frame, and
// the frames of boxes, labels and stubs do not meet.
type Group struct {
	Kind  GroupKind
	ID    string // unique in the drawing; "" for none
	Frame Rect   // where the group's texts are; zero for arrows
	Hops  []int  // numbers of the hops that it shows
	Fold  int    // number of the fold that it opens to; 0: none
	Say   string // the group in words, for a tooltip and for readers that cannot see it
	Paths []Path
	Rects []Rect
	Texts []Text
	Order []Shape // what is drawn, in order: indexes into the three lists above
	// In files of several pages Anchor names the group's frame, and Link makes it lead to the
	// group of that Anchor; a group of labels without a Link leads to the anchor HopAnchor of its
	// first hop. Links to no anchor are left out.
	Anchor, Link string
}

// HopAnchor is the anchor of the row of a schedule that tells of a hop, by the hop's number.
func HopAnchor(number int) string { return fmt.Sprintf("hop%d", number) }

// ShownAnchor is the implicit anchor of the last page on which a label of a drawing names the hop.
func ShownAnchor(number int) string { return fmt.Sprintf("shown%d", number) }

// Shape names an entry of one of a group's lists.
type Shape struct {
	List  ShapeList
	Index int
}

// ShapeList is one of the lists of a Group.
type ShapeList uint8

// The lists.
const (
	ListPath ShapeList = iota
	ListRect
	ListText
)

// Grey is a level of grey: 0 is black, 255 white.
type Grey uint8

// The greys that drawings use.
const (
	Black  Grey = 0
	Dark   Grey = 70
	Middle Grey = 130
	Light  Grey = 200
	Pale   Grey = 238
	White  Grey = 255
)

// Dash is the pattern of a line.
type Dash uint8

// The patterns.
const (
	Solid Dash = iota
	DashDot
	Dotted
	Dashed
)

// Point is a place on the drawing.
type Point struct{ X, Y int }

// Rect is a rectangle with corners rounded by Round. Line is the width of its border, 0 for
// none; Filled is false where what lies behind shows through.
type Rect struct {
	X, Y, W, H, Round int
	Line              int
	Stroke, Fill      Grey
	Filled            bool
	Dash              Dash
}

// Path is a line or an area. With Curve, Points are a start and then cubic Bézier segments
// of three points each; otherwise straight lines from point to point. Double draws the
// line as two beside each other. Filled closes it and fills it.
type Path struct {
	Points []Point
	Curve  bool
	Line   int
	Stroke Grey
	Dash   Dash
	Double bool
	Filled bool
	Fill   Grey
}

// Text is one line of text. Y is its baseline; W its width as measured.
type Text struct {
	X, Y, W, Size int
	Bold          bool
	Fill          Grey
	Turn          int // degrees counter-clockwise round (X, Y)
	S             string
}

// Bounds returns the rectangle that the line fills, from the top of its letters to the
// bottom of their descenders.
func (t Text) Bounds() Rect {
	up := (t.Size*91 + 99) / 100
	down := (t.Size*22 + 99) / 100
	return Rect{X: t.X, Y: t.Y - up, W: t.W, H: up + down}
}

// Meets reports whether r and q share more than an edge.
func (r Rect) Meets(q Rect) bool {
	return r.X < q.X+q.W && q.X < r.X+r.W && r.Y < q.Y+q.H && q.Y < r.Y+r.H
}

// Contains reports whether q lies inside r.
func (r Rect) Contains(q Rect) bool {
	return r.X <= q.X && r.Y <= q.Y && q.X+q.W <= r.X+r.W && q.Y+q.H <= r.Y+r.H
}

// AddRect draws r on top.
func (g *Group) AddRect(r Rect) {
	g.Rects = append(g.Rects, r)
	g.Order = append(g.Order, Shape{ListRect, len(g.Rects) - 1})
}

// AddPath draws p on top.
func (g *Group) AddPath(p Path) {
	g.Paths = append(g.Paths, p)
	g.Order = append(g.Order, Shape{ListPath, len(g.Paths) - 1})
}

// AddText writes t on top.
func (g *Group) AddText(t Text) {
	g.Texts = append(g.Texts, t)
	g.Order = append(g.Order, Shape{ListText, len(g.Texts) - 1})
}

// Grow enlarges the group by percent, from the corner of the sheet.
func (g *Group) Grow(percent int) {
	if percent == 100 {
		return
	}
	by := func(v *int) { *v = *v * percent / 100 }
	rect := func(r *Rect) {
		for _, v := range []*int{&r.X, &r.Y, &r.W, &r.H, &r.Round} {
			by(v)
		}
	}
	rect(&g.Frame)
	for i := range g.Rects {
		rect(&g.Rects[i])
	}
	for i := range g.Texts {
		for _, v := range []*int{&g.Texts[i].X, &g.Texts[i].Y, &g.Texts[i].W, &g.Texts[i].Size} {
			by(v)
		}
	}
	for i := range g.Paths {
		for k := range g.Paths[i].Points {
			by(&g.Paths[i].Points[k].X)
			by(&g.Paths[i].Points[k].Y)
		}
	}
}

// Move shifts the group.
func (g *Group) Move(dx, dy int) {
	g.Frame.X, g.Frame.Y = g.Frame.X+dx, g.Frame.Y+dy
	for i := range g.Rects {
		g.Rects[i].X, g.Rects[i].Y = g.Rects[i].X+dx, g.Rects[i].Y+dy
	}
	for i := range g.Texts {
		g.Texts[i].X, g.Texts[i].Y = g.Texts[i].X+dx, g.Texts[i].Y+dy
	}
	for i := range g.Paths {
		for k := range g.Paths[i].Points {
			p := &g.Paths[i].Points[k]
			p.X, p.Y = p.X+dx, p.Y+dy
		}
	}
}
