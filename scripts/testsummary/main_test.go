package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSummary(t *testing.T) {
	const (
		pass    = `{"Action":"pass","Package":"clew/a","Test":"TestX","Elapsed":0.1}`
		fail    = `{"Action":"fail","Package":"clew/a","Test":"TestY","Elapsed":0.1}`
		why     = `{"Action":"output","Package":"clew/a","Test":"TestY","Output":"    y_test.go:3: three is not four\n"}`
		skip    = `{"Action":"skip","Package":"clew/a","Test":"TestZ","Elapsed":0}`
		skipWhy = `{"Action":"output","Package":"clew/a","Test":"TestZ","Output":"    z_test.go:5: no bitcoind\n"}`
		pkgPass = `{"Action":"pass","Package":"clew/a","Elapsed":0.5}`
		pkgFail = `{"Action":"fail","Package":"clew/a","Elapsed":0.5}`
		broken  = `{"ImportPath":"clew/b","Action":"build-output","Output":"b.go:1: undefined: x\n"}`
		brokenB = `{"Action":"fail","Package":"clew/b","Elapsed":0}`
	)
	cases := []struct {
		name      string
		lines     []string
		skipsFail bool
		ok        bool
		says      []string
	}{
		{"all pass", []string{pass, pkgPass}, true, true, []string{"ok   clew/a", "1 passed, 0 failed, 0 skipped"}},
		{"nothing ran", nil, false, false, []string{"0 passed"}},
		{"one fails", []string{pass, why, fail, pkgFail}, false, false, []string{"three is not four", "FAILED clew/a TestY", "1 passed, 1 failed"}},
		{"a skip is allowed", []string{pass, skipWhy, skip, pkgPass}, false, true, []string{"SKIP clew/a TestZ: z_test.go:5: no bitcoind", "1 skipped"}},
		{"a skip fails", []string{pass, skipWhy, skip, pkgPass}, true, false, []string{"1 skipped"}},
		{"does not build", []string{pass, pkgPass, broken, brokenB}, false, false, []string{"undefined: x", "FAILED clew/b", "1 passed, 1 failed"}},
		{"a line that is no event", []string{"go: no such module", pass, pkgPass}, false, true, []string{"go: no such module", "1 lines of output"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			save := filepath.Join(t.TempDir(), "figures")
			ok, err := run(strings.NewReader(strings.Join(c.lines, "\n")+"\n"), &out, c.skipsFail, save)
			require.NoError(t, err)
			require.Equal(t, c.ok, ok, out.String())
			for _, says := range c.says {
				require.Contains(t, out.String(), says)
			}
			figures, err := os.ReadFile(save)
			require.NoError(t, err)
			require.Contains(t, string(figures), "passed=")
		})
	}
}
