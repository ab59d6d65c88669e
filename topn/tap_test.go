package topn_test

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// A tap sees every command of a client, and counts those that a server got.
type tap struct {
	after func(cmd redis.Cmder) // unless nil, called when one has succeeded

	mu   sync.Mutex
	sent []string // names, a transaction as that of all it has
}

func tapped(rdb redis.UniversalClient) *tap {
	t := new(tap)
	rdb.AddHook(t)
	return t
}

// take returns the commands since the last take.
func (t *tap) take() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	sent := t.sent
	t.sent = nil
	return sent
}

func (t *tap) note(cmds ...redis.Cmder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, cmd := range cmds {
		if !isGreeting(cmd) {
			t.sent = append(t.sent, cmd.Name())
		}
	}
}

// isGreeting reports whether cmd is one that a connection begins with.
func isGreeting(cmd redis.Cmder) bool { return cmd.Name() == "hello" || cmd.Name() == "client" }

func (t *tap) DialHook(next redis.DialHook) redis.DialHook { return next }

func (t *tap) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		t.note(cmd)
		err := next(ctx, cmd)
		if err == nil && t.after != nil {
			t.after(cmd)
		}
		return err
	}
}

func (t *tap) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		t.note(cmds...)
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			if err == nil && t.after != nil {
				t.after(cmd)
			}
		}
		return err
	}
}

// isScript reports whether cmd is a script of so many keys.
func isScript(cmd redis.Cmder, keys int) bool {
	args := cmd.Args()
	return (cmd.Name() == "evalsha" || cmd.Name() == "eval") && args[2] == keys
}
