package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
)

// teller passes on what people should see: lines that stay, a status that does not, and warnings.
type teller struct{ line, status, warn func(string) }

// The variables with what the last command wrote.
const (
	previousStdout = "PULUMI_COMMAND_STDOUT"
	previousStderr = "PULUMI_COMMAND_STDERR"
)

const acceptEnv = "Unable to set '%s'. This only works if your SSH server is configured to accept these variables via " +
	"AcceptEnv. Alternatively, prefix the command itself with the variables in the form 'VAR=value command'"

// run runs one command on its host and returns what it wrote.
func run(ctx context.Context, in inputs, command string, previous output, tell teller) (output, error) {
	client, err := dial(ctx, in.connection, tell)
	if err != nil {
		return output{}, err
	}
	defer client.Close() //nolint:errcheck // the command has ended
	// A cancelled run takes the connection away; sshd then ends the command's session.
	defer context.AfterFunc(ctx, func() { _ = client.Close() })()
	session, err := client.NewSession()
	if err != nil {
		return output{}, err
	}
	defer session.Close() //nolint:errcheck // as above

	for key, value := range in.environment {
		if err := session.Setenv(key, value); err != nil {
			return output{}, fmt.Errorf("could not set environment variable %q: %w ("+acceptEnv+")", key, err, key)
		}
	}
	if in.previousInEnv {
		for key, value := range map[string]string{previousStdout: previous.stdout, previousStderr: previous.stderr} {
			if value == "" {
				continue
			}
			if err := session.Setenv(key, value); err != nil {
				tell.warn(fmt.Sprintf(acceptEnv, key))
			}
		}
	}
	if in.stdin != "" {
		session.Stdin = strings.NewReader(in.stdin)
	}

	var stdout, stderr bytes.Buffer
	both := &lockedBuffer{}
	logged, log := io.Pipe()
	session.Stdout = io.MultiWriter(writers(in.logStdout, log, &stdout, both)...)
	session.Stderr = io.MultiWriter(writers(in.logStderr, log, &stderr, both)...)
	told := make(chan struct{})
	go func() {
		defer close(told)
		lines := bufio.NewReader(logged)
		for {
			line, err := lines.ReadString('\n')
			if line != "" {
				tell.line(strings.TrimSuffix(line, "\n"))
			}
			if err != nil {
				return
			}
		}
	}()
	err = session.Run(command)
	_ = log.Close()
	<-told
	if ctx.Err() != nil {
		return output{}, fmt.Errorf("cancelled while running %q", command)
	}
	if err != nil {
		return output{}, fmt.Errorf("%w: running %q:\n%s", err, command, both.text())
	}
	return output{strings.TrimSuffix(stdout.String(), "\n"), strings.TrimSuffix(stderr.String(), "\n")}, nil
}

func writers(logged bool, log io.Writer, always ...io.Writer) []io.Writer {
	if logged {
		return append(always, log)
	}
	return always
}

// lockedBuffer takes both streams of a command, which come at the same time.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(data)
}

func (b *lockedBuffer) text() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}
