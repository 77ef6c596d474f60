package detector_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"testing"
	"time"

	"sluice/detector"
)

// childVariable holds, in a process of this test's program that is a detector, its settings.
const childVariable = "SLUICE_TEST_DETECTOR"

// runChild is the main function of such a process.
func runChild(settings string) int {
	var cfg detector.Config
	if err := json.Unmarshal([]byte(settings), &cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	d, err := detector.New(cfg)
	if err == nil {
		err = d.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// child is a detector in a process of its own.
type child struct {
	cmd *exec.Cmd
	log *lockedBuffer
}

func startChild(t *testing.T, cfg detector.Config) *child {
	t.Helper()
	settings, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{exec.Command(os.Args[0]), new(lockedBuffer)}
	c.cmd.Env = append(os.Environ(), childVariable+"="+string(settings))
	c.cmd.Stderr = c.log
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.end(os.Kill) })
	return c
}

// end sends a signal and waits for the process to be gone.
func (c *child) end(sig os.Signal) error {
	if c.cmd.ProcessState != nil {
		return nil
	}
	_ = c.cmd.Process.Signal(sig)
	return c.cmd.Wait()
}

// Two processes are killed again and again, at any moment, while flags and transactions come in: a reader with
// read_committed sees the join's result, nothing missing, nothing twice.
func TestKilledProcessesLeaveTheJoin(t *testing.T) {
	const rounds, rows = 10, 600
	const partitions, accounts = 4, 8
	r := newRig(t, partitions)
	r.cfg.Transactions.Properties["session.timeout.ms"] = "6000"
	dirs := []string{t.TempDir(), t.TempDir()}
	configs := make([]detector.Config, len(dirs))
	children := make([]*child, len(dirs))
	for i, dir := range dirs {
		configs[i] = r.cfg
		configs[i].StateDir = dir
		children[i] = startChild(t, configs[i])
	}
	rng := rand.New(rand.NewPCG(1, 2))
	flags := make(map[int]int) // by account
	paid := make(map[int][]string)
	for round := range rounds {
		for i := range rows / 20 {
			if rng.IntN(5) == 0 {
				account := rng.IntN(accounts)
				flags[account]++
				r.flag(account)
			}
			for account := range accounts {
				ids := []string{fmt.Sprintf("%d-%d-%d-a", round, i, account), fmt.Sprintf("%d-%d-%d-b", round, i, account)}
				paid[account] = append(paid[account], ids...)
				r.pay(account, partitions, ids...)
			}
		}
		victim := rng.IntN(len(children))
		if err := children[victim].end(os.Kill); err != nil && children[victim].cmd.ProcessState.Exited() {
			t.Fatalf("a detector ended by itself: %v\n%s", err, children[victim].log)
		}
		children[victim] = startChild(t, configs[victim])
	}
	var want []string
	for account, n := range flags {
		for range n {
			want = append(want, paid[account]...)
		}
	}
	slices.Sort(want)
	deadline := time.Now().Add(3 * patience)
	for got := r.visible(); !slices.Equal(got, want); got = r.visible() {
		if len(got) > len(want) || time.Now().After(deadline) {
			t.Fatalf("%d outputs, want %d\n%s\n%s", len(got), len(want), children[0].log, children[1].log)
		}
	}
	for _, c := range children {
		if err := c.end(syscall.SIGTERM); err != nil {
			t.Errorf("end in order: %v\n%s", err, c.log)
		}
	}
	if got := r.visible(); !slices.Equal(got, want) {
		t.Errorf("%d outputs after the end, want %d", len(got), len(want))
	}
	if len(want) < rows {
		t.Errorf("only %d outputs, so this shows little", len(want))
	}
}
