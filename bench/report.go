package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// pageReport is what a browser takes for one report. Times are in milliseconds.
type pageReport struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	// Opening, by the page's own clock from the start of the navigation: to the first picture, and
	// until everything is loaded and the scripts have run.
	FirstPaint float64 `json:"first_paint_ms"`
	Loaded     float64 `json:"loaded_ms"`
	// Panning: the time between frames that were shown, from the browser's trace.
	Frames  int     `json:"frames"`
	P50     float64 `json:"frame_p50_ms"`
	P95     float64 `json:"frame_p95_ms"`
	Longest float64 `json:"frame_longest_ms"`
	Rule    float64 `json:"other_rule_ms"` // until everything stands under another rule
	Filter  float64 `json:"filter_ms"`     // until a filter is applied
}

// reportJob is measured by itself: it has no chain, and its time is a browser's.
const reportJob = "report"

// panSteps is how many moves of the mouse a pan has, one a frame of 60 Hz.
const panSteps = 180

// report measures how a browser opens the report in o.dir/report.html and pans its diagram:
//
//	go run ./bench -job report -dir FOLDER
//
// CLEW_CHROMIUM names a Chromium elsewhere than on the path. Every number is of one page in a window of
// 1400 by 900, without a graphics card.
func (o *options) report(ctx context.Context, out io.Writer) error {
	path, err := exec.LookPath(orDefault(os.Getenv("CLEW_CHROMIUM"), "chromium"))
	if err != nil {
		return fmt.Errorf("find a browser: %w (make setup, or set CLEW_CHROMIUM)", err)
	}
	file, err := filepath.Abs(filepath.Join(o.dir, "report.html"))
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("the report to open: %w (-dir names the folder that clew exhibit wrote)", err)
	}
	allocator, stopAll := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.DisableGPU, chromedp.WindowSize(1400, 900))...)
	defer stopAll()
	tab, stop := chromedp.NewContext(allocator)
	defer stop()
	r := pageReport{File: filepath.Base(o.dir), Bytes: info.Size()}
	if err := r.open(tab, "file://"+filepath.ToSlash(file)); err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	if err := r.pan(tab); err != nil {
		return fmt.Errorf("pan the diagram of %s: %w", file, err)
	}
	if err := r.choose(tab); err != nil {
		return fmt.Errorf("choose in %s: %w", file, err)
	}
	return json.NewEncoder(out).Encode(r)
}

func orDefault(value, instead string) string {
	if value == "" {
		return instead
	}
	return value
}

func (r *pageReport) open(tab context.Context, url string) error {
	if err := chromedp.Do(tab, chromedp.Navigate(url), chromedp.WaitReady("#stage.live")); err != nil {
		return err
	}
	times, err := chromedp.Run(tab, chromedp.Evaluate[[]float64](`(async function () {
		await new Promise(function (done) { requestAnimationFrame(function () { requestAnimationFrame(done); }); });
		return [performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.getEntriesByType('navigation')[0].loadEventEnd];
	})()`, chromedp.EvalAwaitPromise))
	if err != nil {
		return err
	}
	r.FirstPaint, r.Loaded = times[0], times[1]
	return nil
}

// pan moves the diagram with the mouse and reads from the browser's trace when frames were drawn.
func (r *pageReport) pan(tab context.Context) error {
	at, err := chromedp.Run(tab, chromedp.Evaluate[[]float64](`(function () {
		document.getElementById('flow').scrollIntoView();
		document.querySelector('.tools button[data-do="full"]').click();
		const b = document.getElementById('stage').getBoundingClientRect();
		return [b.left + b.width / 2, b.top + b.height / 2];
	})()`))
	if err != nil {
		return err
	}
	frames := &frameTimes{}
	if err := chromedp.Listen(tab, frames.take); err != nil {
		return err
	}
	if _, err := chromedp.Call(tab, tracing.Start, tracing.StartParams{TransferMode: tracing.StartTransferModeReportEvents,
		TraceConfig: &tracing.TraceConfig{IncludedCategories: []string{"disabled-by-default-devtools.timeline.frame", "devtools.timeline.frame"}}}); err != nil {
		return err
	}
	// The page moves its own pointer, once a frame, so that the driver's speed does not count.
	if _, err := chromedp.Run(tab, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(async function () {
		const stage = document.getElementById('stage'), x = %f, y = %f;
		stage.setPointerCapture = function () {};
		const send = function (type, dx, dy) {
			stage.dispatchEvent(new PointerEvent(type, { pointerId: 1, button: 0, buttons: 1, clientX: x + dx, clientY: y + dy, bubbles: true }));
		};
		send('pointerdown', 0, 0);
		for (let i = 0; i < %d; i++) {
			await new Promise(requestAnimationFrame);
			send('pointermove', 300 * Math.sin(i / 15), 120 * Math.sin(i / 9));
		}
		send('pointerup', 0, 0);
	})()`, at[0], at[1], panSteps), chromedp.EvalAwaitPromise)); err != nil {
		return err
	}
	if _, err := chromedp.Call(tab, tracing.End, cdp.Empty{}); err != nil {
		return err
	}
	between, err := frames.wait(tab)
	if err != nil {
		return err
	}
	r.Frames, r.P50, r.P95, r.Longest = len(between), part(between, 50), part(between, 95), part(between, 100)
	return nil
}

// part returns the value below which the given part of sorted values lies.
func part(sorted []float64, percent int) float64 {
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}

// frameTimes gathers when frames were drawn.
type frameTimes struct {
	mu   sync.Mutex
	at   []float64 // microseconds
	done bool
}

func (f *frameTimes) take(ev any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch ev := ev.(type) {
	case *tracing.EventDataCollected:
		for _, raw := range ev.Value {
			var e struct {
				Name string  `json:"name"`
				At   float64 `json:"ts"`
			}
			if json.Unmarshal(raw, &e) == nil && e.Name == "DrawFrame" {
				f.at = append(f.at, e.At)
			}
		}
	case *tracing.EventTracingComplete:
		f.done = true
	}
}

// wait returns the times between frames in milliseconds, in ascending order, once the browser has told all.
func (f *frameTimes) wait(ctx context.Context) ([]float64, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
		f.mu.Lock()
		at, done := slices.Sorted(slices.Values(f.at)), f.done
		f.mu.Unlock()
		if !done {
			continue
		}
		if len(at) < 2 {
			return nil, errors.New("the browser told of no frames")
		}
		var between []float64
		for i := 1; i < len(at); i++ {
			between = append(between, (at[i]-at[i-1])/1000)
		}
		slices.Sort(between)
		return between, nil
	}
}

// choose shows another rule, then a filter, and waits for the frame that shows each.
func (r *pageReport) choose(tab context.Context) error {
	times, err := chromedp.Run(tab, chromedp.Evaluate[[]float64](`(async function () {
		const frame = function () { return new Promise(function (done) { requestAnimationFrame(function () { setTimeout(done); }); }); };
		const took = async function (does) {
			const from = performance.now();
			await does();
			await frame();
			return performance.now() - from;
		};
		const select = document.getElementById('rule'), other = Array.from(select.options).find(function (o) { return !o.selected; });
		return [await took(function () { return clew.under(other.value); }), await took(function () {
			clew.state.basis = 'whole';
			return clew.filter();
		})];
	})()`, chromedp.EvalAwaitPromise))
	if err != nil {
		return err
	}
	r.Rule, r.Filter = times[0], times[1]
	return nil
}
