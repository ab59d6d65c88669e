package ratelimit

import "context"

type id struct {
	a uint64
	b uint32
}

type plan struct{ owner *Local }

type Local struct{}

func (l *Local) refund(ctx context.Context, r localReceipt) error { return nil }
