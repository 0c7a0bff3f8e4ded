package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"clew/chains/bitcoin/nodetest"
)

// service puts one before the script's node that wants something of its clients, or is wrong,
// and sets $SERVICE to its URL:
//
//	keyed NAME VALUE     refuses requests without that header
//	paced N              refuses whoever sends more than N requests a second
//	wrong N              changes a byte of each block after the Nth
func (p *played) service(ts *testscript.TestScript, args []string) {
	refused := http.StatusUnauthorized
	var allows func(*http.Request) bool
	switch {
	case len(args) == 3 && args[0] == "keyed":
		allows = func(r *http.Request) bool { return r.Header.Get(args[1]) == args[2] }
	case len(args) == 2 && args[0] == "paced":
		refused, allows = http.StatusForbidden, paced(atoi(ts, args[1]))
	case len(args) == 2 && args[0] == "wrong":
		ts.Setenv("SERVICE", p.wrong(atoi(ts, args[1])))
		return
	default:
		ts.Fatalf("usage: node service keyed NAME VALUE | paced N | wrong N")
	}
	target, err := url.Parse(p.node.URL)
	ts.Check(err)
	forward := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allows(r) {
			w.WriteHeader(refused)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	p.tb.Cleanup(server.Close)
	ts.Setenv("SERVICE", server.URL)
}

// paced allows request n when at least n−1 gaps have gone by since the first one. That one may
// have been long on its way.
func paced(perSecond int) func(*http.Request) bool {
	const slack = 200 * time.Millisecond
	gap := time.Second / time.Duration(perSecond)
	var mu sync.Mutex
	var first time.Time
	n := 0
	return func(*http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if n++; n == 1 {
			first = time.Now()
		}
		return time.Since(first)+slack >= time.Duration(n-1)*gap
	}
}

// wrong returns the URL of a node whose blocks after the nth are not what they should be.
func (p *played) wrong(n int) string {
	var passed atomic.Int64
	return p.node.Proxy(p.tb, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		if strings.HasPrefix(q.Path, "/rest/block/") && passed.Add(1) > int64(n) {
			r.Body[len(r.Body)-1] ^= 1
		}
	}})
}
