//go:build !windows

package main

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// family is a process that ignores nothing, with a child that ignores the interrupt: only a kill of the group ends it.
// It prints the child's process id when both are up.
const family = `sh -c 'trap "" INT; echo $$; while :; do sleep 1; done' & wait`

func startFamily(t *testing.T, cs *children, ctx context.Context, kind childKind) (grandchild int, ended chan error) {
	t.Helper()
	cmd := exec.Command("sh", "-c", family)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	finished, err := cs.start(ctx, kind, cmd, nil)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if grandchild, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	ended = make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		finished()
	}()
	return grandchild, ended
}

// gone waits for the end of a process that has no parent to collect it but init.
func gone(pid int) bool {
	for range 200 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid) {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// zombie: in a container, process 1 may collect nobody.
func zombie(pid int) bool {
	state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.HasPrefix(string(state), "Z")
}

func TestCancelEndsProgramsAndWhatTheyStarted(t *testing.T) {
	cs := newChildren()
	program, programEnded := startFamily(t, cs, t.Context(), programChild)
	plugin, pluginEnded := startFamily(t, cs, t.Context(), pluginChild)

	cs.cancelPrograms()
	<-programEnded
	if !gone(program) {
		t.Errorf("process %d, started by the program, still runs", program)
	}
	if err := cs.run(t.Context(), programChild, exec.Command("true"), nil); !errors.Is(err, errCancelled) {
		t.Errorf("a program after Cancel: got %v, want %v", err, errCancelled)
	}
	select {
	case <-pluginEnded:
		t.Error("Cancel ended a plugin; its work would be lost")
	default:
	}

	cs.shutdown()
	<-pluginEnded
	if !gone(plugin) {
		t.Errorf("process %d, started by the plugin, still runs", plugin)
	}
	if err := cs.run(t.Context(), pluginChild, exec.Command("true"), nil); !errors.Is(err, errCancelled) {
		t.Errorf("a plugin after shutdown: got %v, want %v", err, errCancelled)
	}
}

func TestTheEndOfACallEndsItsChild(t *testing.T) {
	cs := newChildren()
	ctx, cancel := context.WithCancel(t.Context())
	child, ended := startFamily(t, cs, ctx, pluginChild)
	cancel()
	<-ended
	if !gone(child) {
		t.Errorf("process %d still runs", child)
	}
}

func TestAStubbornChildIsKilledAfterTheGrace(t *testing.T) {
	cs := newChildren()
	cmd := exec.Command("sh", "-c", `trap "" INT; echo up; while :; do sleep 1; done`)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	finished, err := cs.start(t.Context(), pluginChild, cmd, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		finished()
	}()
	// Returns only when the child is gone.
	cs.stopAll(10*time.Millisecond, func() {}, func(*child) bool { return true })
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Errorf("the child ended with %v", cmd.ProcessState)
	}
}
