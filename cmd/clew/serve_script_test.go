package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// serveCommands are what scripts can say of a running clew serve.
func serveCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){"serve": serveScript, "ask": askScript, "answers": answersScript(http.StatusOK), "answers503": answersScript(http.StatusServiceUnavailable), "trim": trimScript}
}

// served is the clew serve of a script.
type served struct {
	cmd    *exec.Cmd
	out    *bufio.Reader
	stderr bytes.Buffer
}

// servedKey is where a script keeps it.
type servedKey struct{}

func serveSetup(env *testscript.Env) { env.Values[servedKey{}] = &served{} }

// serve ARGUMENTS…  starts clew serve --json ARGUMENTS and waits until it answers; $URL is where. serve
// stop ends it as SIGTERM does, serve kill without warning; what it said on standard error is in the
// file serve.err.
func serveScript(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(servedKey{}).(*served)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve ARGUMENTS… | stop | kill")
	}
	switch args[0] {
	case "stop":
		ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
		s.end(ts, false)
		return
	case "kill":
		ts.Check(s.cmd.Process.Kill())
		s.end(ts, true)
		return
	}
	// A script that fails leaves nothing running: its context ends the process.
	ctx, cancel := context.WithCancel(context.Background())
	ts.Defer(cancel)
	s.cmd, s.stderr = exec.CommandContext(ctx, "clew", append([]string{"serve", "--json"}, args...)...), bytes.Buffer{}
	s.cmd.Dir, s.cmd.Env = ts.Getenv("WORK"), append(os.Environ(), "HOME="+ts.Getenv("HOME"))
	s.cmd.Stderr = &s.stderr
	pipe, err := s.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	s.out = bufio.NewReader(pipe)
	var m servingMessage
	if err := json.NewDecoder(s.out).Decode(&m); err != nil {
		s.end(ts, true)
		ts.Fatalf("clew serve did not answer: %v\n%s", err, ts.ReadFile("serve.err"))
	}
	text, err := json.Marshal(m)
	ts.Check(err)
	ts.Check(keepsSchema(string(text), map[string]any{"schema": m.Schema}))
	ts.Setenv("URL", m.Address)
}

// end waits for the process, which must have ended well unless it was killed.
func (s *served) end(ts *testscript.TestScript, killed bool) {
	_, err := io.Copy(io.Discard, s.out)
	ts.Check(err)
	err = s.cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("serve.err"), s.stderr.Bytes(), 0o600))
	if exit := new(exec.ExitError); err != nil && !(killed && errors.As(err, &exit)) {
		ts.Fatalf("clew serve: %v\n%s", err, s.stderr.String())
	}
}

// ask STATUS METHOD URL [BODYFILE]  sends a request with the key in $KEY and wants this status. The body
// of the answer is in the file answer.
func askScript(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: ask STATUS METHOD URL [BODYFILE]")
	}
	status, text := send(ts, args[1:])
	ts.Check(os.WriteFile(ts.MkAbs("answer"), text, 0o600))
	if want := atoi(ts, args[0]); status != want {
		ts.Fatalf("%s %s: status %d, want %d\n%s", args[1], args[2], status, want, text)
	}
}

// answers TEXT METHOD URL [BODYFILE]  sends a request until its answer has a status and TEXT, for twenty seconds.
func answersScript(status int) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 3 || len(args) > 4 {
			ts.Fatalf("usage: answers TEXT METHOD URL [BODYFILE]")
		}
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for range 400 {
			got, text := send(ts, args[1:])
			ts.Check(os.WriteFile(ts.MkAbs("answer"), text, 0o600))
			if got == status && strings.Contains(string(text), args[0]) {
				return
			}
			<-tick.C
		}
		ts.Fatalf("no answer of %s has %q; the last one:\n%s", args[2], args[0], ts.ReadFile("answer"))
	}
}

// send sends METHOD URL [BODYFILE]; URL may be unix:SOCKET!PATH.
func send(ts *testscript.TestScript, args []string) (int, []byte) {
	var body io.Reader
	if len(args) == 3 {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	client, url := http.Client{Timeout: time.Minute}, args[1]
	if socket, path, is := strings.Cut(strings.TrimPrefix(url, "unix:"), "!"); is {
		client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", ts.MkAbs(socket))
		}}
		url = "http://localhost" + path
	}
	defer client.CloseIdleConnections()
	req, err := http.NewRequest(args[0], url, body)
	ts.Check(err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key := ts.Getenv("KEY"); key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := client.Do(req)
	ts.Check(err)
	text, err := io.ReadAll(res.Body)
	ts.Check(errors.Join(err, res.Body.Close()))
	return res.StatusCode, text
}

// trim FILE VARIABLE  sets the variable to the text of FILE without the space around it.
func trimScript(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: trim FILE VARIABLE")
	}
	ts.Setenv(args[1], strings.TrimSpace(ts.ReadFile(args[0])))
}
