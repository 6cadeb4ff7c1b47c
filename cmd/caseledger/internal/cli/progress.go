package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/projections"
)

// progress shows how far long work has come, on one line of a terminal that it
// writes over. Where nobody watches it shows nothing.
type progress struct {
	mu    sync.Mutex
	w     io.Writer // nil: nobody watches
	now   func() time.Time
	begin time.Time
	last  time.Time
	shown bool
}

// progressEvery is how often the line is written again.
const progressEvery = 100 * time.Millisecond

func (p *Program) progress() *progress {
	s := &progress{now: p.Now, begin: p.Now()}
	if p.Watched {
		s.w = p.Err
	}
	return s
}

// count shows that done of total (0: unknown) are done.
func (s *progress) count(what string, done, total uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		return
	}
	now := s.now()
	if now.Sub(s.last) < progressEvery || now.Sub(s.begin) < progressEvery {
		return
	}
	s.last, s.shown = now, true
	rate := float64(done) / now.Sub(s.begin).Seconds()
	if total > 0 {
		fmt.Fprintf(s.w, "\r\x1b[K%s %s of %s (%d %%), %s a second", what, prose.Thousands(done), prose.Thousands(total), done*100/total, prose.Thousands(uint64(rate)))
		return
	}
	fmt.Fprintf(s.w, "\r\x1b[K%s %s, %s a second", what, prose.Thousands(done), prose.Thousands(uint64(rate)))
}

// views shows the work on views.
func (s *progress) views(p projections.Progress) {
	what := map[projections.Phase]string{
		projections.Ingest: "reading records:", projections.Index: "indexing subjects:", projections.Derive: "deriving subjects:",
	}[p.Phase]
	s.count(what, p.Done, p.Total)
}

// clear takes the line away, so that something else can be written.
func (s *progress) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown {
		fmt.Fprint(s.w, "\r\x1b[K")
		s.shown = false
	}
}

// done ends the work.
func (s *progress) done() { s.clear() }
