package kafkax

import (
	"context"

	"github.com/segmentio/kafka-go"
)

// A held is a message that is in hand, or was when a Process ended: kafka-go has
// handed it out and won't again, while the next commit would say that it is done.
type held struct {
	is         bool
	msg        kafka.Message
	generation uint64 // in which it came
}

// hold keeps msg until it is done, and returns the generation in which it came. One
// that an earlier Process left may be of a generation that is over: it is handled,
// since who has it now is not known, but not committed.
func (p *process) hold(msg kafka.Message) (generation uint64) {
	if !p.r.held.is {
		p.r.held = held{true, msg, p.generation}
	}
	return p.r.held.generation
}

// next returns what an earlier Process left, and then what comes.
func (p *process) next(ctx context.Context) (kafka.Message, error) {
	if !p.r.held.is {
		return p.fetch(ctx)
	}
	msg := p.r.held.msg
	if at := p.r.known(place{msg.Topic, msg.Partition}); at != nil {
		at.again(msg.Offset, p.r.clock.elapsed())
	}
	return msg, nil
}
