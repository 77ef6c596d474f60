package dynamodb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// fakeSource gives credentials K1, K2, ... that live for a while. It is used in virtual time.
type fakeSource struct {
	mu     sync.Mutex
	asked  int
	lives  time.Duration // 0: for ever
	takes  time.Duration
	fails  error
	stays  bool // it gives the first ones again and again
	closed bool
}

func (f *fakeSource) Retrieve(ctx context.Context) (aws.Credentials, error) {
	f.mu.Lock()
	f.asked++
	n, takes, fails := f.asked, f.takes, f.fails
	f.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		f.mu.Lock()
		f.closed = true
		f.mu.Unlock()
		return aws.Credentials{}, ctx.Err()
	}
	if fails != nil {
		return aws.Credentials{}, fails
	}
	if f.stays {
		n = 1
	}
	c := aws.Credentials{AccessKeyID: fmt.Sprintf("K%d", n), SecretAccessKey: "secret", Source: "test"}
	if f.lives != 0 {
		c.CanExpire, c.Expires = true, time.Now().Add(f.lives)
	}
	return c, nil
}

func (f *fakeSource) change(how func(*fakeSource)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how(f)
}

// kept runs a test in virtual time, with a keeper that takes no chances.
func kept(t *testing.T, f *fakeSource, test func(t *testing.T, k *keeper, log *bytes.Buffer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		k := newKeeper(slog.New(slog.NewTextHandler(&log, nil)), f, nil)
		k.chance = func() float64 { return 0 }
		defer k.close()
		test(t, k, &log)
	})
}

// wantKey fails the test unless the keeper gives a key within no time.
func wantKey(t *testing.T, k *keeper, want string) {
	t.Helper()
	began := time.Now()
	got, err := k.Retrieve(t.Context())
	if err != nil || got.AccessKeyID != want || time.Since(began) > 0 {
		t.Errorf("got %s, %v after %v, want %s at once", got.AccessKeyID, err, time.Since(began), want)
	}
}

func TestCredentialsAreRenewedBesideTheCalls(t *testing.T) {
	f := &fakeSource{lives: 15 * time.Minute}
	kept(t, f, func(t *testing.T, k *keeper, log *bytes.Buffer) {
		wantKey(t, k, "K1")
		f.change(func(f *fakeSource) { f.takes = 2 * time.Second })
		time.Sleep(10*time.Minute - time.Second)
		wantKey(t, k, "K1")
		synctest.Wait()
		if f.asked != 1 {
			t.Errorf("the source was asked %d times more than five minutes ahead", f.asked)
		}
		time.Sleep(time.Second)
		wantKey(t, k, "K1") // and the renewal begins
		wantKey(t, k, "K1")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		wantKey(t, k, "K2")
		if f.asked != 2 || log.Len() > 0 {
			t.Errorf("asked %d times, log:\n%s", f.asked, log)
		}
	})
}

func TestAllWaitForOneRenewal(t *testing.T) {
	f := &fakeSource{lives: time.Minute, takes: time.Second}
	kept(t, f, func(t *testing.T, k *keeper, _ *bytes.Buffer) {
		all := func(want string) {
			t.Helper()
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if c, err := k.Retrieve(t.Context()); err != nil || c.AccessKeyID != want {
						t.Errorf("got %s, %v, want %s", c.AccessKeyID, err, want)
					}
				})
			}
			wg.Wait()
		}
		all("K1")
		time.Sleep(time.Hour) // nobody called, so nothing was renewed
		all("K2")
		if f.asked != 2 {
			t.Errorf("the source was asked %d times, want twice", f.asked)
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		time.Sleep(time.Hour)
		if _, err := k.Retrieve(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call that has no time got %v", err)
		}
	})
}

