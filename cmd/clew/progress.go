package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"clew/chains"
)

// meter shows how far a job over blocks is: a bar on a terminal, JSON lines with --json,
// nothing otherwise and nothing with --quiet. Its Update is an ingest.Progress.
type meter struct {
	job      string
	now      func() time.Time
	started  time.Time
	shown    time.Time
	interval time.Duration // between two JSON lines
	lines    io.Writer     // JSON lines; nil for none
	bar      *progressbar.ProgressBar
	barOut   io.Writer
	last     progressMessage
	files    bool // it counts files, not blocks
}

// progressMessage is a line of progress with --json. Rates are whole numbers a second.
type progressMessage struct {
	MessageType  string `json:"message_type"` // "progress"
	Job          string `json:"job"`
	Done         int64  `json:"done"`  // blocks, or files of an index
	Total        int64  `json:"total"` // the same; 0: not known
	Transactions int64  `json:"transactions"`
	Height       int64  `json:"height"` // of the block read last
	BlocksPerSec int64  `json:"blocks_per_second"`
	TxPerSec     int64  `json:"transactions_per_second"`
	SecondsLeft  *int64 `json:"seconds_left"` // null: not known
}

// newMeter starts the clock of job.
func newMeter(w *world, job string) *meter {
	m := &meter{job: job, now: w.now, started: w.now(), interval: time.Second}
	switch {
	case w.quiet:
	case w.json:
		m.lines = w.stderr
	case isTerminal(w.stderr):
		m.barOut = w.stderr
	}
	return m
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Update tells that done of total blocks are read (0: total not known), with txs
// transactions so far, and that at was the last one.
func (m *meter) Update(done, total, txs int64, at chains.BlockRef) {
	now := m.now()
	m.last = m.message(done, total, txs, at.Height, now)
	switch {
	case m.lines != nil && now.Sub(m.shown) >= m.interval:
		m.shown = now
		m.writeLine()
	case m.barOut != nil:
		m.draw(done, total)
	}
}

// Done ends the display: the bar is taken away, or the last line is written.
func (m *meter) Done() {
	switch {
	case m.lines != nil && m.last.MessageType != "":
		m.writeLine()
	case m.bar != nil:
		// A terminal that is gone cannot be told so.
		_ = m.bar.Clear()
	}
}

func (m *meter) message(done, total, txs, height int64, at time.Time) progressMessage {
	spent := max(1, at.Sub(m.started).Milliseconds())
	p := progressMessage{
		MessageType: "progress", Job: m.job, Done: done, Total: total, Transactions: txs, Height: height,
		BlocksPerSec: done * 1000 / spent, TxPerSec: txs * 1000 / spent,
	}
	if done > 0 && total >= done {
		left := (total - done) * spent / done / 1000
		p.SecondsLeft = &left
	}
	return p
}

// left says how long it will take still, at the rate so far.
func (p *progressMessage) left() string {
	if p.SecondsLeft == nil {
		return ""
	}
	switch s := *p.SecondsLeft; {
	case s >= 3600:
		return fmt.Sprintf(", %d h %d min left", s/3600, s%3600/60)
	case s >= 60:
		return fmt.Sprintf(", %d min %d s left", s/60, s%60)
	default:
		return fmt.Sprintf(", %d s left", s)
	}
}

func (m *meter) writeLine() {
	line, err := json.Marshal(m.last)
	if err != nil {
		line = []byte(`{"message_type":"progress"}`)
	}
	_, _ = fmt.Fprintf(m.lines, "%s\n", line)
}

// draw shows the bar: what is done, the share of the whole, rate and time left.
func (m *meter) draw(done, total int64) {
	if total <= 0 {
		total = -1
	}
	if m.bar == nil {
		m.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(m.barOut),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetTheme(progressbar.ThemeASCII),
		)
	}
	if m.files {
		m.bar.Describe(m.job + m.last.left())
	} else {
		m.bar.Describe(fmt.Sprintf("%s: block %d, %s tx/s%s", m.job, m.last.Height, grouped(m.last.TxPerSec), m.last.left()))
	}
	if total > 0 && total != m.bar.GetMax64() {
		m.bar.ChangeMax64(total)
	}
	_ = m.bar.Set64(done)
}
