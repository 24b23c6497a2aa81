package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// The pause between two dials: it grows by half each time, up to the limit.
const (
	firstPause = 100 * time.Millisecond
	longest    = 5 * time.Second
)

// dial connects to the host, through its proxy where there is one, and tries again as often as the connection allows.
func dial(ctx context.Context, to connection, tell teller) (*ssh.Client, error) {
	if to.proxy == nil {
		return retry(ctx, to, "Dial", tell, func() (*ssh.Client, error) { return open(ctx, to, &net.Dialer{}) })
	}
	proxy, err := retry(ctx, *to.proxy, "Dial proxy", tell, func() (*ssh.Client, error) {
		return open(ctx, *to.proxy, &net.Dialer{})
	})
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	client, err := retry(ctx, to, "Dial from proxy", tell, func() (*ssh.Client, error) { return open(ctx, to, proxy) })
	if err != nil {
		_ = proxy.Close()
		return nil, err
	}
	go func() {
		_ = client.Wait()
		_ = proxy.Close()
	}()
	return client, nil
}

type dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// open makes one attempt: connection, handshake, login.
func open(ctx context.Context, to connection, through dialer) (*ssh.Client, error) {
	config, done, err := clientConfig(to)
	if err != nil {
		return nil, finalError{err}
	}
	defer done()
	if config.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, config.Timeout)
		defer cancel()
	}
	address := net.JoinHostPort(to.host, strconv.Itoa(to.port))
	socket, err := through.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// The handshake has no deadline of its own.
	defer context.AfterFunc(ctx, func() { _ = socket.Close() })()
	session, channels, requests, err := ssh.NewClientConn(socket, address, config)
	if err != nil {
		_ = socket.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("no SSH handshake in time: %w", ctx.Err())
		}
		return nil, err
	}
	return ssh.NewClient(session, channels, requests), nil
}

// clientConfig has the ways to log in, in the official order: key, password, agent. `done` ends what it opened.
func clientConfig(to connection) (config *ssh.ClientConfig, done func(), err error) {
	done = func() {}
	config = &ssh.ClientConfig{
		User:            to.user,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // the documented behaviour without a hostKey
		Timeout:         time.Duration(to.perDialTimeout) * time.Second,
	}
	if to.hostKey != "" {
		key, err := parseHostKey(to.hostKey)
		if err != nil {
			return nil, done, err
		}
		config.HostKeyCallback = ssh.FixedHostKey(key)
		// A host with keys of several kinds shows the kind that is pinned.
		config.HostKeyAlgorithms = []string{key.Type()}
	}
	if to.privateKey != "" {
		signer, err := parsePrivateKey(to)
		if err != nil {
			return nil, done, fmt.Errorf("the private key: %w", err)
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if to.password != "" {
		answer := func(_, _ string, questions []string, _ []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				answers[i] = to.password
			}
			return answers, nil
		}
		config.Auth = append(config.Auth, ssh.Password(to.password), ssh.KeyboardInteractive(answer))
	}
	path := to.agentSocketPath
	if path == "" {
		path = os.Getenv("SSH_AUTH_SOCK")
	}
	if path != "" {
		socket, err := net.Dial("unix", path)
		if err != nil {
			return nil, done, fmt.Errorf("the SSH agent: %w", err)
		}
		done = func() { _ = socket.Close() }
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(socket).Signers))
	}
	return config, done, nil
}

func parsePrivateKey(to connection) (ssh.Signer, error) {
	if to.privateKeyPassword != "" {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(to.privateKey), []byte(to.privateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(to.privateKey))
}

func parseHostKey(line string) (ssh.PublicKey, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return nil, fmt.Errorf("the host key is not in the form of authorized_keys: %w", err)
	}
	return key, nil
}

// finalError is one that no other attempt can mend.
type finalError struct{ error }

// retry makes attempts until one succeeds, as many have failed as are forgiven, or the run is cancelled. A wrong host
// key and a refused login count as a closed port does: a host that is being built may still get its own.
func retry[T any](ctx context.Context, to connection, what string, tell teller, attempt func() (T, error)) (T, error) {
	pause := firstPause
	for failures := 1; ; failures++ {
		found, err := attempt()
		if err == nil {
			return found, nil
		}
		var final finalError
		if errors.As(err, &final) {
			return found, final.error
		}
		if to.dialErrorLimit >= 0 && failures > to.dialErrorLimit {
			return found, fmt.Errorf("after %d failed attempts: %w", failures-1, err)
		}
		limit := "inf"
		if to.dialErrorLimit >= 0 {
			limit = strconv.Itoa(to.dialErrorLimit)
		}
		tell.status(fmt.Sprintf("%s %d/%s failed: retrying", what, failures, limit))
		select {
		case <-ctx.Done():
			return found, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(pause+pause/2, longest)
	}
}
