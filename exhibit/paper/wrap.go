package paper

import (
	"strings"
	"unicode/utf8"

	"clew/exhibit/scene"
)

// style is how running text is set, in units.
type style struct {
	size, leading int
	bold          bool
}

// The styles. The smallest is what a court's copier still gives back: 7 pt.
var (
	styleTitle   = style{150, 190, true}
	styleHead    = style{105, 135, true}
	stylePart    = style{125, 170, true}
	styleHeading = style{100, 140, true}
	styleText    = style{92, 118, false}
	styleFine    = style{76, 97, false}
	styleCell    = style{70, 86, false}
	styleFoot    = style{70, 86, false}
	styleSticker = style{90, 110, true}
)

func (s style) strong(bold bool) style {
	s.bold = s.bold || bold
	return s
}

// wrap breaks text into lines of at most width: at line feeds, then between words, at spaces that
// allow it. A word that is wider than a line is broken inside, at a no-break space where it has one. But for the spaces at which a line ends no
// character is lost. Text is first made such that the font can show it.
func wrap(f *scene.Fonts, text string, width int, st style) ([]string, error) {
	var lines []string
	space, err := f.Measure(" ", st.size, st.bold)
	if err != nil {
		return nil, err
	}
	for paragraph := range strings.SplitSeq(text, "\n") {
		if paragraph, err = f.Shown(paragraph, st.bold); err != nil {
			return nil, err
		}
		line, used := "", 0
		for word := range strings.SplitSeq(paragraph, " ") {
			if word == "" {
				continue
			}
			w, err := f.Measure(word, st.size, st.bold)
			if err != nil {
				return nil, err
			}
			switch {
			case line != "" && used+space+w <= width:
				line, used = line+" "+word, used+space+w
				continue
			case line != "":
				lines = append(lines, line)
			}
			for w > width {
				n, err := fitting(f, word, width, st)
				if err != nil {
					return nil, err
				}
				if n == len(word) {
					break
				}
				next := n
				if i := strings.LastIndex(word[:n], hardSpace); i > 0 {
					n, next = i, i+len(hardSpace)
				}
				lines, word = append(lines, word[:n]), word[next:]
				if w, err = f.Measure(word, st.size, st.bold); err != nil {
					return nil, err
				}
			}
			line, used = word, w
		}
		lines = append(lines, line)
	}
	return lines, nil
}

const hardSpace = "\u00a0"

// fitting returns how many bytes of word fit into width, at least a character.
func fitting(f *scene.Fonts, word string, width int, st style) (int, error) {
	least, most := 0, len(word)
	for least < most {
		n := (least + most + 1) / 2
		for n < len(word) && !utf8.RuneStart(word[n]) {
			n++
		}
		w, err := f.Measure(word[:n], st.size, st.bold)
		if err != nil {
			return 0, err
		}
		if w <= width {
			least = n
			continue
		}
		for n--; n > 0 && !utf8.RuneStart(word[n]); n-- { //nolint:revive // back to the start of a character
		}
		most = n
	}
	if least == 0 {
		_, least = utf8.DecodeRuneInString(word)
	}
	return least, nil
}
