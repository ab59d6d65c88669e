// Package sms sends text messages. The providers in here are the local ones:
// they keep messages in an outbox that a developer reads, and send nothing.
package sms

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A Message is one that a local provider has taken. Code is the first argument
// of the template.
type Message struct {
	To       string    `json:"to"`
	Code     string    `json:"code"`
	Body     string    `json:"body"`
	At       time.Time `json:"at"`
	Provider string    `json:"provider"`
}

// Outbox is where local providers put messages. It keeps the newest, up to a
// limit, in memory. It is safe for concurrent use.
type Outbox struct {
	mu       sync.Mutex
	messages []Message // a ring: next is the oldest once it is full
	next     int
	limit    int
}

// Templates of the messages, by their ids. The %s are the arguments in order.
var templates = map[string]string{
	LoginTemplate: "[TinyBook] 登录验证码 / login code: %s",
}

// LoginTemplate is the template of a login code. Its one argument is the code.
const LoginTemplate = "login"

// NewOutbox returns an empty outbox for up to limit messages.
func NewOutbox(limit int) (*Outbox, error) {
	if limit < 1 {
		return nil, fmt.Errorf("sms: outbox limit %d: want 1 or more", limit)
	}
	return &Outbox{limit: limit}, nil
}

// deliver puts one message per number into the outbox; the oldest makes room.
func (o *Outbox) deliver(ctx context.Context, provider, tplID string, args, numbers []string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sms: send: %w", context.Cause(ctx))
	}
	text, ok := templates[tplID]
	if !ok || len(args) != 1 {
		return fmt.Errorf("sms: send: %w: no template %q with %d arguments", smsfailover.ErrPermanent, tplID, len(args))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, number := range numbers {
		o.put(Message{To: number, Code: args[0], Body: fmt.Sprintf(text, args[0]), At: time.Now().UTC(), Provider: provider})
	}
	return nil
}

// put requires that o.mu is held.
func (o *Outbox) put(m Message) {
	if len(o.messages) < o.limit {
		o.messages = append(o.messages, m)
		return
	}
	o.messages[o.next] = m
	o.next = (o.next + 1) % o.limit
}

// Messages returns a copy of what the outbox holds, newest first.
func (o *Outbox) Messages() []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.messages)
	all := make([]Message, n)
	for i := range n {
		all[n-1-i] = o.messages[(o.next+i)%n]
	}
	return all
}
