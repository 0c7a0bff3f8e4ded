package nodetest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// client returns a client that does not wait for ever. ca names the certificate that the
// node shows, "" for none.
func client(ca string) (*http.Client, error) {
	c := &http.Client{Timeout: 2 * time.Minute}
	if ca == "" {
		return c, nil
	}
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("the node's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	c.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return c, nil
}

// Call asks the node by JSON-RPC and decodes the result into result, a pointer, or nil to
// drop it. It returns the node's error.
func (n *Node) Call(result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	req.SetBasicAuth(user, password)
	if n.CookieFile != "" {
		cookie, err := os.ReadFile(n.CookieFile)
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		name, word, _ := strings.Cut(string(cookie), ":")
		req.SetBasicAuth(name, word)
	}
	res, err := n.http.Do(req)
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
func (n *Node) RPC(result any, method string, params ...any) {
	n.t.Helper()
	if err := n.Call(result, method, params...); err != nil {
		n.t.Fatalf("%s: %v", n.Kind, err)
	}
}
