// Command sluice is a Kafka Connect worker in one binary, with the fraud detector and the producer that make it a whole
// pipeline. This package reads flags, introduces the parts to each other and turns signals into a cancelled context; what
// the parts do is theirs.
//
//	sluice demo                              the whole pipeline in this process
//	sluice worker configs/worker.properties  the Connect worker
//	sluice detector, sluice producer         the pipeline's other programs
//	sluice table create configs/ddb.json     the DynamoDB table
//
// Exit codes: 0 a clean stop, 1 usage or configuration, 2 a start that failed, 3 a failure after the start.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"

	"sluice/cli"
)

// commandLine is what the program understands. Kong reads names, defaults, help and environment variables from the tags.
type commandLine struct {
	LogLevel  string `help:"What to log: debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"LOG_LEVEL"`
	LogFormat string `help:"How to log: text or json." enum:"text,json" default:"text" env:"LOG_FORMAT"`

	Demo     demoCommand     `cmd:"" help:"Run the whole pipeline in this process: embedded Kafka and DynamoDB, worker, detector, producer."`
	Worker   workerCommand   `cmd:"" help:"Run the Kafka Connect worker, as connect-distributed.sh does."`
	Detector detectorCommand `cmd:"" help:"Join transactions with flagged accounts."`
	Producer producerCommand `cmd:"" help:"Write transactions, or flagged accounts, to Kafka."`
	Table    tableCommand    `cmd:"" help:"Make or describe the DynamoDB table."`
	Version  versionCommand  `cmd:"" help:"Print version, commit and Go version."`
}

// environment is what a command gets from outside, so that a test can run one in this process.
type environment struct {
	stdout io.Writer
	stderr io.Writer
	getenv func(string) (string, bool)
	all    []string // every variable as name=value
	log    *slog.Logger
	logTo  func(io.Writer) *slog.Logger // makes a logger like log that writes elsewhere
}

func main() {
	ctx, stop := cli.NotifyContext(context.Background())
	code := run(ctx, os.Args[1:], environment{stdout: os.Stdout, stderr: os.Stderr, getenv: os.LookupEnv, all: os.Environ()})
	stop()
	os.Exit(code)
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, env environment) int {
	var c commandLine
	exited := -1 // set when kong ends the program by itself, as --help does
	parser, err := kong.New(&c,
		kong.Name("sluice"),
		kong.Description("A Kafka Connect worker in one binary, and a fraud pipeline around it."),
		kong.Writers(env.stdout, env.stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(env.stderr, "sluice:", err)
		return exitUsage
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context != nil {
			parse.Context.Stdout = env.stderr // usage that follows an error is not output
			if usage := parse.Context.PrintUsage(true); usage != nil {
				fmt.Fprintln(env.stderr, "sluice:", usage)
			}
		}
		fmt.Fprintln(env.stderr, "sluice:", err)
		return exitUsage
	}
	env.logTo = func(w io.Writer) *slog.Logger { return cli.NewLogger(w, c.LogLevel, c.LogFormat) }
	env.log = env.logTo(env.stderr)
	kctx.BindTo(ctx, (*context.Context)(nil))
	kctx.Bind(env)
	if err := kctx.Run(); err != nil {
		fmt.Fprintf(env.stderr, "sluice %s: %v\n", kctx.Selected().Path(), err)
		return exitCode(err)
	}
	return exitOK
}
