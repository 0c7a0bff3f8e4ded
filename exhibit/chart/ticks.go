package chart

import "time"

// step is a unit of time that an axis or a row of bars is divided by: a number of seconds, or of
// months where seconds is 0. All are counted in UTC; weeks begin on Monday.
type step struct {
	name    string
	seconds int64
	months  int
}

// steps are the divisions that people know, from fine to coarse.
func steps() []step {
	return []step{{"minute", 60, 0}, {"5 minutes", 300, 0}, {"10 minutes", 600, 0}, {"quarter of an hour", 900, 0}, {"half hour", 1800, 0}, {"hour", 3600, 0}, {"2 hours", 7200, 0},
		{"3 hours", 10800, 0}, {"6 hours", 21600, 0}, {"12 hours", 43200, 0}, {"day", 86400, 0}, {"2 days", 172800, 0}, {"week", 604800, 0}, {"2 weeks", 1209600, 0}, {"month", 0, 1}, {"quarter of a year", 0, 3},
		{"half year", 0, 6}, {"year", 0, 12}, {"2 years", 0, 24}, {"5 years", 0, 60}}
}

// monday is a Monday, 00:00 UTC, from which weeks and pairs of days are counted.
const monday = 4 * 86400

// floor is the last beginning of s at or before t.
func (s step) floor(t int64) int64 {
	if s.months == 0 {
		d := (t - monday) % s.seconds
		if d < 0 {
			d += s.seconds
		}
		return t - d
	}
	at := time.Unix(t, 0).UTC()
	n := at.Year()*12 + int(at.Month()) - 1
	n -= n % s.months
	return time.Date(n/12, time.Month(n%12+1), 1, 0, 0, 0, 0, time.UTC).Unix()
}

// next is the beginning of s after the one at t.
func (s step) next(t int64) int64 {
	if s.months == 0 {
		return t + s.seconds
	}
	return time.Unix(t, 0).UTC().AddDate(0, s.months, 0).Unix()
}

// cuts are the beginnings of s from that at or before from to the first after to.
func (s step) cuts(from, to int64) []int64 {
	at := s.floor(from)
	out := []int64{at}
	for at <= to {
		at = s.next(at)
		out = append(out, at)
	}
	return out
}

// finest is the finest step that divides a span into no more parts than limit; the coarsest where none does.
func finest(from, to int64, limit int) step {
	all := steps()
	for _, s := range all {
		least := s.seconds
		if s.months > 0 {
			least = int64(s.months) * 28 * 86400
		}
		if (to-from)/least <= int64(2*limit) && len(s.cuts(from, to)) <= limit+1 {
			return s
		}
	}
	return all[len(all)-1]
}

// label writes a tick of s: what changes from tick to tick, and below it, where that changes, the day.
func (s step) label(t int64) (mark, below string) {
	at := time.Unix(t, 0).UTC()
	switch {
	case s.months >= 12:
		return at.Format("2006"), ""
	case s.months > 0:
		return at.Format("2006-01"), ""
	case s.seconds >= 86400:
		return at.Format(time.DateOnly), ""
	}
	return at.Format("15:04"), at.Format(time.DateOnly)
}
