package server

import "strconv"

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
	n, err := strconv.ParseInt(in.Cursor, cursorBase, 64)
	if err != nil || n <= 0 {
		return 0, invalidField.problem("query.cursor: it is not one that a page gave. Begin without it.").at("query.cursor", "unknown cursor")
	}
	return n, nil
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

// cursorOf writes where a page ended; "" for 0, where there is no next one.
func cursorOf(place int64) string {
	if place == 0 {
		return ""
	}
	return strconv.FormatInt(place, cursorBase)
}
