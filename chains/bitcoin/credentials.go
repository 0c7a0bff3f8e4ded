package bitcoin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"
)

// credentials are what a node wants to see: a user and a password, or the cookie that
// bitcoind writes anew at each start. They never appear in an error or a log. Safe for
// concurrent use.
type credentials struct {
	mu             sync.Mutex
	user, password string
	files          []string // where the cookie may be; empty where none is used
	// header and value are one more header of each request; "" for none.
	header, value string
}

// newCredentials takes what was given: user and password of the options, else of the URL,
// else the cookie file of the options, else bitcoind's default one for a node on this
// machine. asked is the network to expect, the zero one for any.
func newCredentials(u *url.URL, asked network, o Options) (*credentials, error) {
	c := &credentials{}
	if err := c.setHeader(o.Header); err != nil {
		return nil, err
	}
	password, hasPassword := "", false
	if u.User != nil {
		password, hasPassword = u.User.Password()
	}
	switch {
	case o.User != "" || o.Password != "":
		c.user, c.password = o.User, o.Password
	case hasPassword || u.User.Username() != "":
		c.user, c.password = u.User.Username(), password
	case o.CookieFile != "":
		c.files = cookieFiles(o.CookieFile, u.Port(), asked)
	case isLoopback(u.Hostname()):
		// A process without a home has no default cookie either.
		if home, err := os.UserHomeDir(); err == nil {
			c.files = defaultCookies(filepath.Join(home, ".bitcoin"), u.Port(), asked)
		}
	}
	// A node that has ended takes its cookie with it: asking it says so better than that
	// the file is not there.
	if err := c.read(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
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

// cookieFiles returns path itself, or the places of the cookie below it if it is a data
// directory.
func cookieFiles(path, port string, asked network) []string {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}
	}
	files := defaultCookies(path, port, asked)
	for _, n := range networks {
		if asked.chain == "" || n.chain == asked.chain {
			files = append(files, filepath.Join(path, n.dir, ".cookie"))
		}
	}
	// The folder of one network may have been named.
	return append(files, filepath.Join(path, ".cookie"))
}

// defaultCookies returns the cookie below dir of the network whose port is used.
func defaultCookies(dir, port string, asked network) []string {
	for _, n := range networks {
		if n.port == port && (asked.chain == "" || n.chain == asked.chain) {
			return []string{filepath.Join(dir, n.dir, ".cookie")}
		}
	}
	if asked.chain != "" {
		return []string{filepath.Join(dir, asked.dir, ".cookie")}
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// read takes user and password from the first cookie file that exists. Without any it
// leaves what is there.
func (c *credentials) read() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var missing error
	for _, file := range c.files {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			missing = fmt.Errorf("cookie file: %w (bitcoind writes it while it runs)", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("cookie file: %w", err)
		}
		user, password, ok := strings.Cut(strings.TrimSpace(string(text)), ":")
		if !ok {
			return fmt.Errorf("cookie file %s: want USER:PASSWORD, as bitcoind writes it", file)
		}
		c.user, c.password = user, password
		return nil
	}
	return missing
}

// sign adds the credentials to a request and returns the password used, for reload.
func (c *credentials) sign(req *http.Request) string {
	c.mu.Lock()
	user, password := c.user, c.password
	c.mu.Unlock()
	if c.header != "" {
		req.Header.Set(c.header, c.value)
	}
	if user == "" && password == "" {
		return ""
	}
	req.SetBasicAuth(user, password)
	return password
}

// reload reads the cookie again and reports whether it differs from the one used.
func (c *credentials) reload(used string) bool {
	if len(c.files) == 0 || c.read() != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.password != used
}

// advice says where credentials come from, for a person whom the node refused.
func (c *credentials) advice() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.files) > 0 && c.password != "":
		return "the cookie in " + strings.Join(c.files, " or ") + " is not of this node"
	case len(c.files) > 0:
		return "there is no cookie file " + strings.Join(c.files, " or ") + " (a bitcoind writes it while it runs)"
	case c.user != "" || c.password != "":
		return "the user or the password is wrong: they are bitcoind's -rpcauth, or -rpcuser and -rpcpassword"
	}
	return "none were given, and no cookie file was found"
}
