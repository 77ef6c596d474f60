package listener

import (
	"net"
	"sync"
)

// limited accepts no more connections than there are slots; those beyond wait in the listener's queue until one ends.
type limited struct {
	net.Listener
	slots chan struct{}

	close  sync.Once
	closed chan struct{}
}

func limit(l net.Listener, slots chan struct{}) net.Listener {
	return &limited{Listener: l, slots: slots, closed: make(chan struct{})}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &counted{Conn: c, release: sync.OnceFunc(func() { <-l.slots })}, nil
}

func (l *limited) Close() error {
	l.close.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// counted gives its slot back when it is closed.
type counted struct {
	net.Conn
	release func()
}

func (c *counted) Close() error {
	defer c.release()
	return c.Conn.Close()
}

// CloseWrite tells the client that nothing more comes. net/http does so before it closes a connection whose client may still be sending, so
// that an answer such as 431 is not lost with it.
func (c *counted) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
