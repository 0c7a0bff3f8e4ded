package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

// client asks the server for what is no load: it sets up, and looks how things are.
type client struct {
	http http.Client
	url  string
	key  string
}

func (c *client) do(ctx context.Context, method, path, kind string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, text, errors.Join(err, res.Body.Close())
}

// get returns what lies at a path, which must be there.
func (c *client) get(ctx context.Context, path string) ([]byte, error) {
	return c.wants(ctx, http.StatusOK, http.MethodGet, path, nil)
}

// post sends JSON, which must be answered with this status.
func (c *client) post(ctx context.Context, status int, path string, body string) ([]byte, error) {
	return c.wants(ctx, status, http.MethodPost, path, []byte(body))
}

func (c *client) wants(ctx context.Context, status int, method, path string, body []byte) ([]byte, error) {
	kind := ""
	if body != nil {
		kind = "application/json"
	}
	got, text, err := c.do(ctx, method, path, kind, body)
	if err == nil && got != status {
		err = fmt.Errorf("%d: %.500s", got, text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return text, nil
}

// wire is one connection on which requests that were written beforehand are sent one after another. It
// reads as much of an answer as has to be known, so that it takes little of the shared cores.
type wire struct {
	conn net.Conn
	r    *bufio.Reader
	body bytes.Buffer
}

// answerTime is how long an answer may take.
const answerTime = 60 * time.Second

func dialWire(ctx context.Context, url string) (*wire, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, r: bufio.NewReaderSize(conn, 1<<16)}, nil
}

// ask sends a request and returns the answer's status and body, which is good until the next one.
func (w *wire) ask(request []byte) (status int, body []byte, err error) {
	if err := w.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return 0, nil, err
	}
	if _, err := w.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := w.r.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 {
		return 0, nil, fmt.Errorf("an answer begins with %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("an answer begins with %q", line)
	}
	length, err := w.header()
	if err != nil {
		return 0, nil, err
	}
	w.body.Reset()
	if length < 0 { // it is sent in chunks
		if _, err = io.Copy(&w.body, httputil.NewChunkedReader(w.r)); err == nil {
			_, err = w.header() // what may stand behind them
		}
	} else {
		_, err = io.CopyN(&w.body, w.r, length)
	}
	return status, w.body.Bytes(), err
}

// header reads the headers and returns the body's length, -1 where they do not tell it.
func (w *wire) header() (length int64, err error) {
	for length = -1; ; {
		line, err := w.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, nil
		}
		if name, value, ok := bytes.Cut(line, []byte(": ")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return 0, err
			}
		}
	}
}

// requestBytes writes a request as it stands on the wire.
func requestBytes(method, path, key string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n", method, path, key)
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}
