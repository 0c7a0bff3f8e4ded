package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Address is where a server listens: at TCP, or at a Unix socket.
type Address struct {
	TCP  string // host:port
	Unix string // path of the socket; it is made for its owner alone
	// CertFile and KeyFile are PEM files; "": without TLS. They are read again when they change.
	CertFile, KeyFile string
}

// Listen begins to listen. The caller closes the listener, or hands it to Serve.
func Listen(ctx context.Context, a Address) (net.Listener, error) {
	if (a.TCP == "") == (a.Unix == "") {
		return nil, errors.New("listen on an address, or on a Unix socket: exactly one of them")
	}
	if (a.CertFile == "") != (a.KeyFile == "") {
		return nil, errors.New("TLS needs both a certificate's file and its key's")
	}
	var l net.Listener
	var err error
	if a.Unix != "" {
		l, err = listenUnix(ctx, a.Unix)
	} else {
		var c net.ListenConfig
		l, err = c.Listen(ctx, "tcp", a.TCP)
	}
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	if a.CertFile == "" {
		return l, nil
	}
	certs := &certificate{cert: a.CertFile, key: a.KeyFile}
	if _, err := certs.get(nil); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return sealed{tls.NewListener(l, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: certs.get,
	})}, nil
}

// sealed is a listener with TLS.
type sealed struct{ net.Listener }

// Sealed says that nobody on the way can read.
func (sealed) Sealed() {}

// listenUnix makes a socket that its owner alone can use. One that is left of a process that died is
// replaced; one at which somebody answers is not.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	var d net.Dialer
	if there, err := d.DialContext(ctx, "unix", path); err == nil {
		return nil, errors.Join(fmt.Errorf("somebody answers at %s already", path), there.Close())
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != fs.ModeSocket {
			return nil, fmt.Errorf("%s is there and is no socket", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("removing an old socket: %w", err)
		}
	}
	// Made in a folder of its own, nobody can connect before its mode is set.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".clew-")
	if err != nil {
		return nil, fmt.Errorf("making a socket: %w", err)
	}
	defer func() { _ = os.Remove(dir) }() // it is empty by now, or its socket's error stands
	var c net.ListenConfig
	l, err := c.Listen(ctx, "unix", filepath.Join(dir, "s"))
	if err != nil {
		return nil, err
	}
	unix := l.(*net.UnixListener)
	unix.SetUnlinkOnClose(false)
	err = os.Chmod(filepath.Join(dir, "s"), 0o600)
	if err == nil {
		err = os.Rename(filepath.Join(dir, "s"), path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the socket %s: %w", path, err), l.Close())
	}
	return &socket{Listener: l, path: path}, nil
}

// socket removes its file when it is closed.
type socket struct {
	net.Listener
	path string
	once sync.Once
}

// Addr is where the socket is now.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }

// Close ends the listener and removes the file.
func (s *socket) Close() error {
	err := s.Listener.Close()
	s.once.Do(func() {
		if gone := os.Remove(s.path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	})
	return err
}

// certificate is read from files, and again when they change.
type certificate struct {
	cert, key string

	mu      sync.Mutex
	held    *tls.Certificate
	changed [2]time.Time // of the files, when they were read
	looked  time.Time
}

// certEvery is how often the files are looked at.
const certEvery = time.Second

// get returns the certificate. Files that cannot be read, or do not fit each other, as while they are
// being replaced, leave the one before in use.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil && time.Since(c.looked) < certEvery {
		return c.held, nil
	}
	c.looked = time.Now()
	changed, err := c.times()
	if err == nil && (c.held == nil || changed != c.changed) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.cert, c.key); err == nil {
			c.held, c.changed = &pair, changed
		}
	}
	if c.held != nil {
		return c.held, nil
	}
	return nil, fmt.Errorf("reading the certificate and its key: %w", err)
}

func (c *certificate) times() (at [2]time.Time, err error) {
	for i, name := range []string{c.cert, c.key} {
		info, err := os.Stat(name)
		if err != nil {
			return at, err
		}
		at[i] = info.ModTime()
	}
	return at, nil
}
