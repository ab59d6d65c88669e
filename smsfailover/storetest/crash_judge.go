package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A pastEvent is a crashEvent of the process number life.
type pastEvent struct {
	crashEvent
	life int
}

// judge reads what the processes wrote down.
func (c *crash) judge() CrashReport {
	c.t.Helper()
	logs := c.logs()
	r := CrashReport{Kills: c.kills, LeaseOpen: c.open, Points: c.points(), Killed: make(map[string]int)}
	history := make(map[string][]pastEvent) // by message
	empty := false
	for life, events := range logs {
		for _, e := range events {
			switch e.kind {
			case evEmpty:
				empty = true
				r.Dead, _ = strconv.Atoi(e.text) // it wrote a number
			case evRefused:
				r.Refused++
			}
			if e.id != "" {
				history[e.id] = append(history[e.id], pastEvent{e, life})
			}
		}
	}
	if !empty {
		r.fault("the last process ended before the store was empty")
	}
	for id, h := range history {
		c.judgeMessage(&r, id, h)
	}
	c.judgeResume(&r, logs)
	return r
}

func (r *CrashReport) fault(format string, args ...any) {
	const most = 10
	if len(r.faults) < most {
		r.faults = append(r.faults, fmt.Sprintf(format, args...))
	}
}

// judgeMessage follows one message through all processes.
func (c *crash) judgeMessage(r *CrashReport, id string, h []pastEvent) {
	var sent []int // where in h
	accepted := false
	for i, e := range h {
		switch e.kind {
		case evSent, evUnknown:
			sent = append(sent, i)
		case evAccepted:
			accepted = true
		}
	}
	switch {
	case accepted && len(sent) > 0:
		r.Accepted++
		r.Delivered++
	case accepted:
		r.Accepted++
		r.Lost++
		r.fault("the message %s was accepted and never sent: %v", id, kinds(h))
	}
	for i := 1; i < len(sent); i++ {
		c.judgeTwice(r, id, h, sent[i-1], sent[i])
	}
}

// judgeTwice finds out why a message that was sent at h[i] was sent again at h[k].
func (c *crash) judgeTwice(r *CrashReport, id string, h []pastEvent, i, k int) {
	first, second := h[i], h[k]
	if first.text != second.text {
		r.OtherKeys++
		r.fault("the message %s came under two IdemKeys", id)
	}
	switch {
	case first.kind == evUnknown:
		r.Unknown++
	case finished(h[i:k], h):
		r.Unruly++
		r.fault("the message %s was finished and sent again: %v", id, kinds(h))
	case first.life != second.life:
		r.Killed[c.lives[first.life].plan.Point]++
	case lostItsLease(h, first.life):
		r.LeaseLost++
	default:
		r.Unruly++
		r.fault("the message %s was sent twice by one process: %v", id, kinds(h))
	}
}

// finished reports whether the store, or the caller of Submit if it was never
// stored, was told that the message was sent.
func finished(events, h []pastEvent) bool {
	stored := slices.ContainsFunc(h, func(e pastEvent) bool { return e.kind == evStored })
	return slices.ContainsFunc(events, func(e pastEvent) bool {
		return e.kind == evDone || e.kind == evAccepted && !stored
	})
}

// lostItsLease reports whether a claim ended before its worker reported, or the
// report failed, in a process that lived.
func lostItsLease(h []pastEvent, life int) bool {
	open := false
	for _, e := range h {
		if e.life != life {
			continue
		}
		switch e.kind {
		case evLost, evUndone:
			return true
		case evClaimed:
			if open {
				return true
			}
			open = true
		case evDone, evEnded:
			open = false
		}
	}
	return false
}

func kinds(h []pastEvent) []string {
	out := make([]string, len(h))
	for i, e := range h {
		out[i] = fmt.Sprintf("%d:%s", e.life, e.kind)
	}
	return out
}

// judgeResume measures how soon what one process had in hand is in the hands of
// the next.
func (c *crash) judgeResume(r *CrashReport, logs [][]crashEvent) {
	for life := range len(logs) - 1 {
		held := inHand(logs[life])
		from := diedAt(logs[life], c.lives[life].killed)
		for _, e := range logs[life+1] {
			if e.kind == evUp && e.at.After(from) {
				from = e.at
			}
			if e.kind != evClaimed || !held[e.id] {
				continue
			}
			delete(held, e.id)
			r.Resumed++
			r.Resume = max(r.Resume, e.at.Sub(from), time.Nanosecond)
		}
	}
}

// diedAt returns when a process killed itself, or else when the test did.
func diedAt(events []crashEvent, killed time.Time) time.Time {
	for _, e := range events {
		if e.kind == evKill {
			return e.at
		}
	}
	return killed
}

// inHand returns the messages that were claimed and not reported on.
func inHand(events []crashEvent) map[string]bool {
	held := make(map[string]bool)
	for _, e := range events {
		switch e.kind {
		case evClaimed:
			held[e.id] = true
		case evDone, evEnded, evLost:
			delete(held, e.id)
		}
	}
	return held
}
