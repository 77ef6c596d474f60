package integration

import (
	"os"
	"syscall"
)

// childAttributes puts a child into a process group of its own, and has the kernel kill it when this process dies
// without a chance to clean up: a test binary that runs into its timeout ends without returning to TestMain.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func signalGroup(p *os.Process, sig syscall.Signal) {
	// An error says that the group is gone, which is what the caller waits for next.
	_ = syscall.Kill(-p.Pid, sig)
}
