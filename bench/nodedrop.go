package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// leastTx is what a transaction takes at least, in bytes, in any answer: less than that is
// an error, which some nodes give with status 200.
const leastTx = 100

// nodeDrop has the node give the blocks that it was filled with, by o.way, and drops them.
func (o *options) nodeDrop(ctx context.Context) (res result, err error) {
	f, err := o.readNode()
	if err != nil {
		return res, err
	}
	things, read, err := f.dropper(ctx, o.way, o.inFlight)
	if err != nil {
		return res, err
	}
	err = f.timed(&res, func() (err error) {
		res.Bytes, err = each(o.inFlight, 0, things, read)
		return err
	})
	res.Blocks = int64(len(f.Hashes))
	res.Txs = res.Blocks * (nodeTxs + 1)
	if err == nil && res.Bytes < res.Txs*leastTx {
		err = fmt.Errorf("by %s %d transactions came in %d bytes: it was not blocks that were dropped", o.way, res.Txs, res.Bytes)
	}
	return res, err
}

// dropper returns of how many things all blocks consist in a way, and what reads and drops
// one of them and returns its length.
func (f *filled) dropper(ctx context.Context, way string, inFlight int) (things int, read func(i int) (int64, error), err error) {
	if way == byFiles {
		files, err := f.files()
		return len(files), func(i int) (int64, error) { return dropFile(files[i]) }, err
	}
	client, err := f.client(inFlight)
	if err != nil {
		return 0, nil, err
	}
	if way == byREST {
		return len(f.Hashes), func(i int) (int64, error) {
			return dropREST(ctx, client, f.URL, f.Hashes[i])
		}, nil
	}
	user, password, err := f.account()
	if err != nil {
		return 0, nil, err
	}
	method, verbosity, _ := strings.Cut(way, " ")
	return len(f.Hashes), func(i int) (int64, error) {
		question := fmt.Sprintf(`{"jsonrpc":"1.0","id":1,"method":%q,"params":[%q,%s]}`, method, f.Hashes[i], verbosity)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL, strings.NewReader(question))
		if err != nil {
			return 0, err
		}
		req.SetBasicAuth(user, password)
		return drain(client, req)
	}, nil
}

// client keeps as many connections as there are requests in flight.
func (f *filled) client(inFlight int) (*http.Client, error) {
	t := &http.Transport{MaxIdleConnsPerHost: inFlight, DisableCompression: true, ReadBufferSize: 64 << 10}
	if f.CAFile != "" {
		text, err := os.ReadFile(f.CAFile)
		if err != nil {
			return nil, fmt.Errorf("the node's certificate: %w", err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(text)
		// Sessions go on, as those of the sync do: the node closes each connection.
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	}
	return &http.Client{Transport: t}, nil
}

// account returns what JSON-RPC wants to be told.
func (f *filled) account() (user, password string, err error) {
	if f.CookieFile == "" {
		return f.User, f.Password, nil
	}
	cookie, err := os.ReadFile(f.CookieFile)
	if err != nil {
		return "", "", fmt.Errorf("the node's cookie: %w", err)
	}
	user, password, _ = strings.Cut(string(bytes.TrimSpace(cookie)), ":")
	return user, password, nil
}

// files returns the node's block files, with what the blocks spend.
func (f *filled) files() (all []string, err error) {
	for _, pattern := range []string{"blk*.dat", "rev*.dat"} {
		found, err := filepath.Glob(filepath.Join(f.BlocksDir, pattern))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func dropFile(path string) (n int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.Copy(io.Discard, file)
}
