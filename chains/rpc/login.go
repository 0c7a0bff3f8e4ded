package rpc

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// Login shows a node who asks. What it holds never appears in an error or a log. Safe for
// concurrent use.
type Login interface {
	// Authorization returns the header of that name for a request that is sent now; "": none.
	Authorization(now time.Time) string
	// Renewed reports whether there is another one by now than used, which was refused.
	Renewed(used string) bool
	// Advice says where it comes from, for a person whom the node refused.
	Advice() string
}

// Password is the Login by a user and a password.
type Password struct {
	User, Password string
	Names          string // what a node's operator calls them; "" for nothing special
}

// Given returns the user and the password of the options, else those of the URL; nil where
// neither has any.
func Given(u *url.URL, o Options) *Password {
	p := &Password{User: o.User, Password: o.Password}
	if *p == (Password{}) && u.User != nil {
		p.User = u.User.Username()
		p.Password, _ = u.User.Password()
	}
	if *p == (Password{}) {
		return nil
	}
	return p
}

// Authorization is that of RFC 7617.
func (p *Password) Authorization(time.Time) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(p.User+":"+p.Password))
}

// Renewed is false: they stay as they were given.
func (p *Password) Renewed(string) bool { return false }

// Advice says that one of the two is wrong.
func (p *Password) Advice() string { return "the user or the password is wrong" + p.Names }

// parseHeader reads NAME: VALUE; "" is none. An error does not show the value.
func parseHeader(line string) (name, value string, err error) {
	if line == "" {
		return "", "", nil
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || value == "" || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
		return "", "", errors.New("the header for the node cannot be read: want NAME: VALUE")
	}
	return name, value, nil
}

// sign adds the credentials to the header of a request that is sent now, and returns those used.
func (c *Client) sign(header http.Header) (used string) {
	if c.headerName != "" {
		header.Set(c.headerName, c.headerValue)
	}
	if c.login == nil {
		return ""
	}
	if used = c.login.Authorization(time.Now()); used != "" {
		header.Set("Authorization", used)
	}
	return used
}

// loginAdvice says what the node was shown, for a person whom it refused.
func (c *Client) loginAdvice() string {
	switch {
	case c.login != nil:
		return c.login.Advice()
	case c.headerName != "":
		return "the header " + c.headerName + " was sent"
	}
	return "none were given"
}
