package paper

import "clew/exhibit/scene"

// lead is how long the thin line from a match line to a letter is at least.
const lead = 14

// margins is the room that letters take round what a sheet shows.
type margins struct{ left, right, top, bottom int }

// marginsOf adds up the layers of tabs on each side.
func marginsOf(tabs []tab) margins {
	var m margins
	depth := [4]*int{placeLeft: &m.left, placeRight: &m.right, placeTop: &m.top, placeBottom: &m.bottom}
	for i := range tabs {
		t := &tabs[i]
		d := depth[t.place]
		*d = max(*d, t.off+t.depth()+tabGap)
	}
	return m
}

// depth is how far out the tab reaches.
func (t *tab) depth() int {
	if t.upDown() {
		return t.height()
	}
	return t.width()
}

// group draws the tab beside the view, with a thin line from the match line. On paper that can be clicked it
// leads to the same letter on the other sheet: the anchor of one is "toA", of the other "fromA".
func (t *tab) group(view scene.Rect) scene.Group {
	w, h := t.width(), t.height()
	f := scene.Rect{W: w, H: h}
	var line []scene.Point
	switch t.place {
	case placeLeft:
		f.X, f.Y = view.X-t.off-w, t.pos
		line = []scene.Point{t.at, {X: view.X, Y: t.at.Y}, {X: f.X + w, Y: f.Y + tabHeight/2}}
	case placeRight:
		f.X, f.Y = view.X+view.W+t.off, t.pos
		line = []scene.Point{t.at, {X: view.X + view.W, Y: t.at.Y}, {X: f.X, Y: f.Y + tabHeight/2}}
	case placeTop:
		f.X, f.Y = t.pos+tabGap, view.Y-t.off-h
		line = []scene.Point{t.at, {X: t.at.X, Y: view.Y}, {X: f.X + w/2, Y: f.Y + h}}
	case placeBottom:
		f.X, f.Y = t.pos+tabGap, view.Y+view.H+t.off
		line = []scene.Point{t.at, {X: t.at.X, Y: view.Y + view.H}, {X: f.X + w/2, Y: f.Y}}
	}
	g := scene.Group{Kind: scene.GroupFrame, Frame: f, Say: t.letter + " " + t.where, Anchor: "from" + t.letter, Link: "to" + t.letter}
	if t.out {
		g.Anchor, g.Link = g.Link, g.Anchor
	}
	g.AddPath(scene.Path{Points: line, Line: 1, Stroke: scene.Dark})
	key := scene.Rect{X: f.X, Y: f.Y, W: t.letterW + 8, H: tabHeight, Line: 1, Stroke: scene.Black, Fill: scene.White, Filled: true, Round: 2}
	where, hops := scene.Point{X: f.X + key.W + 4, Y: f.Y + 13}, scene.Point{X: f.X, Y: f.Y + tabHeight + 11}
	switch t.place {
	case placeLeft: // the letter beside the drawing
		key.X = f.X + w - key.W
		where.X, hops.X = key.X-4-t.whereW, f.X+w-t.hopsW
	case placeTop: // the letter below the words
		key.X, key.Y = f.X+(w-key.W)/2, f.Y+h-tabHeight
		hops = scene.Point{X: f.X + (w-t.hopsW)/2, Y: f.Y + 12}
		where = scene.Point{X: f.X + (w-t.whereW)/2, Y: key.Y - 3}
	case placeBottom:
		key.X = f.X + (w-key.W)/2
		where = scene.Point{X: f.X + (w-t.whereW)/2, Y: f.Y + tabHeight + 12}
		hops = scene.Point{X: f.X + (w-t.hopsW)/2, Y: where.Y + lineHeight}
	}
	g.AddRect(key)
	g.AddText(scene.Text{X: key.X + 4, Y: key.Y + 13, W: t.letterW, Size: textSize, Bold: true, S: t.letter})
	g.AddText(scene.Text{X: where.X, Y: where.Y, W: t.whereW, Size: textSize, Fill: scene.Dark, S: t.where})
	if t.hops != "" {
		g.AddText(scene.Text{X: hops.X, Y: hops.Y, W: t.hopsW, Size: textSize, Fill: scene.Dark, S: t.hops})
	}
	return g
}
