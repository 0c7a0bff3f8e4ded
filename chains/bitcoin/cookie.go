package bitcoin

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"clew/chains/rpc"
)

// newLogin takes what was given: user and password of the options, else of the URL, else the
// cookie file of the options, else bitcoind's default one for a node on this machine. asked is
// the network to expect, the zero one for any.
func newLogin(u *url.URL, asked network, o Options) (rpc.Login, error) {
	if given := rpc.Given(u, o.Options); given != nil {
		given.Names = ": they are bitcoind's -rpcauth, or -rpcuser and -rpcpassword"
		return given, nil
	}
	c := &cookie{}
	switch {
	case o.CookieFile != "":
		c.files = cookieFiles(o.CookieFile, u.Port(), asked)
	case rpc.IsLoopback(u.Hostname()):
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

// cookie is the Login that bitcoind writes anew at each start. Safe for concurrent use.
type cookie struct {
	files []string // where it may be; empty where none is used
	mu    sync.Mutex
	rpc.Password
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

// read takes user and password from the first cookie file that exists. Without any it
// leaves what is there.
func (c *cookie) read() error {
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
		c.Password = rpc.Password{User: user, Password: password}
		return nil
	}
	return missing
}

// Authorization is that of the user and the password in the file; "" while there is none.
func (c *cookie) Authorization(now time.Time) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.User == "" && c.Password.Password == "" {
		return ""
	}
	return c.Password.Authorization(now)
}

// Renewed reads the file again and reports whether it holds another cookie than was used.
func (c *cookie) Renewed(used string) bool {
	return len(c.files) > 0 && c.read() == nil && c.Authorization(time.Time{}) != used
}

// Advice says which files were looked at.
func (c *cookie) Advice() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.files) == 0:
		return "none were given, and no cookie file was found"
	case c.Password.Password != "":
		return "the cookie in " + strings.Join(c.files, " or ") + " is not of this node"
	}
	return "there is no cookie file " + strings.Join(c.files, " or ") + " (a bitcoind writes it while it runs)"
}
