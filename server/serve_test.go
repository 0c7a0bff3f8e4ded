package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/server"
	"clew/store/journal"
)

// address is a listener's address that a test states.
type address struct {
	net.Listener
	at net.Addr
}

func (a address) Addr() net.Addr { return a.at }

// TestWhoMayServe: what would be open to everybody, or of use to nobody, does not start.
func TestWhoMayServe(t *testing.T) {
	public := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}
	for name, c := range map[string]struct {
		noAuth, plain, keys bool
		at                  net.Addr
		want                error
	}{
		"no key":                        {want: server.ErrNoKey},
		"no key, none needed":           {noAuth: true},
		"a key":                         {keys: true},
		"none needed, where others are": {noAuth: true, at: public, want: server.ErrOpen},
		"readable, where others are":    {keys: true, at: public, want: server.ErrPlain},
		"readable, as asked for":        {keys: true, plain: true, at: public},
	} {
		t.Run(name, func(t *testing.T) {
			w := newStill(t, func(w *world) { w.opt.NoAuth, w.opt.Plain = c.noAuth, c.plain })
			if !c.keys {
				for _, text := range w.keys {
					require.NoError(t, w.journal.Do(t.Context(), func(tx *journal.Tx) error { return tx.RevokeKey(strings.Split(text, "_")[1]) }))
				}
			}
			srv, err := server.New(w.opt)
			require.NoError(t, err)
			l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			if c.at != nil {
				l = address{l, c.at}
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			require.ErrorIs(t, srv.Serve(ctx, l), c.want)
		})
	}
}

// TestWithoutKeys: with NoAuth everybody on this machine may do everything.
func TestWithoutKeys(t *testing.T) {
	w := newWorld(t, func(w *world) { w.opt.NoAuth = true; clear(w.keys) })
	require.Equal(t, 200, w.ask("", http.MethodPost, "/v1/screenings", subject(stolenDeposit())).StatusCode)
	require.Equal(t, 200, w.ask("", http.MethodGet, "/v1/keys", "").StatusCode)
}

// pair writes a certificate for 127.0.0.1 and its key, and returns the certificate.
func pair(t *testing.T, dir string, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
		at := time.Now().Add(time.Duration(serial) * time.Minute) // another time, however coarse the clock of files is
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), at, at))
	}
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert
}

// TestTLS: the API answers over TLS, and takes a new certificate while it runs.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert := pair(t, dir, 1)
	w := newStill(t)
	l, err := server.Listen(t.Context(), server.Address{TCP: "127.0.0.1:0", CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")})
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	w.serveOn(l, "https://"+l.Addr().String(), tr)
	r := w.ask(server.Read, http.MethodGet, "/v1/rules", "")
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, 2, r.ProtoMajor)

	pool.AddCert(pair(t, dir, 2))
	require.Eventually(t, func() bool {
		return w.ask(server.Read, http.MethodGet, "/v1/rules", "").TLS.PeerCertificates[0].SerialNumber.Int64() == 2
	}, 10*time.Second, 50*time.Millisecond)

	// A file that is cut off, as while it is being written, leaves the one before in use.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("-----BEGIN"), 0o600))
	require.Equal(t, 200, w.ask(server.Read, http.MethodGet, "/v1/rules", "").StatusCode)

	_, err = server.Listen(t.Context(), server.Address{TCP: "127.0.0.1:0", CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")})
	require.ErrorContains(t, err, "certificate")
	_, err = server.Listen(t.Context(), server.Address{TCP: "127.0.0.1:0", CertFile: "x"})
	require.ErrorContains(t, err, "both")
	_, err = server.Listen(t.Context(), server.Address{})
	require.Error(t, err)
}

// TestUnixSocket: a socket is its owner's alone, replaces one that is left over, and is gone behind the end.
func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "clew") //nolint:usetesting // the path of a socket has to be short
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	path := filepath.Join(dir, "api")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	left.SetUnlinkOnClose(false)
	require.NoError(t, left.Close())

	w := newStill(t)
	l, err := server.Listen(t.Context(), server.Address{Unix: path})
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	w.serveOn(l, "http://clew", &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}})
	require.Equal(t, 200, w.ask(server.Read, http.MethodGet, "/v1/rules", "").StatusCode)
	_, err = server.Listen(t.Context(), server.Address{Unix: path})
	require.ErrorContains(t, err, "somebody answers")
	require.NoError(t, w.end())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)

	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err = server.Listen(t.Context(), server.Address{Unix: path})
	require.ErrorContains(t, err, "no socket")
}

