package paper

import (
	"fmt"
	"slices"
	"strings"
)

// Sizes lists the papers that are known, smallest first, of two kinds in turn: of letter and of A.
func Sizes() []Size {
	return []Size{
		{"letter", 6120, 7920},
		{"a4", 5953, 8419},
		{"tabloid", 7920, 12240},
		{"a3", 8419, 11906},
		{"arch-d", 17280, 25920},
		{"a1", 16838, 23839},
	}
}

// Larger is the next larger paper of the same kind, of letter or of A; false: there is none.
func (s Size) Larger() (Size, bool) {
	const kinds = 2 // which alternate in Sizes
	all := Sizes()
	i := slices.Index(all, s)
	if i < 0 || i+kinds >= len(all) {
		return Size{}, false
	}
	return all[i+kinds], true
}

// SizeNamed finds a paper by its name; "" is letter.
func SizeNamed(name string) (Size, error) {
	if name == "" {
		name = "letter"
	}
	all := Sizes()
	if i := slices.IndexFunc(all, func(s Size) bool { return s.Name == name }); i >= 0 {
		return all[i], nil
	}
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	return Size{}, fmt.Errorf("no paper is named %q (there are %s)", name, strings.Join(names, ", "))
}
