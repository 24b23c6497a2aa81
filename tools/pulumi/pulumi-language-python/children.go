package main

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
)

const (
	// cancelGrace is what a program gets to clean up once it is interrupted. It is short, as a program usually cannot end
	// by itself then: the launcher waits for its threads, these wait for the engine to answer their registrations, and
	// the engine, with a resource failed or the run cancelled, waits for the program. What a program declares is safe with
	// the engine.
	cancelGrace = time.Second
	// shutdownGrace must stay below the five seconds after which the engine kills this host: a child that outlived it
	// would be an orphan.
	shutdownGrace = 2 * time.Second
	// pipeGrace is how long output is still read when a child has ended but something it started holds its pipes.
	pipeGrace = time.Second
)

// errCancelled says that a program did not start, because the run is being cancelled.
var errCancelled = errors.New("the run was cancelled")

type childKind int

const (
	programChild childKind = iota
	pluginChild
)

// children are the Python processes that run on the engine's behalf. Each leads a process group of its own, so that
// what it started ends with it.
type children struct {
	mu        sync.Mutex
	running   map[*child]struct{}
	cancelled bool // no more programs
	closed    bool // no more of anything
}

type child struct {
	kind        childKind
	cmd         *exec.Cmd
	onStop      func() // called before the first signal; may be nil
	done        chan struct{}
	interrupted sync.Once
}

func newChildren() *children {
	return &children{running: map[*child]struct{}{}}
}

// start starts cmd as a child that also ends when ctx does: the engine cancels the context of a call to stop it.
// Whoever has waited for cmd calls the returned function.
func (cs *children) start(
	ctx context.Context, kind childKind, cmd *exec.Cmd, onStop func(),
) (finished func(), err error) {
	cmdutil.RegisterProcessGroup(cmd)
	cmd.WaitDelay = pipeGrace
	c := &child{kind: kind, cmd: cmd, onStop: onStop, done: make(chan struct{})}

	// Under the lock, so that cancelPrograms and shutdown either see this child or prevent it.
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.closed || (cs.cancelled && kind == programChild) {
		return nil, errCancelled
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	cs.running[c] = struct{}{}

	unwatch := context.AfterFunc(ctx, func() { c.stop(shutdownGrace) })
	return func() {
		unwatch()
		close(c.done)
		cs.mu.Lock()
		delete(cs.running, c)
		cs.mu.Unlock()
	}, nil
}

// run starts cmd and waits for its end.
func (cs *children) run(ctx context.Context, kind childKind, cmd *exec.Cmd, onStop func()) error {
	finished, err := cs.start(ctx, kind, cmd, onStop)
	if err != nil {
		return err
	}
	defer finished()
	return cmd.Wait()
}

func (cs *children) cancelPrograms() {
	cs.stopAll(cancelGrace, func() { cs.cancelled = true }, func(c *child) bool { return c.kind == programChild })
}

func (cs *children) shutdown() {
	cs.stopAll(shutdownGrace, func() { cs.closed = true }, func(*child) bool { return true })
}

// isCancelled tells the end of a program that was stopped from one that failed.
func (cs *children) isCancelled() bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.cancelled || cs.closed
}

func (cs *children) stopAll(grace time.Duration, mark func(), wanted func(*child) bool) {
	cs.mu.Lock()
	mark()
	var stopping []*child
	for c := range cs.running {
		if wanted(c) {
			stopping = append(stopping, c)
		}
	}
	cs.mu.Unlock()

	var wg sync.WaitGroup
	for _, c := range stopping {
		wg.Go(func() { c.stop(grace) })
	}
	wg.Wait()
}

// stop interrupts the process group, which Python sees as KeyboardInterrupt, and kills what is left of it after grace.
// A second stop with a shorter grace is not held up by the first.
func (c *child) stop(grace time.Duration) {
	pid := c.cmd.Process.Pid
	c.interrupted.Do(func() {
		if c.onStop != nil {
			c.onStop()
		}
		cmdutil.InterruptChildren(pid)
	})
	select {
	case <-c.done:
	case <-time.After(grace):
	}
	// Also after a clean end: what the child had started may have ignored the interrupt. Without survivors the group is
	// gone and this does nothing.
	_ = cmdutil.KillChildren(pid)
	<-c.done
}

// piped makes a command write through a pipe and this process instead of to the file itself. The engine shows what this
// host prints and reads until nobody holds its output: a child that did would keep the engine waiting for ever.
func piped(file io.Writer) io.Writer {
	return struct{ io.Writer }{file}
}
