package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"
)

const minuteHead = "minute   answered  failed   p50 ms   p99 ms  p99.9 ms    max ms   CPU %   RSS MiB  of no file  goroutines  files  journal MiB  height  behind"

// line is a minute's.
func (m *minute) line(n int) string {
	s := m.all()
	return fmt.Sprintf("%6d %10d %7d %8s %8s %9s %9s %7d %9d %11d %11d %6d %12d %7d %7d\n", n, s.n, m.failed, millis(s.at(500)), millis(s.at(990)), millis(s.at(999)),
		millis(s.max), int64(m.CPU)*100/max(1, int64(m.Took)), m.RSS, m.Anon, m.Goroutines, m.Files, m.Journal>>20, m.Height, m.Behind)
}

// millis writes a time in milliseconds.
func millis(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }

// summary is what a load found in all.
func (r *loaded) summary() string {
	out := &bytes.Buffer{}
	fmt.Fprintln(out)
	if r.Most > 0 {
		fmt.Fprintf(out, "%d requests a second were answered with nothing between them, over %d connections.\n", r.Most, loadWires)
	}
	fmt.Fprintf(out, "%-9s %10s %8s %8s %9s %9s\n", "kind", "answered", "p50 ms", "p99 ms", "p99.9 ms", "max ms")
	for _, kind := range slices.Sorted(maps.Keys(r.Total.kinds)) {
		s := r.Total.kinds[kind]
		fmt.Fprintf(out, "%-9s %10d %8s %8s %9s %9s\n", kind, s.n, millis(s.at(500)), millis(s.at(990)), millis(s.at(999)), millis(s.max))
	}
	fmt.Fprintf(out, "%d requests failed. %d blocks were found, one each %s. %d jobs were accepted and ended. %d events came by webhook.\n",
		r.Total.failed, r.Blocks, r.Every, r.Jobs, r.Events)
	fmt.Fprintf(out, "The log of calls has %d entries, and every hash of it agrees. Goroutines: %d before, %d after. Open files: %d before, %d after.\n",
		r.Logged, r.Before.Goroutines, r.After.Goroutines, r.Before.Files, r.After.Files)
	return out.String()
}

// Text is the load as it is printed.
func (r *loaded) Text() string {
	text := minuteHead + "\n"
	for i := range r.Minutes {
		text += r.Minutes[i].line(i + 1)
	}
	return text + r.summary()
}
