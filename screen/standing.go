package screen

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// Stand says up to which block of a chain, that one included, a trace still stands, where blocks that it rests
// on left the main chain: what it traced there lies in blocks that are common to both branches, and no amount
// in them depends on what came behind.
type Stand struct {
	Chain  chains.Chain
	Height int64
}

// counts reports whether what h tells counts: the trace rests on no block that left the main chain, or stands
// up to the block of h.
func (in *Loaded) counts(h *Hit) bool {
	if in.Stale == "" {
		return true
	}
	return slices.ContainsFunc(in.Stands, func(s Stand) bool { return s.Chain == h.Place.Chain && h.Height <= s.Height })
}

// FormatStands writes stands as pins keep them: "CHAIN=HEIGHT …", in order of chains.
func FormatStands(stands []Stand) string {
	texts := make([]string, 0, len(stands))
	for _, s := range stands {
		texts = append(texts, fmt.Sprintf("%s=%d", s.Chain, s.Height))
	}
	slices.Sort(texts)
	return strings.Join(texts, " ")
}

// ParseStands reads what FormatStands wrote.
func ParseStands(text string) ([]Stand, error) {
	var out []Stand
	for field := range strings.FieldsSeq(text) {
		name, height, ok := strings.Cut(field, "=")
		if !ok {
			return nil, fmt.Errorf("%q: want CHAIN=HEIGHT", field)
		}
		chain, err := chains.ParseChain(name)
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseInt(height, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q: want CHAIN=HEIGHT: %w", field, err)
		}
		out = append(out, Stand{chain, n})
	}
	return out, nil
}

// Tops returns the highest block of each chain in which a trace has a seed or a movement, in order of chains.
func Tops(t *tracer.Trace) []Stand {
	at := map[chains.Chain]int64{}
	note := func(chain chains.Chain, height int64) {
		if top, met := at[chain]; !met || height > top {
			at[chain] = height
		}
	}
	for i := range t.Seeds {
		note(t.Seeds[i].Chain, t.Seeds[i].Height)
	}
	for i := range t.Hops {
		for j := range t.Hops[i].Legs {
			note(t.Hops[i].Legs[j].Chain, t.Hops[i].Legs[j].Height)
		}
	}
	out := make([]Stand, 0, len(at))
	for _, chain := range slices.Sorted(maps.Keys(at)) {
		out = append(out, Stand{chain, at[chain]})
	}
	return out
}