// While the source is down, the old credentials are used; one line says that it is, and one that it is no more. After they have expired calls fail
// at once, with what the source said, and the source is not asked more than every few seconds.
func TestOldCredentialsHoldWhileTheirSourceIsDown(t *testing.T) {
	f := &fakeSource{lives: 15 * time.Minute}
	kept(t, f, func(t *testing.T, k *keeper, log *bytes.Buffer) {
		wantKey(t, k, "K1")
		f.change(func(f *fakeSource) { f.fails = errors.New("no route") })
		end := time.Now().Add(15 * time.Minute)
		for ; time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			wantKey(t, k, "K1")
		}
		if n := strings.Count(log.String(), "credentials cannot be renewed"); n != 1 || f.asked < 25 || f.asked > 70 {
			t.Errorf("the source was asked %d times within five minutes; %d lines in the log:\n%s", f.asked, n, log)
		}
		synctest.Wait()
		began := time.Now()
		var why *credentialsError
		if _, err := k.Retrieve(t.Context()); !errors.As(err, &why) || why.class != transient || !strings.Contains(err.Error(), "no route") || time.Since(began) > 0 {
			t.Errorf("with nothing left got %v after %v", err, time.Since(began))
		}
		f.change(func(f *fakeSource) { f.fails = nil })
		time.Sleep(renewBackoffMax)
		_, _ = k.Retrieve(t.Context())
		synctest.Wait()
		wantKey(t, k, fmt.Sprintf("K%d", f.asked))
		if !strings.Contains(log.String(), "credentials are renewed") {
			t.Errorf("the log does not say that it is over:\n%s", log)
		}
	})
}

// What the service calls expired is renewed, once for all calls that were signed with it, and not for those that were with the old ones.
func TestRejectedCredentialsAreRenewedOnce(t *testing.T) {
	f := &fakeSource{lives: time.Hour, takes: 10 * time.Millisecond}
	kept(t, f, func(t *testing.T, k *keeper, _ *bytes.Buffer) {
		get := func() string {
			c, err := k.Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return c.AccessKeyID
		}
		get()
		time.Sleep(time.Second)
		began := time.Now()
		for range 10 {
			if !k.reject(began) {
				t.Error("there is nothing else")
			}
		}
		time.Sleep(time.Millisecond)
		if got := get(); got != "K2" {
			t.Errorf("got %s after a rejection", got)
		}
		for range 10 { // answers to calls from before the renewal
			k.reject(began)
		}
		if got := get(); got != "K2" || f.asked != 2 {
			t.Errorf("got %s, the source was asked %d times", got, f.asked)
		}
	})
}

func TestCredentialsThatCannotBeOthersAreGivenUp(t *testing.T) {
	f := &fakeSource{stays: true}
	kept(t, f, func(t *testing.T, k *keeper, _ *bytes.Buffer) {
		wantKey(t, k, "K1")
		time.Sleep(time.Second)
		if !k.renewable() || !k.reject(time.Now()) {
			t.Error("the source is not asked at all")
		}
		wantKey(t, k, "K1")
		time.Sleep(time.Second)
		if k.reject(time.Now()) || k.renewable() || f.asked != 2 {
			t.Errorf("the same keys are tried again, the source was asked %d times", f.asked)
		}
	})
	f = &fakeSource{stays: true, lives: time.Hour}
	kept(t, f, func(t *testing.T, k *keeper, _ *bytes.Buffer) {
		wantKey(t, k, "K1")
		for range 1000 {
			time.Sleep(10 * time.Millisecond)
			if !k.reject(time.Now()) {
				t.Fatal("credentials that expire are given up")
			}
			wantKey(t, k, "K1")
		}
		if f.asked > 12 {
			t.Errorf("within 10 s the source was asked %d times", f.asked)
		}
	})
}

