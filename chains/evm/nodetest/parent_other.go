//go:build !linux

package nodetest

import "syscall"

// dieWithParent has no way to tie the node to this process here.
func dieWithParent() *syscall.SysProcAttr { return nil }