// TestStopUnderLoad: what was accepted before the end is answered whole, and every job that was told to
// have been accepted is there.
func TestStopUnderLoad(t *testing.T) {
	w := newWorld(t, func(w *world) { w.opt.Limits.Jobs = 1 })
	type told struct {
		job    string
		status int
	}
	var mu sync.Mutex
	var answers []told
	var load sync.WaitGroup
	first := make(chan struct{})
	var once sync.Once
	for range 8 {
		load.Go(func() {
			for {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/v1/screenings", strings.NewReader(subject(w.walked(), `,"mode":"async"`)))
				require.NoError(t, err)
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Authorization", "Bearer "+w.keys[server.Screen])
				res, err := w.client.Do(req)
				if err != nil {
					return // it does not listen any more
				}
				var b bytes.Buffer
				_, err = b.ReadFrom(res.Body)
				require.NoError(t, err, "an answer that began is whole")
				require.NoError(t, res.Body.Close())
				mu.Lock()
				answers = append(answers, told{strings.TrimPrefix(res.Header.Get("Location"), "/v1/jobs/"), res.StatusCode})
				if len(answers) > 100 {
					once.Do(func() { close(first) })
				}
				mu.Unlock()
			}
		})
	}
	<-first
	require.NoError(t, w.end())
	load.Wait()
	accepted := 0
	for _, a := range answers {
		if a.status == http.StatusServiceUnavailable {
			continue // it was told to come back
		}
		require.Equal(t, http.StatusAccepted, a.status)
		accepted++
		job, err := w.journal.Job(t.Context(), a.job)
		require.NoError(t, err)
		require.NotEqual(t, journal.JobRunning, job.State, "what was running went back into the queue")
	}
	require.Greater(t, accepted, 100)

	// The next server goes on with them.
	w.serve()
	require.Eventually(t, func() bool {
		counts, err := w.journal.Counts(t.Context())
		require.NoError(t, err)
		return counts.Jobs[journal.JobQueued]+counts.Jobs[journal.JobRunning] == 0
	}, 60*time.Second, 20*time.Millisecond)
}

// TestStopEndsBatches: a batch that is under way when the server stops ends with a line for each subject.
func TestStopEndsBatches(t *testing.T) {
	slow := make(chan struct{})
	w := newWorld(t, func(w *world) { w.opt.Limits.Drain = 100 * time.Millisecond })
	gated := &gatedFacts{Chains: views{w.store}, open: slow, met: make(chan struct{})}
	s, err := screen.New(screen.Config{Policy: screen.DefaultPolicy(), Codec: w.opt.Codec, Chains: gated, Heads: w.state.Load().Screener.Heads()})
	require.NoError(t, err)
	w.state.Store(&server.State{Screener: s, Policy: screen.DefaultPolicy()})
	var r *reply
	var asking sync.WaitGroup
	lines := []string{subject(`{"chain":"litecoin","txid":"` + peelSeed + `"}`)}
	for n := range 200 {
		lines = append(lines, subject(w.walked(), fmt.Sprintf(`,"budget":{"transactions":%d}`, n+1)))
	}
	asking.Go(func() {
		r = w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch", strings.Join(lines, "\n"), "Content-Type", "application/x-ndjson")
	})
	<-gated.met
	require.NoError(t, w.end())
	asking.Wait()
	got := linesOf(t, r.body)
	require.Len(t, got, len(lines))
	require.Equal(t, "/problems/stopping", got[len(got)-1].Problem.Type)
}

