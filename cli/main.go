package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"sluice/connect"
)

// Main is a program's whole main function: it runs a worker with the stock plugins and the given ones, as the command line says, until a
// signal ends it, and exits with the code that the outcome means.
func Main(plugins ...connect.Plugin) {
	ctx, stop := NotifyContext(context.Background())
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, Worker{Plugins: plugins, Environ: os.Environ()})
	stop()
	os.Exit(code)
}

// commandLine is what Main understands. Kong reads help, defaults and environment variables from the tags.
type commandLine struct {
	File      string `arg:"" help:"The worker's properties, as connect-distributed.sh takes them. CONNECT_* variables override them." placeholder:"FILE.properties"`
	LogLevel  string `help:"What to log: debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"LOG_LEVEL"`
	LogFormat string `help:"How to log: text or json." enum:"text,json" default:"text" env:"LOG_FORMAT"`
}

// run carries out one command line and returns the exit code. The worker's logger is what the command line asks for.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, w Worker) int {
	var c commandLine
	exited := -1 // set when kong ends the program by itself, as --help does
	parser, err := kong.New(&c,
		kong.Description("A Kafka Connect worker."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "worker:", err)
		return ExitUsage
	}
	_, err = parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v; see --help\n", parser.Model.Name, err)
		return ExitUsage
	}
	w.Logger = NewLogger(stderr, c.LogLevel, c.LogFormat)
	if err := w.Run(ctx, c.File); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", parser.Model.Name, err)
		var coded *Error
		if errors.As(err, &coded) {
			return coded.Code
		}
		return ExitFailed
	}
	return ExitOK
}
