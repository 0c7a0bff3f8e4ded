package evm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// credentials are what a node wants to see: a user and a password, a header, or a token signed
// with a secret that both know (JWT). They never appear in an error or a log. Safe for
// concurrent use: nothing changes after newCredentials.
type credentials struct {
	user, password string
	// header and value are one more header of each request; "" for none.
	header, value string
	secret        []byte // of the JWT; nil for none
}

// newCredentials takes what was given: user and password of the options, else of the URL.
func newCredentials(u *url.URL, o Options) (*credentials, error) {
	c := &credentials{}
	if err := c.setHeader(o.Header); err != nil {
		return nil, err
	}
	if err := c.readSecret(o.JWTFile); err != nil {
		return nil, err
	}
	c.user, c.password = o.User, o.Password
	if c.user == "" && c.password == "" && u.User != nil {
		c.user = u.User.Username()
		c.password, _ = u.User.Password()
	}
	if c.secret != nil && (c.user != "" || c.password != "") {
		return nil, errors.New("a node takes a user with a password or a JWT, not both: both go into the same header")
	}
	return c, nil
}

// setHeader takes NAME: VALUE. An error does not show the value.
func (c *credentials) setHeader(line string) error {
	if line == "" {
		return nil
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || value == "" || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
		return errors.New("the header for the node cannot be read: want NAME: VALUE")
	}
	c.header, c.value = name, value
	return nil
}

// secretBytes is the length of the secret after the Engine API's authentication.
const secretBytes = 32

// readSecret reads 64 hex digits, with 0x or without, as nodes write them (jwtsecret, jwt.hex).
func (c *credentials) readSecret(file string) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("secret of the JWT: %w", err)
	}
	c.secret, err = hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"))
	if err != nil || len(c.secret) != secretBytes {
		return fmt.Errorf("secret of the JWT: %s: want %d hex digits, as the node writes them", file, 2*secretBytes)
	}
	return nil
}

// sign adds the credentials to the header of a request that is sent now.
func (c *credentials) sign(header http.Header, now time.Time) {
	if c.header != "" {
		header.Set(c.header, c.value)
	}
	switch {
	case c.secret != nil:
		header.Set("Authorization", "Bearer "+c.token(now))
	case c.user != "" || c.password != "":
		req := http.Request{Header: header}
		req.SetBasicAuth(c.user, c.password)
	}
}

// token returns a JSON Web Token (RFC 7519) signed by HMAC-SHA256, whose one claim is when it
// was made: nodes take it for a minute.
func (c *credentials) token(now time.Time) string {
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		enc.EncodeToString([]byte(`{"iat":`+strconv.FormatInt(now.Unix(), 10)+`}`))
	mac := hmac.New(sha256.New, c.secret)
	mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil))
}

// advice says where credentials come from, for a person whom the node refused.
func (c *credentials) advice() string {
	switch {
	case c.secret != nil:
		return "the JWT's secret is not the node's, or the clocks differ by more than a minute"
	case c.user != "" || c.password != "":
		return "the user or the password is wrong"
	case c.header != "":
		return "the header " + c.header + " was sent"
	}
	return "none were given"
}
