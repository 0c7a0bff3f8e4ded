package rpc

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// pace holds requests back: so many a second, and none before a moment that the node has
// named. Safe for concurrent use.
type pace struct {
	gap  time.Duration // between two requests; 0 for none
	mu   sync.Mutex
	next time.Time // the earliest moment of the next request
}

// newPace allows perSecond requests a second, any number for 0.
func newPace(perSecond int) *pace {
	if perSecond <= 0 {
		return &pace{}
	}
	return &pace{gap: time.Second / time.Duration(perSecond)}
}

// wait returns when the next request may be sent, or with the error of ctx.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	at := p.next
	if at.Before(now) {
		at = now
	}
	p.next = at.Add(p.gap)
	p.mu.Unlock()
	if !at.After(now) {
		return nil
	}
	timer := time.NewTimer(at.Sub(now))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// hold lets no request pass before until.
func (p *pace) hold(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next.Before(until) {
		p.next = until
	}
}

// retryAfter reads what a node says of when to ask again, seconds or a date after RFC 9110;
// 0 where it says nothing that can be read, and an hour at most.
func retryAfter(text string, now time.Time) time.Duration {
	pause := time.Duration(0)
	if seconds, err := strconv.Atoi(text); err == nil {
		pause = time.Duration(min(max(seconds, 0), 3600)) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		pause = at.Sub(now)
	}
	return min(max(pause, 0), time.Hour)
}

// remarkAfter is how long a request may take before a line in the log says so; half of its time
// limit where that is shorter.
const remarkAfter = 10 * time.Second

// remind says from time to time that an answer is waited for, until it is called off.
func (c *Client) remind() (stop func()) {
	started := time.Now()
	var timer *time.Timer
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(c.remark, func() {
		mu.Lock()
		defer mu.Unlock()
		c.log.Warn("waiting for the node", "node", c.String(),
			"for", time.Since(started).Round(time.Second), "at_most", c.timeout)
		timer.Reset(c.remark)
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
	}
}
