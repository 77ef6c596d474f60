//go:build unix

package dynamodb

import (
	"net"
	"syscall"
)

// isQuiet reports whether nothing has arrived on a connection that nobody waits for: not its end either. What a call writes to a connection
// that the server has closed is lost, and it takes until then to learn it.
func isQuiet(c net.Conn) bool {
	s, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR
		return true
	})
	return err == nil && quiet
}
