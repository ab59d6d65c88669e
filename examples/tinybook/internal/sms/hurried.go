package sms

import (
	"context"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Hurried is a provider that is given so much time for a message and no more, so
// that a second one has time left when the first doesn't answer.
type Hurried struct {
	Service smsfailover.Service
	Timeout time.Duration
}

// Send implements smsfailover.Service.
func (h Hurried) Send(ctx context.Context, tplID string, args []string, numbers ...string) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	return h.Service.Send(ctx, tplID, args, numbers...)
}
