package main

import (
	"fmt"
	"maps"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"clew/chains/bitcoin/nodetest"
	accounts "clew/chains/evm/nodetest"
)

// TestMain lets the scripts run this test binary as clew, with a real process, exit code
// and signals. (A main package cannot be imported, so its tests stand inside of it.)
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"clew": main})
}

func commandsOfScripts() map[string]func(*testscript.TestScript, bool, []string) {
	all := scriptCommands()
	maps.Copy(all, nodeCommands())
	maps.Copy(all, chainCommands())
	maps.Copy(all, serveCommands())
	return all
}

// TestScripts runs testdata/script/*.txtar, each in a folder of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                commandsOfScripts(),
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			nodeSetup(env)
			chainSetup(env)
			serveSetup(env)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "mount" {
				return false, fmt.Errorf("no condition %q", name)
			}
			return exec.CommandContext(t.Context(), "unshare", "-Urm", "mount", "-t", "tmpfs", "none", t.TempDir()).Run() == nil, nil
		},
	})
}

// TestNodeSuite runs one script on every node, and on a bitcoind without REST.
func TestNodeSuite(t *testing.T) {
	for name, node := range map[string]struct {
		kind nodetest.Kind
		args string
	}{
		"bitcoind":              {nodetest.BitcoinCore, ""},
		"bitcoind without REST": {nodetest.BitcoinCore, "-rest=0"},
		"litecoind":             {nodetest.LitecoinCore, ""},
		"btcd":                  {nodetest.Btcd, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Dir:                 "testdata/suite",
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
				Cmds:                commandsOfScripts(),
				Setup: func(env *testscript.Env) error {
					env.Setenv("HOME", env.WorkDir)
					env.Setenv("KIND", string(node.kind))
					env.Setenv("ARGS", node.args)
					nodeSetup(env)
					return nil
				},
			})
		})
	}
}

// TestAccountSuite runs testdata/accounts/*.txtar on every node of chains of accounts.
func TestAccountSuite(t *testing.T) {
	for kind, index := range map[accounts.Kind]string{accounts.Geth: "no", accounts.Anvil: "yes"} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Dir:                 "testdata/accounts",
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
				Cmds:                commandsOfScripts(),
				Setup: func(env *testscript.Env) error {
					env.Setenv("HOME", env.WorkDir)
					env.Setenv("KIND", string(kind))
					env.Setenv("INDEX", index)
					nodeSetup(env)
					chainSetup(env)
					return nil
				},
			})
		})
	}
}
