package server

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Paged asks for a part of a list. It is exported since huma sees exported fields alone.
type Paged struct {
	Cursor string `query:"cursor" maxLength:"80" doc:"Where to go on: next of the page before. Without it: from the start."`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"How many at most."`
}

// cursorBase: cursors are opaque, and short.
const cursorBase = 36

// place is where the page before ended; 0: at the start.
func (in *Paged) place() (int64, *Problem) {
	if in.Cursor == "" {
		return 0, nil
	}
	text, _, _ := strings.Cut(in.Cursor, "-")
	n, err := strconv.ParseInt(text, cursorBase, 64)
	if err != nil || n <= 0 || cursorOf(n) != in.Cursor {
		return 0, unknownCursor()
	}
	return n, nil
}

func unknownCursor() *Problem {
	return invalidField.problem("query.cursor: it is not one that a page gave. Begin without it.").at("query.cursor", "unknown cursor")
}

// pageOf cuts rows, of which one more was asked for than are shown, and returns the cursor of the next
// page; "" where there is none.
func pageOf[T any](rows []T, limit int, place func(*T) int64) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, cursorOf(place(&rows[limit-1]))
}

// cursorOf writes where a page ended, with a check, so that one that was typed or cut is not taken for the
// end of a list; "" for 0, where there is no next one.
func cursorOf(place int64) string {
	if place == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte("cursor " + strconv.FormatInt(place, 10)))
	return strconv.FormatInt(place, cursorBase) + "-" + hex.EncodeToString(sum[:3])
}
