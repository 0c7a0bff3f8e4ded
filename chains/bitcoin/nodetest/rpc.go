package nodetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// client returns a client that does not wait for ever. Clients share their connections.
func client() *http.Client { return &http.Client{Timeout: 2 * time.Minute} }

// Call asks the node by JSON-RPC and decodes the result into result, a pointer, or nil to
// drop it. It returns the node's error.
func (b *Bitcoind) Call(result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	cookie, err := os.ReadFile(b.CookieFile)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, b.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	user, password, _ := strings.Cut(string(cookie), ":")
	req.SetBasicAuth(user, password)
	res, err := client().Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: status %d: %w: %s", method, res.StatusCode, err, text)
	}
	if len(answer.Error) > 0 && string(answer.Error) != "null" {
		return fmt.Errorf("%s: %s", method, answer.Error)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Result, result)
}

// RPC is Call, and an error fails the test.
func (b *Bitcoind) RPC(result any, method string, params ...any) {
	b.t.Helper()
	if err := b.Call(result, method, params...); err != nil {
		b.t.Fatalf("bitcoind: %v", err)
	}
}