// gatedFacts opens a chain once it may.
type gatedFacts struct {
	screen.Chains
	open, met chan struct{}
	once      sync.Once
}

func (g *gatedFacts) Facts(ctx context.Context, chain chains.Chain, asOf int64) (screen.Facts, error) {
	g.once.Do(func() { close(g.met) })
	select {
	case <-g.open:
		return g.Chains.Facts(ctx, chain, asOf)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestJobsGoBack: a job that the server's end cuts off is tried again by the next one.
func TestJobsGoBack(t *testing.T) {
	never := make(chan struct{})
	w := newWorld(t)
	gated := &gatedFacts{Chains: views{w.store}, open: never, met: make(chan struct{})}
	whole := w.state.Load()
	s, err := screen.New(screen.Config{Policy: screen.DefaultPolicy(), Codec: w.opt.Codec, Chains: gated, Heads: whole.Screener.Heads()})
	require.NoError(t, err)
	w.state.Store(&server.State{Screener: s, Policy: screen.DefaultPolicy()})
	r := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"async"`))
	require.Equal(t, 202, r.StatusCode)
	<-gated.met
	require.NoError(t, w.end())
	var job server.Job
	r.json(&job)
	kept, err := w.journal.Job(t.Context(), job.ID)
	require.NoError(t, err)
	require.Equal(t, journal.JobQueued, kept.State)
	require.Equal(t, "the server stopped", kept.Error)
	w.state.Store(whole)
	w.serve()
	require.Eventually(t, func() bool {
		kept, err = w.journal.Job(t.Context(), job.ID)
		require.NoError(t, err)
		return kept.State == journal.JobDone
	}, 20*time.Second, 10*time.Millisecond, "%+v", kept)
	require.Equal(t, 2, kept.Attempts)
}

// TestJobsThatEndTheProcess: a job in whose midst the process died again and again is given up.
func TestJobsThatEndTheProcess(t *testing.T) {
	w := newStill(t)
	require.NoError(t, w.journal.Do(t.Context(), func(tx *journal.Tx) error {
		_, err := tx.AddJob(journal.Job{ID: "job-deadly", Kind: "screening", Request: []byte(`{"subject":` + w.walked() + `}`)})
		return err
	}))
	for range 5 {
		_, ok, err := w.journal.ClaimJob(t.Context(), "a process that died", time.Nanosecond)
		require.NoError(t, err)
		require.True(t, ok)
	}
	w.serve()
	require.Eventually(t, func() bool {
		job, err := w.journal.Job(t.Context(), "job-deadly")
		require.NoError(t, err)
		return job.State == journal.JobFailed && strings.Contains(job.Error, "begun 5 times")
	}, 20*time.Second, 10*time.Millisecond)
}

// TestWhoeverAskedHasGone: that is no error of ours.
func TestWhoeverAskedHasGone(t *testing.T) {
	w := newWorld(t)
	gated := &gatedFacts{Chains: views{w.store}, open: make(chan struct{}), met: make(chan struct{})}
	s, err := screen.New(screen.Config{Policy: screen.DefaultPolicy(), Codec: w.opt.Codec, Chains: gated, Heads: w.state.Load().Screener.Heads()})
	require.NoError(t, err)
	w.state.Store(&server.State{Screener: s, Policy: screen.DefaultPolicy()})
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/v1/screenings", strings.NewReader(subject(w.walked())))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+w.keys[server.Screen])
	go func() { <-gated.met; leave() }()
	_, err = w.client.Do(req) //nolint:bodyclose // there is no answer
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool { return strings.Contains(w.log.String(), "status=499") }, 10*time.Second, 5*time.Millisecond)
	require.NotContains(t, w.log.String(), "level=ERROR")
}
