package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// judge says what must not be.
func (r *loaded) judge() {
	wrong := func(format string, args ...any) { r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...)) }
	r.Total.join(&r.probed)
	if r.Total.failed > 0 {
		wrong("%d requests failed, the first of them:\n    %s", r.Total.failed, strings.Join(r.Total.faults, "\n    "))
	}
	if n := r.After.Goroutines - r.Before.Goroutines; n > mostLeft {
		wrong("%d goroutines are left over (%d before, %d after)", n, r.Before.Goroutines, r.After.Goroutines)
	}
	if n := r.After.Files - r.Before.Files; n > mostFiles {
		wrong("%d files are left open (%d before, %d after)", n, r.Before.Files, r.After.Files)
	}
	if r.Blocks > 0 && r.Events == 0 {
		wrong("%d blocks were found, and no event of what is watched came", r.Blocks)
	}
	if len(r.Minutes) < growthSince {
		for i := range r.Minutes {
			if m := &r.Minutes[i]; m.Anon > mostShort {
				wrong("it takes %d MiB of memory, of %d at most", m.Anon, mostShort)
			}
		}
		return
	}
	quarter := len(r.Minutes) / 4
	if early, late := memoryOf(r.Minutes[1:1+quarter]), memoryOf(r.Minutes[len(r.Minutes)-quarter:]); late > early+mostGrowth {
		wrong("memory grows: %d MiB in the first quarter, %d MiB in the last", early, late)
	}
}

// memoryOf is the least memory that is of no file: what a trace or a walk takes for a moment comes and goes.
func memoryOf(part []minute) int64 {
	least := part[0].Anon
	for i := range part {
		least = min(least, part[i].Anon)
	}
	return least
}

// checkLog checks, once the server has ended, every hash of the log of calls, and that it has the calls.
func (r *loaded) checkLog(ctx context.Context, h *house) {
	text, err := h.run(ctx, "log", "verify", "--calls", "--json")
	var log struct{ Count int64 }
	if err == nil {
		err = json.Unmarshal([]byte(text), &log)
	}
	if r.Logged = log.Count; err != nil {
		r.Wrong = append(r.Wrong, err.Error())
	} else if r.Logged < r.Answered {
		r.Wrong = append(r.Wrong, fmt.Sprintf("%d calls were answered, and the log has %d", r.Answered, r.Logged))
	}
}
