package server

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// bucket is what a key may still ask for: it fills at a rate, and each request takes a token.
type bucket struct {
	*rate.Limiter
	policy string // as the header RateLimit-Policy says it
}

func newBucket(perSecond, burst int) *bucket {
	burst = max(burst, 1)
	return &bucket{
		Limiter: rate.NewLimiter(rate.Limit(perSecond), burst),
		policy:  fmt.Sprintf(`"key";q=%d;w=%d`, burst, (burst+perSecond-1)/perSecond),
	}
}

// take takes n tokens, and more than the burst as all of it. Where there are too few it takes none, and
// says how long until there are enough.
func (b *bucket) take(now time.Time, n int) (wait time.Duration) {
	r := b.ReserveN(now, min(n, b.Burst()))
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// spend takes tokens of the key of a call and writes how many are left, in the headers of
// draft-ietf-httpapi-ratelimit-headers.
func (s *Server) spend(c *call, h http.Header, tokens int) *Problem {
	if c.key == nil {
		return nil
	}
	b, now := c.key.bucket, s.opt.Now()
	wait := b.take(now, tokens)
	h["Ratelimit-Policy"] = []string{b.policy}
	left := max(int(b.TokensAt(now)), 0)
	seconds := int((wait + time.Second - 1) / time.Second)
	h["Ratelimit"] = []string{`"key";r=` + strconv.Itoa(left) + ";t=" + strconv.Itoa(max(seconds, 1))}
	if wait == 0 {
		return nil
	}
	return rateLimited.problem("The key %s has used up its rate (%s). Wait %d s.", c.key.ID, b.policy, seconds).after(seconds)
}
