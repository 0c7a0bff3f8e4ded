package main

import (
	"fmt"
	"io"
	"runtime"
	"text/template"
	"time"

	_ "embed"
)

//go:embed performance.md.tmpl
var page string

// row is a job at every size of chain.
type row struct {
	Job, What string
	Of        string // the job beside which it stands; "" for none
}

// print writes the page.
func (o *options) print(out io.Writer, large []results, small results) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"thousands": thousands,
		"rate":      func(r results, job string) string { return thousands(r[job].rate()) },
		"percent": func(r results, job, of string) string {
			return fmt.Sprintf("%d %%", r[job].rate()*100/max(1, r[of].rate()))
		},
		"cpu": func(r results, job string) string { // microseconds a transaction, in tenths
			tenths := int64(r[job].CPU) * 10 / max(1, r[job].Txs) / int64(time.Microsecond)
			return fmt.Sprintf("%d.%d µs", tenths/10, tenths%10)
		},
		"micros": func(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) },
		"perTx":  func(r results, job string) int64 { return r[job].Bytes / max(1, r[job].Txs) },
		"job":    func(r results, job string) result { return r[job] },
		"blocks": func(r results, job string) string {
			return thousands(r[job].Blocks * int64(time.Second) / max(1, int64(r[job].Took)))
		},
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(out, map[string]any{
		"Date": o.date, "Go": runtime.Version(), "System": runtime.GOOS + "/" + runtime.GOARCH, "Cores": runtime.NumCPU(),
		"Processor": processor(), "Memory": memoryGiB(), "InFlight": o.inFlight,
		"Args":  fmt.Sprintf("-sizes %s -small %d -in-flight %d", o.sizes, o.small, o.inFlight),
		"Large": large, "Small": small,
		"Rows": []row{
			{"drop", "the server gives the blocks to a client that drops them", ""},
			{"decode", "blocks read, decoded and checked, then dropped", "drop"},
			{"insert", "the store's bulk insert of the same rows, prepared beforehand", ""},
			{"sync", "**sync** into the store", "insert"},
			{"follow", "**follow**: one pass over all blocks, all seven rules", "decode"},
		},
	})
}
