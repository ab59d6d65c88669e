package smsfailover_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// What became of a message is told step by step, without its number and args, and
// counted likewise.
func TestHooksTellTheStory(t *testing.T) {
	for _, idem := range []string{"", "key"} {
		bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
			var story []string
			var events []smsfailover.Event
			tell := func(what string) func(smsfailover.Event) {
				return func(e smsfailover.Event) { story, events = append(story, what), append(events, e) }
			}
			f := newFailover(t, p, s, smsfailover.WithBackoff(smsfailover.Exponential(2*time.Second, 2, 0, time.Hour)),
				smsfailover.WithHooks(smsfailover.Hooks{
					OnDelivered: tell("delivered"), OnQueued: tell("queued"), OnRetry: tell("retry"),
					OnBuried: tell("buried"), OnExpired: tell("expired"),
				}))
			stop := run(t, f)
			m := code(phone, "271828")
			m.ID, m.IdemKey = "m1", idem
			p.fail(&smsfailover.BusyError{After: time.Second, Err: errDown})
			submit(t, f, m)
			p.fail(errDown)
			time.Sleep(2 * time.Second)
			p.set(nil)
			until(t, time.Minute, func() bool { return len(p.taken()) == 1 })
			submit(t, f, code(phones(1), "1"))
			stop()

			require.Equal(t, []string{"queued", "retry", "delivered", "delivered"}, story)
			require.Equal(t, smsfailover.Event{
				ID: "m1", TplID: tpl, After: time.Second,
				Cause: "smsfailover: busy for 1s: connection refused",
			}, events[0])
			require.Equal(t, smsfailover.Event{
				ID: "m1", TplID: tpl, Attempt: 1, After: 2 * time.Second, Cause: "connection refused",
			}, events[1])
			require.Equal(t, smsfailover.Event{ID: "m1", TplID: tpl, Attempt: 1}, events[2])
			require.False(t, slices.ContainsFunc(events, func(e smsfailover.Event) bool { return e.ID == "" }))
			require.Equal(t, smsfailover.Stats{Queued: 1, Retried: 1, Delivered: 1, Direct: 1}, f.Stats())
		})
	}
}
