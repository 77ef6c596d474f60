package task

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"time"

	"sluice/connect"
)

// What comes out of the boxes is what Go itself would have made, whatever happens to the boxes later.
func TestBoxedTextsAreOrdinaryValues(t *testing.T) {
	var b boxes
	var got []any
	for i := range 1000 {
		got = append(got, b.value(fmt.Appendf(nil, `{"n":%d}`, i), uint32(i/300)))
		if i%250 == 0 {
			b.close()
			runtime.GC()
		}
	}
	runtime.GC()
	for i, v := range got {
		want := any(connect.RawJSON(fmt.Sprintf(`{"n":%d}`, i)))
		raw, ok := v.(connect.RawJSON)
		if !ok || string(raw) != string(want.(connect.RawJSON)) || !reflect.DeepEqual(v, want) || reflect.TypeOf(v) != reflect.TypeOf(want) || fmt.Sprint(v) != fmt.Sprint(want) {
			t.Fatalf("got %#v, want %#v", v, want)
		}
		switch v.(type) {
		case connect.RawJSON:
		default:
			t.Fatalf("%T is no RawJSON to a switch", v)
		}
	}
}

// A text that is kept keeps the buffer that it is in, and no other.
func TestAKeptTextKeepsItsBufferOnly(t *testing.T) {
	const buffers = 8
	var b boxes
	var kept any
	gone := make(chan int, buffers)
	for n := range buffers {
		buffer := make([]byte, 1<<20)
		runtime.AddCleanup(&buffer[0], func(n int) { gone <- n }, n)
		for i := range 5 {
			v := b.value(buffer[i*10:i*10+2], uint32(n))
			if n == 3 && i == 4 {
				kept = v
			}
		}
	}
	b.close()
	deadline := time.After(time.Minute)
	for left := buffers - 1; left > 0; {
		runtime.GC()
		select {
		case n := <-gone:
			if n == 3 {
				t.Fatal("the buffer of the text that is kept is gone")
			}
			left--
		case <-deadline:
			t.Fatalf("%d buffers are still there", left)
		case <-time.After(time.Millisecond): // cleanups run some time after the collection
		}
	}
	if len(kept.(connect.RawJSON)) != 2 {
		t.Errorf("got %v", kept)
	}
	runtime.KeepAlive(kept)
}
