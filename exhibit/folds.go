package exhibit

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"clew/exhibit/scene"
)

// drawingData is what the report carries for its drawings beside the first, as JSON that its
// script reads when it needs one: of the folds that open, and of the other rules.
type drawingData struct {
	Rules []ruleDrawings `json:"rules"` // the first is drawn on the page
	// Packs hold the drawings as SVG, one after another, each ended by a line feed: deflated
	// (RFC 1951) and in base64. Drawings that are opened one after another lie together, since
	// they share most of their text. Drawing i is line i % size of pack i / size.
	Size  int      `json:"size"`
	Packs []string `json:"packs"`
}

// ruleDrawings are the drawings under one rule. Lists are by number of the fold, from 1 on at index 0.
type ruleDrawings struct {
	Rule   string   `json:"rule"`
	First  int      `json:"first"`  // its first drawing among all that are packed
	Packed bool     `json:"packed"` // that of the whole trace is packed too, and is the first
	Closed bool     `json:"closed"` // folds do not open, since there would be too many
	Parent []int    `json:"parent"` // 0: the whole trace
	Box    []string `json:"box"`    // id of the box that opens to it
	Title  []string `json:"title"`
	Sum    []string `json:"sum"` // what enters, leaves and ends inside
	// Ends are, for the drawing of the whole trace and then for each fold, the numbers of the
	// boxes from and to which each arrow leads, one after another.
	Ends [][]int `json:"ends"`
}

// packFolds is how many drawings lie in one pack: enough to share text, few enough to
// unpack in a moment.
const packFolds = 32

// drawings returns the data of all drawings as JSON that may stand inside a script element:
// the encoder writes <, > and & as escapes.
func (x *Exhibit) drawings(others []underRule) ([]byte, error) {
	d := drawingData{Size: packFolds}
	var all []*scene.Scene
	add := func(u underRule, packed bool) {
		r := u.drawings()
		r.First, r.Packed = len(all), packed
		if packed {
			all = append(all, u.scene)
		}
		all = append(all, u.levels...)
		d.Rules = append(d.Rules, r)
	}
	add(underRule{x.Diagram.Rule, x.Diagram, x.Scene, x.Levels}, false)
	for _, u := range others {
		add(u, true)
	}
	d.Packs = make([]string, (len(all)+packFolds-1)/packFolds)
	failed := make([]error, len(d.Packs))
	var packing sync.WaitGroup
	for k := range d.Packs {
		packing.Go(func() {
			d.Packs[k], failed[k] = pack(all[k*packFolds : min((k+1)*packFolds, len(all))])
		})
	}
	packing.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	return json.Marshal(&d)
}

// drawings describes the folds under u.
func (u underRule) drawings() ruleDrawings {
	r := ruleDrawings{Rule: u.rule.String(), Closed: u.diagram.closed, Ends: [][]int{u.diagram.arrowEnds()}}
	for i, s := range u.levels {
		l := &u.diagram.Levels[i]
		prefix := ""
		if l.Parent > 0 {
			prefix = fmt.Sprintf("f%d-", l.Parent)
		}
		r.Parent, r.Box = append(r.Parent, l.Parent), append(r.Box, fmt.Sprintf("%sbox%d", prefix, l.Box+1))
		r.Title, r.Sum = append(r.Title, s.Title), append(r.Sum, s.Description)
		r.Ends = append(r.Ends, l.Diagram.arrowEnds())
	}
	return r
}

// arrowEnds lists the numbers of the boxes at both ends of each arrow.
func (d *Diagram) arrowEnds() []int {
	out := make([]int, 0, 2*len(d.Arrows))
	for i := range d.Arrows {
		out = append(out, d.Arrows[i].From+1, d.Arrows[i].To+1)
	}
	return out
}

// pack returns drawings as one pack.
func pack(scenes []*scene.Scene) (string, error) {
	var b bytes.Buffer
	for _, s := range scenes {
		if err := s.Level(&b); err != nil {
			return "", fmt.Errorf("drawing %q: %w", s.Title, err)
		}
	}
	packed, err := deflate(b.Bytes())
	if err != nil {
		return "", fmt.Errorf("pack drawings from %q: %w", scenes[0].Title, err)
	}
	return packed, nil
}

func deflate(data []byte) (string, error) {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := z.Write(data); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
