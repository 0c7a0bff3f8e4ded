package exhibit

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// foldData is what the report carries for its folds, as JSON that its script reads when the
// first one is opened. All lists are by number of the fold, from 1 on at index 0.
type foldData struct {
	Parent []int    `json:"parent"` // 0: the whole trace
	Box    []string `json:"box"`    // id of the box that opens to it
	Title  []string `json:"title"`
	Sum    []string `json:"sum"`  // what enters, leaves and ends inside
	Pack   []int    `json:"pack"` // where its drawing is
	// Packs hold the drawings as SVG, one after another in the order of the folds, each
	// ended by a line feed: deflated (RFC 1951) and in base64. Drawings that are opened one
	// after another lie together, since they share most of their text.
	Packs []string `json:"packs"`
}

// packFolds is how many drawings lie in one pack: enough to share text, few enough to
// unpack in a moment.
const packFolds = 32

// folds returns the data of all folds as JSON that may stand inside a script element: the
// encoder writes <, > and & as escapes.
func (x *Exhibit) folds() ([]byte, error) {
	if len(x.Levels) == 0 {
		return nil, nil
	}
	d := foldData{Packs: make([]string, (len(x.Levels)+packFolds-1)/packFolds)}
	for i, s := range x.Levels {
		l := &x.Diagram.Levels[i]
		prefix := ""
		if l.Parent > 0 {
			prefix = fmt.Sprintf("f%d-", l.Parent)
		}
		d.Parent, d.Box = append(d.Parent, l.Parent), append(d.Box, fmt.Sprintf("%sbox%d", prefix, l.Box+1))
		d.Sum = append(d.Sum, s.Description)
		d.Title, d.Pack = append(d.Title, s.Title), append(d.Pack, i/packFolds)
	}
	failed := make([]error, len(d.Packs))
	var packing sync.WaitGroup
	for k := range d.Packs {
		packing.Go(func() { d.Packs[k], failed[k] = x.pack(k) })
	}
	packing.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	return json.Marshal(&d)
}

// pack returns pack k of the drawings.
func (x *Exhibit) pack(k int) (string, error) {
	var b bytes.Buffer
	first := k * packFolds
	for i, s := range x.Levels[first:min(first+packFolds, len(x.Levels))] {
		if err := s.Level(&b); err != nil {
			return "", fmt.Errorf("drawing of fold %d: %w", first+i+1, err)
		}
	}
	packed, err := deflate(b.Bytes())
	if err != nil {
		return "", fmt.Errorf("pack drawings from fold %d: %w", first+1, err)
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
