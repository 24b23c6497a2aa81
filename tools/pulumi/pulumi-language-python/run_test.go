package main

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func TestLauncherArguments(t *testing.T) {
	h := newHost("/engine/exec", "127.0.0.1:1", "")
	got := h.launcherArgs(&pulumirpc.RunRequest{
		MonitorAddress: "127.0.0.1:2", Project: "p", Stack: "s", Pwd: "/a b/src", DryRun: true, Parallel: 64,
		Organization: "o", Info: info(t, nil), Args: []string{"-x"},
	})
	want := []string{
		"--monitor", "127.0.0.1:2", "--engine", "127.0.0.1:1", "--organization", "o", "--project", "p",
		"--root_directory", "/a b", "--stack", "s", "--pwd", "/a b/src", "--dry_run", "true", "--parallel", "64",
		"/a b/src", "-x",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestHandshakeTellsTheEngine(t *testing.T) {
	h := newHost("", "", "")
	if _, err := h.Handshake(t.Context(), &pulumirpc.LanguageHandshakeRequest{EngineAddress: "127.0.0.1:3"}); err != nil {
		t.Fatal(err)
	}
	if got := h.engineAddress(); got != "127.0.0.1:3" {
		t.Errorf("got %q", got)
	}
}

func TestConfigurationIsHandedOverAsJSON(t *testing.T) {
	got, err := configEnv(map[string]string{"p:size": "3"}, []string{"p:token"})
	want := []string{`PULUMI_CONFIG={"p:size":"3"}`, `PULUMI_CONFIG_SECRET_KEYS=["p:token"]`}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if got, err := configEnv(nil, nil); err != nil || len(got) != 0 {
		t.Errorf("without configuration: got %q, %v", got, err)
	}
}

func TestHowAProgramEnded(t *testing.T) {
	exited := func(script string) error { return exec.Command("sh", "-c", script).Run() }
	for _, c := range []struct {
		name      string
		err       error
		cancelled bool
		bail      bool
		says      string
	}{
		{name: "well", err: nil},
		{name: "well, though cancelled", err: nil, cancelled: true},
		{name: "a child of it holds the pipes", err: exec.ErrWaitDelay},
		{name: "message already shown", err: exited("exit 32"), bail: true},
		{name: "cancelled", err: exited("kill -INT $$"), cancelled: true, bail: true},
		{name: "cancelled before it started", err: errCancelled, bail: true},
		{name: "exit code", err: exited("exit 3"), says: "exited with code 3"},
		{name: "signal", err: exited("kill -KILL $$"), says: "ended from outside (signal: killed)"},
		{name: "no such file", err: errors.New("no such file"), says: "could not be started: no such file"},
	} {
		got := runResponse(c.err, c.cancelled)
		if got.GetBail() != c.bail || !strings.Contains(got.GetError(), c.says) || (c.says == "") != (got.GetError() == "") {
			t.Errorf("%s: got bail %v, error %q", c.name, got.GetBail(), got.GetError())
		}
	}
}
