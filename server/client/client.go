// Package client asks a screening server (clew serve). Its types and calls are generated from the API's
// document by “make client”; this file adds what a document does not say: the key, and how the answer to a
// batch is read.
//
// Start reading at New.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
)

// New returns a client of the server at a URL, which sends a key with each request; "" for a server that
// needs none. Options are those of the generated client: WithHTTPClient for a Unix socket or
// certificates of one's own.
func New(url, key string, options ...ClientOption) (*ClientWithResponses, error) {
	if key != "" {
		options = append(options, WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+key)
			return nil
		}))
	}
	c, err := NewClientWithResponses(url, options...)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", url, err)
	}
	return c, nil
}

// Error is what a problem is as an error.
func (p *Problem) Error() string { return fmt.Sprintf("%s (%d, %s)", p.Detail, p.Status, p.Type) }

// maxLine bounds a line of the answer to a batch.
const maxLine = 64 << 20

// Screen screens many subjects in one request. The answers come in the order of the items, while the server
// still works on the others; one that has no verdict has a Problem. The error ends them.
func Screen(ctx context.Context, c *ClientWithResponses, items []BatchItem) iter.Seq2[*BatchLine, error] {
	return func(yield func(*BatchLine, error) bool) {
		if err := screen(ctx, c, items, yield); err != nil {
			yield(nil, err)
		}
	}
}

// errEnough: whoever takes the lines wants no more.
var errEnough = errors.New("enough")

func screen(ctx context.Context, c *ClientWithResponses, items []BatchItem, yield func(*BatchLine, error) bool) error {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(items); err != nil {
		return fmt.Errorf("write a batch: %w", err)
	}
	res, err := c.ClientInterface.(*Client).CreateScreeningsWithBody(ctx, nil, "application/json", &body)
	if err != nil {
		return fmt.Errorf("send a batch: %w", err)
	}
	err = lines(res, len(items), yield)
	if closed := res.Body.Close(); err == nil {
		err = closed
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// lines reads the answer to a batch.
func lines(res *http.Response, want int, yield func(*BatchLine, error) bool) error {
	if res.StatusCode != http.StatusOK {
		var p Problem
		if err := json.NewDecoder(io.LimitReader(res.Body, maxLine)).Decode(&p); err != nil {
			return fmt.Errorf("batch: %s", res.Status)
		}
		return &p
	}
	scan := bufio.NewScanner(res.Body)
	scan.Buffer(nil, maxLine)
	n := 0
	for ; scan.Scan(); n++ {
		var line BatchLine
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			return fmt.Errorf("read line %d of a batch: %w", n, err)
		}
		if !yield(&line, nil) {
			return errEnough
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("read a batch behind line %d: %w", n, err)
	}
	if n != want {
		return fmt.Errorf("read a batch: it ended behind %d of %d lines: %w", n, want, io.ErrUnexpectedEOF)
	}
	return nil
}
