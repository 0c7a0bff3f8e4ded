package exhibit

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
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
	var d foldData
	var pack bytes.Buffer
	for i, s := range x.Levels {
		l := &x.Diagram.Levels[i]
		prefix := ""
		if l.Parent > 0 {
			prefix = fmt.Sprintf("f%d-", l.Parent)
		}
		d.Parent, d.Box = append(d.Parent, l.Parent), append(d.Box, fmt.Sprintf("%sbox%d", prefix, l.Box+1))
		d.Sum = append(d.Sum, s.Description)
		d.Title, d.Pack = append(d.Title, s.Title), append(d.Pack, len(d.Packs))
		if err := s.level(&pack); err != nil {
			return nil, fmt.Errorf("drawing of fold %d: %w", i+1, err)
		}
		if (i+1)%packFolds == 0 || i+1 == len(x.Levels) {
			packed, err := deflate(pack.Bytes())
			if err != nil {
				return nil, fmt.Errorf("pack drawings to fold %d: %w", i+1, err)
			}
			d.Packs = append(d.Packs, packed)
			pack.Reset()
		}
	}
	return json.Marshal(&d)
}

// level writes s as one line of SVG.
func (sc *Scene) level(w *bytes.Buffer) error {
	var b bytes.Buffer
	s := svgWriter{w: bufio.NewWriter(&b), links: true}
	s.print(`<svg xmlns="http://www.w3.org/2000/svg" class="level" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s" font-family="%s">`,
		sc.Width, sc.Height, sc.Width, sc.Height, xmlText(sc.Title+". "+sc.Description), fontStack)
	s.scene(sc)
	if err := s.finish(); err != nil {
		return err
	}
	w.WriteString(strings.ReplaceAll(b.String(), "\n", ""))
	w.WriteByte('\n')
	return nil
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
