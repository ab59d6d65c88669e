package kafkatest

import "sync"

// A joining knows of a client that waits until it has joined a group. To kfake one
// that goes away meanwhile would be a member for ever, since its session only begins
// when the answer is taken, and Kafka would forget it. So its connection stays until
// then.
type joining struct {
	mu       sync.Mutex
	number   uint32
	answered chan struct{} // nil: nobody waits
}

// begin notes a request by its number.
func (j *joining) begin(number uint32) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.number, j.answered = number, make(chan struct{})
}

// end notes an answer.
func (j *joining) end(number uint32) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.answered != nil && j.number == number {
		close(j.answered)
		j.answered = nil
	}
}

// wait waits for the answer, if one is due, or until closed is.
func (j *joining) wait(closed <-chan struct{}) {
	j.mu.Lock()
	answered := j.answered
	j.mu.Unlock()
	if answered == nil {
		return
	}
	select {
	case <-answered:
	case <-closed:
	}
}
