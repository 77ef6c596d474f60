package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	renewTimeout     = 10 * time.Second // of one request to where credentials come from
	renewAhead       = 5 * time.Minute  // before they expire, at most
	renewBackoffBase = time.Second
	renewBackoffMax  = 10 * time.Second
	renewOldest      = time.Minute // until credentials that had expired when they were given are asked for again
	rejectedAgain    = time.Second // for which new credentials are kept although the service rejects them
)

// keeper has credentials ready. It renews them ahead of time, beside the calls that go on with the old ones, so that no call waits while
// their source is slow, and none fails while it cannot be reached for less time than they hold. Only the first call of all, and those
// after the credentials have expired or were rejected, wait: together, for one renewal.
//
//	             due                    answered
//	fresh ─────────────────> renewing ─────────────> fresh
//	  │ rejected                │  ▲ back-off
//	  └──────> (nothing) ───────┘  └── failed: the old ones as long as they hold
//
// The SDK's cache, which it stands in front of, makes all calls wait when credentials are due and fails them all if the source does.
//
// A renewal runs on a goroutine of its own, one at a time; close ends it and waits for it.
type keeper struct {
	log    *slog.Logger
	source aws.CredentialsProvider
	base   *keeper        // whose credentials the source signs its requests with; nil: unknown
	chance func() float64 // for jitter, from [0,1)

	ctx    context.Context // ends with close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu        sync.Mutex
	current   aws.Credentials
	fetched   time.Time // when current came; zero: never
	holds     time.Time // until when current is used; zero: for ever
	due       time.Time // when current is to be renewed; zero: never
	rejected  bool      // the service takes current for expired
	unchanged bool      // the last renewal has given what there was before
	renewal   *renewal  // under way; nil: none
	failures  int       // renewals in a row that failed
	notBefore time.Time // when the next may be tried, after a failed one
	err       error     // of the last one, if it failed
	closed    bool
}

// renewal is one request to the source, for all who wait for it. The result is set before done is closed.
type renewal struct {
	done  chan struct{}
	creds aws.Credentials
	err   error
}

var errKeeperClosed = errors.New("the task has stopped")

func newKeeper(log *slog.Logger, source aws.CredentialsProvider, base *keeper) *keeper {
	k := &keeper{log: log, source: source, base: base, chance: rand.Float64}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k
}

// Retrieve returns credentials that can be signed with. The error of a renewal is a [*credentialsError].
func (k *keeper) Retrieve(ctx context.Context) (aws.Credentials, error) {
	k.mu.Lock()
	now := time.Now()
	usable := k.usable(now)
	if (!usable || !k.due.IsZero() && !now.Before(k.due)) && k.renewal == nil && !now.Before(k.notBefore) && !k.closed {
		k.begin()
	}
	creds, under, err := k.current, k.renewal, k.err
	if k.closed {
		err = errKeeperClosed
	}
	k.mu.Unlock()
	switch {
	case usable:
		return creds, nil
	case under == nil:
		return aws.Credentials{}, err
	}
	select {
	case <-under.done:
		return under.creds, under.err
	case <-ctx.Done():
		return aws.Credentials{}, ctx.Err()
	}
}

func (k *keeper) usable(now time.Time) bool {
	return !k.fetched.IsZero() && !k.rejected && (k.holds.IsZero() || now.Before(k.holds))
}

// begin starts a renewal.
func (k *keeper) begin() {
	r := &renewal{done: make(chan struct{})}
	k.renewal = r
	k.wg.Go(func() {
		ctx, cancel := context.WithTimeout(k.ctx, renewTimeout)
		defer cancel()
		if cache, ok := k.source.(interface{ Invalidate() }); ok {
			cache.Invalidate() // the SDK's; it would answer with what is due
		}
		creds, err := k.source.Retrieve(ctx)
		if err != nil {
			failed := newCredentialsError(err)
			if k.base != nil && failed.code != "" && isExpired(failed.code) {
				k.base.reject(time.Now())
			}
			err = failed
		}
		k.end(r, creds, err)
	})
}

// end takes the result of a renewal.
func (k *keeper) end(r *renewal, creds aws.Credentials, err error) {
	k.mu.Lock()
	now := time.Now()
	k.renewal = nil
	r.creds, r.err = creds, err
	var line *logLine
	if err != nil {
		k.notBefore = now.Add(backoff(renewBackoffBase, renewBackoffMax, k.failures, k.chance()))
		k.failures++
		k.err = err
		if k.failures == 1 && k.usable(now) && k.ctx.Err() == nil { // else those who wait for it say so
			line = &logLine{slog.LevelWarn, "credentials cannot be renewed, asking until they can", []any{"expire", k.holds.UTC(), "err", err}}
		}
	} else {
		if k.failures > 0 && !k.fetched.IsZero() {
			line = &logLine{slog.LevelInfo, "credentials are renewed", []any{"failed", k.failures}}
		}
		k.unchanged = creds.AccessKeyID == k.current.AccessKeyID && creds.SessionToken == k.current.SessionToken
		k.current, k.fetched, k.rejected = creds, now, false
		k.failures, k.notBefore, k.err = 0, time.Time{}, nil
		k.holds, k.due = lifetime(creds, now, k.chance())
	}
	k.mu.Unlock()
	if line != nil {
		k.log.Log(k.ctx, line.level, line.message, line.args...)
	}
	close(r.done)
}

// lifetime says how long credentials are used, and when they are to be renewed: five minutes before they expire, or after two thirds of
// their time if that is less. Those that have expired already are used until the service rejects them: when the instance's metadata service
// cannot renew them it goes on giving the old ones, which the service is told to accept.
func lifetime(creds aws.Credentials, now time.Time, chance float64) (holds, due time.Time) {
	if !creds.CanExpire {
		return time.Time{}, time.Time{}
	}
	left := creds.Expires.Sub(now)
	if left <= 0 {
		return time.Time{}, now.Add(renewOldest + time.Duration(chance*float64(renewOldest)))
	}
	ahead := min(renewAhead, left/3)
	return creds.Expires, creds.Expires.Add(-ahead + time.Duration(chance*float64(ahead)/4)) // so that not all tasks come at once
}

// reject tells that the service takes for expired what a call of the given time was signed with, and reports whether there are other
// credentials, or may be some.
func (k *keeper) reject(began time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	switch {
	case k.fetched.After(began): // the call may have had those before
		return k.current.CanExpire || !k.unchanged
	case k.unchanged && !k.current.CanExpire:
		return false
	case now.Sub(k.fetched) < rejectedAgain && k.renewal == nil && k.unchanged:
		return true
	}
	k.rejected = true
	return true
}

// renewable reports whether there may be other credentials than those that the service has rejected.
func (k *keeper) renewable() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current.CanExpire || !k.unchanged
}

// principal says whose credentials the current ones are.
func (k *keeper) principal() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fetched.IsZero() {
		return "no credentials yet"
	}
	return principal(k.current)
}

// close ends a renewal that is under way. Nothing is given out any more that was not there before.
func (k *keeper) close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	k.cancel()
	k.wg.Wait()
	if k.base != nil {
		k.base.close()
	}
}

// principal says whose credentials they are without showing them.
func principal(c aws.Credentials) string {
	text := "credentials from " + c.Source
	if n := len(c.AccessKeyID); n >= 16 {
		text += fmt.Sprintf(", access key …%s", c.AccessKeyID[n-4:])
	}
	return text
}
