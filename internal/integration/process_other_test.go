//go:build !linux

package integration

import (
	"os"
	"syscall"
)

func childAttributes() *syscall.SysProcAttr { return nil }

func signalGroup(p *os.Process, sig syscall.Signal) {
	// An error says that the process is gone, which is what the caller waits for next.
	_ = p.Signal(sig)
}
