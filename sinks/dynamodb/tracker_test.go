package dynamodb

import (
	"context"
	"testing"
	"testing/synctest"

	"sluice/connect"
)

func TestCommittableIsTheFinishedPrefix(t *testing.T) {
	p := &partition{}
	a, b, c := p.add(10), p.add(12), p.add(13)
	want := func(what string, position, want int64) {
		t.Helper()
		if got := p.committable(position); got != want {
			t.Errorf("%s: got %d, want %d", what, got, want)
		}
	}
	want("nothing is finished", 14, 10)
	p.finish(b)
	want("a gap", 14, 10)
	p.finish(a)
	want("up to the first unfinished one", 14, 13)
	p.finish(c)
	want("all of it", 14, 14)
}

// When the topic is made anew under unfinished records, or the position is rewound, the records before say nothing of those after.
func TestAPositionThatMovesBackStartsAnew(t *testing.T) {
	p := &partition{}
	old := p.add(1000)
	first, second := p.add(0), p.add(1)
	want := func(what string, want int64) {
		t.Helper()
		if got := p.committable(2); got != want {
			t.Errorf("%s: got %d, want %d", what, got, want)
		}
	}
	want("nothing is finished", 0)
	p.finish(second)
	want("the second only", 0)
	p.finish(first)
	want("both, but not the old one", 2)
	p.finish(old)
	want("all", 2)
	again := p.add(1)
	want("the same record again", 1)
	p.finish(again)
	want("and done", 2)
}

func TestFinishedRecordsBehindAnUnfinishedOneAreBounded(t *testing.T) {
	release := make(chan struct{})
	answer := func(context.Context, []string) outcome {
		<-release
		return outcome{}
	}
	onBench(t, answer, func(b *bench) {
		b.put("a1")
		b.want("full with one record", b.engine.full(), false)
		r := connect.SinkRecord{Topic: "in"}
		for i := range mostListed - 1 {
			r.Offset = int64(i + 1)
			b.engine.pass(&r)
		}
		b.want("full", b.engine.full(), true)
		close(release)
		synctest.Wait()
		b.want("woken when the books are clear", b.wakes(), 1)
		b.want("full after that", b.engine.full(), false)
	})
}
