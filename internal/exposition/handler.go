package exposition

import (
	"bytes"
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
)

// contentType is of Prometheus' text format, which every scraper takes.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// Handler answers with a page of metrics. Requests do not wait for each other. The memory of one page is kept for the next: a scraper comes every few
// seconds, for as long as the process lives.
//
// The page is not compressed: that would take more time than all the rest.
type Handler struct {
	write   func(*Page)
	process prometheus.Gatherer
	spare   atomic.Pointer[Page] // nil while it is in use
}

// NewHandler returns a handler that shows what write adds to a page, and the process. write must not block, and may be called by several goroutines at once.
func NewHandler(write func(*Page)) *Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})) // known not to fail: the registry is empty
	return &Handler{write: write, process: r}
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	process, err := h.gather()
	if err != nil {
		http.Error(w, "gather the metrics of the process: "+err.Error(), http.StatusInternalServerError)
		return
	}
	p := h.spare.Swap(nil)
	if p == nil {
		p = NewPage()
	}
	defer h.spare.Store(p)
	p.Reset()
	h.write(p)
	w.Header().Set("Content-Type", contentType)
	if p.Write(w) == nil { // a scraper that has gone needs no answer
		_, _ = w.Write(process)
	}
}

// gather returns the part of the page that is about the process.
func (h *Handler) gather() ([]byte, error) {
	families, err := h.process.Gather()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}
