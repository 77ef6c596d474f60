package listener

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
)

// pipes is a listener whose connections are there at once.
type pipes struct{ net.Listener }

func (pipes) Accept() (net.Conn, error) { a, _ := net.Pipe(); return a, nil }
func (pipes) Close() error              { return nil }

func TestConnectionsBeyondTheLimitWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit(pipes{}, make(chan struct{}, 1))
		first, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		accepted := make(chan error, 1)
		accept := func() {
			_, err := l.Accept()
			accepted <- err
		}
		go accept()
		synctest.Wait()
		select {
		case <-accepted:
			t.Fatal("a second connection was accepted beside the first")
		default:
		}
		for range 2 { // the second time gives nothing back
			if err := first.Close(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
				t.Fatal(err)
			}
		}
		if err := <-accepted; err != nil {
			t.Fatal(err)
		}
		go accept()
		synctest.Wait()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-accepted; !errors.Is(err, net.ErrClosed) {
			t.Errorf("accepting on a closed listener: got %v", err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("the second Close: %v", err)
		}
	})
}

// net/http closes one half first, or an answer to a client that is still sending is lost.
func TestHalfOfACountedConnectionCloses(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limit(inner, make(chan struct{}, 1))
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if err := server.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the client reads %v", err)
	}
}
