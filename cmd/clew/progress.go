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
	files    bool       // it counts files, not blocks
	written  bool       // last is the line that was written last
	width    func() int // columns of the terminal, 0 where it does not tell
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
		m.width = func() int { return columns(w.stderr) }
	}
	return m
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// columns returns how wide a terminal is, 0 where it does not tell.
func columns(out io.Writer) int {
	f, ok := out.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Update tells that done of total blocks are read (0: total not known), with txs
// transactions so far, and that at was the last one.
func (m *meter) Update(done, total, txs int64, at chains.BlockRef) {
	now := m.now()
	m.last, m.written = m.message(done, total, txs, at.Height, now), false
	switch {
	case m.lines != nil && now.Sub(m.shown) >= m.interval:
		m.shown = now
		m.writeLine()
	case m.barOut != nil && m.narrow() && now.Sub(m.shown) >= drawEvery:
		m.shown = now
		m.drawNarrow()
	case m.barOut != nil && !m.narrow():
		m.draw(done, total)
	}
}

// Done ends the display: the bar is taken away, or the last line is written.
func (m *meter) Done() {
	switch {
	case m.lines != nil && m.last.MessageType != "" && !m.written:
		m.writeLine()
	case m.bar != nil:
		// A terminal that is gone cannot be told so.
		_ = m.bar.Clear()
	case m.barOut != nil && m.last.MessageType != "":
		_, _ = io.WriteString(m.barOut, clearLine)
	}
}

func (m *meter) message(done, total, txs, height int64, at time.Time) progressMessage {
	spent := max(1, at.Sub(m.started).Milliseconds())
	p := progressMessage{
		MessageType: "progress", Job: m.job, Done: done, Total: total, Transactions: txs, Height: height,
		BlocksPerSec: done * 1000 / spent, TxPerSec: txs * 1000 / spent,
	}
	if m.files {
		p.BlocksPerSec = 0
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
	m.written = true
	line, err := json.Marshal(m.last)
	if err != nil {
		line = []byte(`{"message_type":"progress"}`)
	}
	_, _ = fmt.Fprintf(m.lines, "%s\n", line)
}

const (
	drawEvery = 100 * time.Millisecond
	barWidth  = 120 // columns that words, bar and counts take
	clearLine = "\r\x1b[K"
)

// narrow reports whether the terminal has no room for the bar.
func (m *meter) narrow() bool {
	width := m.width()
	return width > 0 && width < barWidth
}

// drawNarrow shows the words alone, cut to the terminal's width.
func (m *meter) drawNarrow() {
	text := m.describe()
	_, _ = io.WriteString(m.barOut, clearLine+text[:min(len(text), m.width()-1)])
}

// describe says in ASCII what is done, at which rate, and how long it takes still.
func (m *meter) describe() string {
	if m.files {
		return m.job + m.last.left()
	}
	return fmt.Sprintf("%s: block %d, %s tx/s%s", m.job, m.last.Height, grouped(m.last.TxPerSec), m.last.left())
}

// draw shows the bar: what is done, the share of the whole, rate and time left.
func (m *meter) draw(done, total int64) {
	if total <= 0 {
		total = -1
	}
	if m.bar == nil {
		m.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(m.barOut),
			progressbar.OptionThrottle(drawEvery),
			progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetTheme(progressbar.ThemeASCII),
		)
	}
	m.bar.Describe(m.describe())
	if total > 0 && total != m.bar.GetMax64() {
		m.bar.ChangeMax64(total)
	}
	_ = m.bar.Set64(done)
}
