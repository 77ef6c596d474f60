package provider_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"sluice/worker/provider"
)

// The kernel's log is a regular file to whoever looks, and keeps a reader waiting for the next message.
func TestFileThatKeepsItsReaderWaiting(t *testing.T) {
	const file = "/proc/kmsg"
	f, err := os.Open(file)
	if err != nil {
		t.Skip(err)
	}
	f.Close()
	p, _, err := provider.New(map[string]string{"config.providers": "file", "config.providers.file.class": provider.FileClass}, nil)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() {
		_, err := p.Resolve(map[string]string{"k": "${file:" + file + ":x}"})
		over <- err
	}()
	select {
	case err := <-over:
		var unread *provider.Error
		if !errors.As(err, &unread) || unread.Message != "Could not read properties from file "+file {
			t.Errorf("error %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the reader still waits")
	}
}