// The metadata service of an instance that cannot renew its credentials gives the old ones, which go on to be accepted.
// When the service that gives a role takes what the request was signed with for expired, that is renewed too.
func TestCredentialsForARoleAreRenewedWhenTheyAreRejected(t *testing.T) {
	kept(t, &fakeSource{lives: time.Hour}, func(t *testing.T, base *keeper, _ *bytes.Buffer) {
		wantKey(t, base, "K1")
		time.Sleep(time.Minute)
		role := newKeeper(base.log, &fakeSource{fails: &smithy.GenericAPIError{Code: "ExpiredToken"}}, base)
		if _, err := role.Retrieve(t.Context()); err == nil {
			t.Error("the role was given")
		}
		wantKey(t, base, "K2")
	})
}

func TestCredentialsThatWereGivenExpiredAreTried(t *testing.T) {
	f := &fakeSource{lives: -time.Minute}
	kept(t, f, func(t *testing.T, k *keeper, _ *bytes.Buffer) {
		end := time.Now().Add(10 * time.Minute)
		for ; time.Now().Before(end); time.Sleep(time.Second) {
			if _, err := k.Retrieve(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if f.asked < 5 || f.asked > 11 {
			t.Errorf("the source was asked %d times in ten minutes", f.asked)
		}
	})
}

func TestCloseEndsARenewal(t *testing.T) {
	f := &fakeSource{takes: time.Hour}
	kept(t, f, func(t *testing.T, k *keeper, _ *bytes.Buffer) {
		failed := make(chan error)
		go func() {
			_, err := k.Retrieve(t.Context())
			failed <- err
		}()
		synctest.Wait()
		go k.close()
		if err := <-failed; !errors.Is(err, context.Canceled) || !f.closed {
			t.Errorf("got %v", err)
		}
		if _, err := k.Retrieve(t.Context()); !errors.Is(err, errKeeperClosed) {
			t.Errorf("after close got %v", err)
		}
	})
}

func TestLifetimes(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		left, due time.Duration
		chance    float64
	}{
		{6 * time.Hour, 6*time.Hour - 5*time.Minute, 0},
		{6 * time.Hour, 6*time.Hour - 5*time.Minute*3/4, 1},
		{15 * time.Minute, 10 * time.Minute, 0},
		{9 * time.Minute, 6 * time.Minute, 0},
		{3 * time.Second, 2 * time.Second, 0},
		{-time.Hour, time.Minute, 0},
		{0, 90 * time.Second, 0.5},
	} {
		holds, due := lifetime(aws.Credentials{CanExpire: true, Expires: now.Add(c.left)}, now, c.chance)
		if due.Sub(now) != c.due || c.left > 0 && holds.Sub(now) != c.left || c.left <= 0 && !holds.IsZero() {
			t.Errorf("%v left: held for %v, renewed in %v, want %v", c.left, holds.Sub(now), due.Sub(now), c.due)
		}
	}
	if holds, due := lifetime(aws.Credentials{}, now, 0); !holds.IsZero() || !due.IsZero() {
		t.Errorf("keys that do not expire: until %v, renewed at %v", holds, due)
	}
}

func TestErrorsOfSourcesAreJudged(t *testing.T) {
	code := func(c string) error { return fmt.Errorf("AssumeRole: %w", &smithy.GenericAPIError{Code: c}) }
	for name, c := range map[string]struct {
		err   error
		class class
	}{
		"not allowed":         {code("AccessDenied"), fatal},
		"key unknown":         {code("InvalidClientTokenId"), fatal},
		"role unknown":        {code("ValidationError"), fatal},
		"token of yesterday":  {code("ExpiredTokenException"), transient},
		"too many":            {code("Throttling"), transient},
		"key service silent":  {code("IDPCommunicationError"), transient},
		"file missing":        {errors.New("no such file"), transient},
		"of what it needs":    {fmt.Errorf("get identity: %w", newCredentialsError(code("AccessDenied"))), fatal},
		"of what it needs, 2": {fmt.Errorf("get identity: %w", newCredentialsError(errors.New("x"))), transient},
	} {
		if got := newCredentialsError(c.err); got.class != c.class || !errors.Is(got, c.err) {
			t.Errorf("%s: got class %d, %v", name, got.class, got)
		}
	}
}
