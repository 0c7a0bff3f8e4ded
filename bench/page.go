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
func (o *options) print(out io.Writer, m measured) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"thousands": thousands,
		"rate":      func(r results, job string) string { return thousands(r[job].rate()) },
		"percent": func(r results, job, of string) string {
			return percent(r[job].rate(), r[of].rate())
		},
		"cpu":     func(r results, job string) string { return r[job].perTx(r[job].CPU) },
		"nodeCPU": func(r nodeRow) string { return r.perTx(r.NodeCPU) },
		"ownCPU":  func(r nodeRow) string { return r.perTx(r.CPU) },
		"micros":  func(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) },
		"perTx":   func(r results, job string) int64 { return r[job].Bytes / max(1, r[job].Txs) },
		"job":     func(r results, job string) result { return r[job] },
		"blocks": func(r results, job string) string {
			return thousands(r[job].Blocks * int64(time.Second) / max(1, int64(r[job].Took)))
		},
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(out, map[string]any{
		"Date": o.date, "Go": runtime.Version(), "System": runtime.GOOS + "/" + runtime.GOARCH, "Cores": cores(),
		"Processor": processor(), "Memory": memoryGiB(), "InFlight": o.inFlight,
		"Args": o.arguments(), "Page": map[bool]string{false: "docs/performance.md", true: "docs/performance-accounts.md"}[o.only == onlyEVM],
		"Large": m.Large, "Small": m.Small, "Nodes": m.Nodes, "NodeBlocks": o.nodeBlocks, "NodeTxs": int64(nodeTxs), "EVM": m.EVM,
		"Rows": []row{
			{"drop", "the server gives the blocks to a client that drops them", ""},
			{"decode", "blocks read, decoded and checked, then dropped", "drop"},
			{"insert", "the store's bulk insert of the same rows, prepared beforehand", ""},
			{"sync", "**sync** into the store", "insert"},
			{"follow", "**follow**: one pass over all blocks, all seven rules", "decode"},
		},
	})
}

// arguments returns what repeats the run.
func (o *options) arguments() string {
	text := fmt.Sprintf("-sizes %s -small %d -node-blocks %d -in-flight %d", o.sizes, o.small, o.nodeBlocks, o.inFlight)
	if o.only == onlyEVM {
		text = fmt.Sprintf("-only %s -in-flight %d", o.only, o.inFlight)
	} else if o.only != "" {
		text += " -only " + o.only
	}
	if o.only == onlyEVM || o.only == "" {
		text += fmt.Sprintf(" -evm-blocks %d", o.evmBlocks)
	}
	if o.quick {
		text += " -quick"
	}
	return text
}

// perTx writes a time by transaction, in tenths of microseconds.
func (r result) perTx(t time.Duration) string {
	tenths := int64(t) * 10 / max(1, r.Txs) / int64(time.Microsecond)
	return fmt.Sprintf("%d.%d µs", tenths/10, tenths%10)
}

// percent writes n as a part of whole.
func percent(n, whole int64) string { return fmt.Sprintf("%d %%", n*100/max(1, whole)) }
