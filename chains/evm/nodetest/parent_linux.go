package nodetest

import "syscall"

// dieWithParent ends the node when the test's process dies without its cleanup, as after
// the test's time limit.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
