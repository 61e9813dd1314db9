//go:build unix

package tools

import (
	"crypto/tls"
	"net"
	"syscall"
)

// stands reports whether a connection without a request is still open and silent: one that the
// plugin closed meanwhile would leave it unknown whether a request arrived.
func stands(c net.Conn) bool {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	has, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := has.SyscallConn()
	if err != nil {
		return false
	}
	silent := false
	err = raw.Read(func(fd uintptr) bool {
		var one [1]byte
		_, err := syscall.Read(int(fd), one[:])
		silent = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true // never wait
	})
	return err == nil && silent
}
