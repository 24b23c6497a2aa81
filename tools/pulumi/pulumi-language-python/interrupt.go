package main

import (
	"bytes"
	"io"
	"sync"
)

// interruptFilter passes a program's stderr on, but for one thing: once the program has been interrupted by this host,
// the traceback of its KeyboardInterrupt. Those 20 lines show where the program happened to wait; users take them for
// the cause, which the engine prints beside them ("update canceled", or the resource that failed).
type interruptFilter struct {
	mu          sync.Mutex
	out         io.Writer
	interrupted bool
	line        []byte // an unfinished line; held only while interrupted
	traceback   []byte // lines of a traceback whose last line has not come yet
}

var (
	tracebackStart = []byte("Traceback (most recent call last):")
	interruptEnd   = []byte("KeyboardInterrupt")
)

// interrupt says that the program was told to stop.
func (f *interruptFilter) interrupt() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.interrupted = true
}

func (f *interruptFilter) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.interrupted {
		return f.out.Write(p)
	}
	f.line = append(f.line, p...)
	for {
		end := bytes.IndexByte(f.line, '\n')
		if end < 0 {
			return len(p), nil
		}
		line := f.line[:end+1]
		f.line = f.line[end+1:]
		if err := f.take(line); err != nil {
			return 0, err
		}
	}
}

// take handles a whole line. A traceback is its first line, indented or empty ones, and the exception's.
func (f *interruptFilter) take(line []byte) error {
	switch {
	case f.traceback == nil && !bytes.HasPrefix(line, tracebackStart):
		_, err := f.out.Write(line)
		return err
	case f.traceback == nil, line[0] == ' ', len(bytes.TrimSpace(line)) == 0:
		f.traceback = append(f.traceback, line...)
		return nil
	case bytes.HasPrefix(line, interruptEnd):
		f.traceback = nil
		return nil
	default:
		whole := append(f.traceback, line...)
		f.traceback = nil
		_, err := f.out.Write(whole)
		return err
	}
}

// flush passes on what waits for a line that will not come.
func (f *interruptFilter) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.traceback != nil && bytes.HasPrefix(f.line, interruptEnd) {
		f.traceback, f.line = nil, nil
	}
	_, _ = f.out.Write(append(f.traceback, f.line...))
	f.traceback, f.line = nil, nil
}
