package paper

import "strings"

// widths are those of the columns of t: by their shares, but none narrower than its longest word that must not
// be broken, as long as the others have room to give.
func (s *setter) widths(t *Table) ([]int, error) {
	share := 0
	for _, c := range t.Columns {
		share += c.Width
	}
	w, least := make([]int, len(t.Columns)), make([]int, len(t.Columns))
	lacks, spare := 0, 0
	for i, c := range t.Columns {
		w[i] = s.w * c.Width / max(share, 1)
		n, err := s.longestWord(t, i)
		if err != nil {
			return nil, err
		}
		least[i] = n + 2*padX
		lacks, spare = lacks+max(0, least[i]-w[i]), spare+max(0, w[i]-least[i])
	}
	gives := min(lacks, spare)
	if gives == 0 {
		return w, nil
	}
	for i := range w {
		if w[i] < least[i] {
			w[i] += (least[i] - w[i]) * gives / lacks
		} else {
			w[i] -= ((w[i]-least[i])*gives + spare - 1) / spare
		}
	}
	return w, nil
}

// mostWord is how many bytes a word has at most that is not broken inside: hashes and addresses are longer.
const mostWord = 38

// longestWord is how wide the longest word of a column is that must not be broken: amounts, dates, plain words.
func (s *setter) longestWord(t *Table, column int) (int, error) {
	wide, long := 0, 0
	measure := func(text string, bold bool) error {
		for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == '\n' }) {
			word = withoutSymbol(word)
			if len(word) > mostWord || len(word)+2 < long || !bold && len(word) < long {
				continue
			}
			long = max(long, len(word))
			shown, err := s.f.Shown(word, bold)
			if err != nil {
				return err
			}
			n, err := s.f.Measure(shown, styleCell.size, bold)
			if err != nil {
				return err
			}
			wide = max(wide, n)
		}
		return nil
	}
	if err := measure(t.Columns[column].Head, true); err != nil {
		return 0, err
	}
	for _, r := range t.Rows {
		if column < len(r) {
			if err := measure(r[column].Text, r[column].Bold); err != nil {
				return 0, err
			}
		}
	}
	return wide, nil
}

// withoutSymbol cuts the symbol off an amount, before which a line may end.
func withoutSymbol(word string) string {
	i := strings.LastIndex(word, hardSpace)
	if i < 0 || i+len(hardSpace) == len(word) {
		return word
	}
	if c := word[i+len(hardSpace)]; c >= '0' && c <= '9' {
		return word
	}
	return word[:i]
}
