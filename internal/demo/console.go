package demo

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
)

// Console is where the demo shows what it does. On a terminal one line at the bottom is written over; what else is printed there goes
// above it. Elsewhere every line is a line. It may be used from any goroutine.
type Console struct {
	out      io.Writer
	terminal bool

	mu   sync.Mutex // guards line and the order of writes
	line string     // what stands at the bottom of the terminal
}

// NewConsole returns a console on out, which is written over if it is a terminal. Nil discards.
func NewConsole(out io.Writer) *Console {
	if out == nil {
		out = io.Discard
	}
	f, ok := out.(*os.File)
	return &Console{out: out, terminal: ok && isTerminal(f)}
}

// isTerminal reports whether f is a terminal, or at least a device that takes characters.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Above returns a writer for w, which is the same terminal: the line at the bottom makes way for what is written. If either is no terminal it
// is w itself.
func (c *Console) Above(w io.Writer) io.Writer {
	f, ok := w.(*os.File)
	if !c.terminal || !ok || !isTerminal(f) {
		return w
	}
	return above{c, w}
}

type above struct {
	c *Console
	w io.Writer
}

func (a above) Write(p []byte) (int, error) {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	if a.c.line != "" {
		io.WriteString(a.c.out, "\r"+strings.Repeat(" ", len(a.c.line))+"\r")
	}
	n, err := a.w.Write(p)
	if a.c.line != "" && bytes.HasSuffix(p, []byte("\n")) {
		io.WriteString(a.c.out, a.c.line)
	}
	return n, err
}

// show replaces the line at the bottom, or prints one.
func (c *Console) show(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.terminal {
		io.WriteString(c.out, line+"\n")
		return
	}
	pad := max(0, len(c.line)-len(line))
	c.line = line
	io.WriteString(c.out, "\r"+line+strings.Repeat(" ", pad))
}

// print prints a line of its own and leaves what stood at the bottom above it.
func (c *Console) print(line string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line != "" {
		line = "\n" + line
		c.line = ""
	}
	_, err := io.WriteString(c.out, line+"\n")
	return err
}

// end leaves the line at the bottom as it is and goes to the next one.
func (c *Console) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line != "" {
		io.WriteString(c.out, "\n")
		c.line = ""
	}
}
