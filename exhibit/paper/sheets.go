package paper

import (
	"fmt"
	"slices"

	"clew/exhibit/scene"
)

// Area is the room that a page has for a drawing, in pixels of 1/96 inch.
type Area struct{ W, H int }

// Sheet is one sheet of a drawing that was cut. Its scene is not wider or higher than its text at 7 pt
// allows, so that a page shows it whole by making it smaller.
type Sheet struct {
	Number int // from 1, in the order of the flow
	Scene  *scene.Scene
	Boxes  int   // that stand on it
	From   []int // numbers of the sheets from which arrows enter it, ascending
	To     []int // numbers of those to which arrows leave it, ascending
}

// leastText is the smallest text on paper, in tenths of a point.
const leastText = 70

// Fits reports whether a drawing is shown whole in an area with its smallest text at 7 pt or more.
func Fits(sc *scene.Scene, area Area) bool {
	room := area.room(smallest(sc))
	return sc.Width <= room.W && sc.Height <= room.H
}

// Sheets cuts a drawing that does not fit one page of the given area into sheets, and draws
// the key, for an area of its own: the whole drawing small, with the numbers of the sheets. The frame of the drawing
// (Bare) stands on none of them. A drawing that fits gives no sheets and no key.
//
// Cuts run across the flow where only arrows cross it, and within such a band between boxes, in steps
// where they are not beside each other; or first along the flow, where that takes fewer sheets. Every box,
// label and stub stands on one sheet, whole. Parts that are small stand together on a sheet, in the order of the flow.
// An arrow is drawn in every part that it crosses, and where it leaves one and enters another both
// show the same letter at the match line, and the number of the other sheet; no two crossings share a letter.
// Sheets are numbered along the flow, and within a band from its first side to its last.
//
// What is written across the whole drawing (scene.GroupMark) is left to Document.Watermark. It is a
// pure function of its arguments.
func Sheets(sc *scene.Scene, area, keyArea Area) ([]Sheet, *scene.Scene, error) {
	sc = Bare(sc)
	if Fits(sc, area) {
		return nil, nil, nil
	}
	room := area.room(smallest(sc))
	if room.W < leastRoom || room.H < leastRoom {
		return nil, nil, fmt.Errorf("cut a drawing into sheets: an area of %d by %d pixels is too small for a sheet; choose larger paper", area.W, area.H)
	}
	best, err := fewest(sc, room)
	if err != nil {
		return nil, nil, fmt.Errorf("sheets of %q: %w", sc.Title, err)
	}
	key, err := best.key(keyArea)
	if err != nil {
		return nil, nil, fmt.Errorf("key sheet of %q: %w", sc.Title, err)
	}
	return best.sheets, key, nil
}

// fewest cuts along and across the flow, and keeping more or less room for letters, and returns the cutter that needs the
// fewest sheets.
func fewest(sc *scene.Scene, room Area) (*cutter, error) {
	var best *cutter
	fits := false
	for _, kept := range []int{100, 50, 20, 160, 250} { // percent
		if kept > 100 && fits {
			break
		}
		for _, down := range []bool{sc.Down, !sc.Down} {
			turned := *sc
			turned.Down = down
			c := newCutter(&turned, room, kept)
			over, err := c.tries()
			if err != nil {
				return nil, err
			}
			if best == nil || !over && (!fits || len(c.sheets) < len(best.sheets)) {
				best, fits = c, !over
			}
		}
	}
	return best, nil
}

// tries cuts until no part is larger than its room, and reports whether one still is.
func (c *cutter) tries() (over bool, err error) {
	for range mostTries {
		c.cut()
		c.clip()
		if err := c.pack(); err != nil {
			return false, err
		}
		if !c.tighten() {
			break
		}
	}
	for i := range c.sheets {
		over = over || c.sheets[i].Scene.Width > c.room.W || c.sheets[i].Scene.Height > c.room.H
	}
	return over, nil
}

const (
	// leastRoom is the room, in pixels of the drawing, below which no sheet is made: a box and the
	// margins with the letters need it.
	leastRoom = 480
	// mostTries is how often sheets are cut smaller because their letters took more room than was kept.
	mostTries = 8
)

// room is the area in pixels of a drawing that is made smaller until its smallest text has 7 pt.
func (a Area) room(text int) Area {
	const tenthsPerPixel = 10 * 72 // of a point, times 96
	scaled := func(n int) int { return n * text * tenthsPerPixel / (96 * leastText) }
	return Area{scaled(a.W), scaled(a.H)}
}

// smallest is the size of the smallest text of the drawing.
func smallest(sc *scene.Scene) int {
	size := 0
	for i := range sc.Groups {
		if sc.Groups[i].Kind == scene.GroupMark {
			continue
		}
		for _, t := range sc.Groups[i].Texts {
			if size == 0 || t.Size < size {
				size = t.Size
			}
		}
	}
	return max(size, 1)
}

// tighten leaves less room to boxes, and reports true, where a sheet came out larger than its room.
func (c *cutter) tighten() bool {
	overW, overH := 0, 0
	for i := range c.sheets {
		s := c.sheets[i].Scene
		overW, overH = max(overW, s.Width-c.room.W), max(overH, s.Height-c.room.H)
	}
	if c.sc.Down {
		overW, overH = overH, overW
	}
	along, across := max(c.along-overW, c.along*4/5, leastRoom/2), max(c.across-overH, c.across*4/5, leastRoom/2)
	if along >= c.along && across >= c.across {
		return false
	}
	c.along, c.across = min(along, c.along), min(across, c.across)
	return true
}

// letter names the nth crossing, from 0: A to Z without I and O, which look like digits, then AA.
func letter(n int) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	name := ""
	for n++; n > 0; n = (n - 1) / len(letters) {
		name = string(letters[(n-1)%len(letters)]) + name
	}
	return name
}

// insert adds n to an ascending list without repeats.
func insert(list []int, n int) []int {
	i, found := slices.BinarySearch(list, n)
	if found {
		return list
	}
	return slices.Insert(list, i, n)
}
