package kafkax

import "time"

// Status says how a group does on one partition. The names are those of Burrow,
// and two more.
type Status uint8

// The statuses, from good to bad, and two that are neither.
const (
	// StatusUnknown: too few samples to say more.
	StatusUnknown Status = iota
	// StatusOK: nothing is unread, or was at some time in the window, or what is
	// unread became less.
	StatusOK
	// StatusWarning: the group commits, yet the lag never became less.
	StatusWarning
	// StatusStalled: the group has members, yet the commit doesn't move.
	StatusStalled
	// StatusStopped: nobody is there to move the commit.
	StatusStopped
	// StatusRewound: the commit went back and isn't where it was yet, or the log
	// did: its end lies before the commit.
	StatusRewound
	// StatusTruncated: the log was cut past the commit, so that messages are gone
	// that the group has never read.
	StatusTruncated

	numStatuses = int(StatusTruncated) + 1
)

var statusNames = [numStatuses]string{"unknown", "ok", "warning", "stalled", "stopped", "rewound", "truncated"}

// String returns the name of s in lower case, as the label of a metric has it.
func (s Status) String() string {
	if int(s) >= numStatuses {
		return "invalid"
	}
	return statusNames[s]
}

// StatusWindow is how many samples [Evaluate] judges.
const StatusWindow = 10

// A Sample is what one poll saw of a group on a partition.
type Sample struct {
	At        time.Time
	Start     int64 // the first offset in the log
	End       int64 // the offset that the next message gets
	Committed int64 // the next offset to read; -1: the group has no commit
	Members   int   // of the group; -1: not known
}

// Position returns where the group reads on: at its commit, or at the start of the
// log if it has none or the log was cut past it.
func (s Sample) Position() int64 { return max(s.Committed, s.Start) }

// Lag returns how many messages there are from the position on. It is never
// negative; a commit past the end of the log has no lag.
func (s Sample) Lag() int64 { return max(0, s.End-s.Position()) }

// Truncated returns how many messages were deleted that the group has not read.
func (s Sample) Truncated() int64 {
	if s.Committed < 0 {
		return 0
	}
	return max(0, s.Start-s.Committed)
}

// Evaluate returns the status that window shows at the time now. The samples are
// in the order they were taken, at about equal distances; of more than
// [StatusWindow] the last so many count, and with fewer some statuses can't be told
// yet: StatusUnknown. The first rule that applies decides:
//
//   - the end of the log is before the commit: StatusRewound
//   - the log starts after the commit: StatusTruncated
//   - nothing is unread: StatusOK
//   - the position went back and isn't where it was before: StatusRewound
//   - nothing was unread in any sample: StatusOK
//   - the commit last moved in the first half of the window, or never:
//     StatusStopped for a group without members, else StatusStalled. Where members
//     aren't known, StatusStopped if it moved and StatusStalled if not
//   - the lag became less nowhere: StatusWarning, else StatusOK
//
// They are Burrow's (github.com/linkedin/Burrow/wiki/Consumer-Lag-Evaluation-Rules),
// with these changes: Burrow sees each commit in its topic and Evaluate the state
// at each poll, so that members tell who has stopped from who repeats a commit; a
// log that was cut is a status; and a rewind shows also where nothing was unread
// before it, which is when people rewind.
//
// It costs a few passes over the window and allocates nothing.
func Evaluate(window []Sample, now time.Time) Status {
	if len(window) == 0 {
		return StatusUnknown
	}
	complete := len(window) >= StatusWindow
	if complete {
		window = window[len(window)-StatusWindow:]
	}
	last := window[len(window)-1]
	switch {
	case last.Committed > last.End:
		return StatusRewound
	case last.Truncated() > 0:
		return StatusTruncated
	case last.Lag() == 0:
		return StatusOK
	case rewound(window):
		return StatusRewound
	case everZero(window):
		return StatusOK
	case !complete:
		return StatusUnknown
	}
	return pace(window, now)
}

// pace judges a complete window in which something was always unread.
func pace(window []Sample, now time.Time) Status {
	if moved, silent := silence(window, now); silent {
		return silenceOf(window[len(window)-1].Members, moved)
	}
	for i := 1; i < len(window); i++ {
		if window[i].Lag() < window[i-1].Lag() {
			return StatusOK
		}
	}
	return StatusWarning
}

// rewound reports whether the position is behind where it was in the window.
func rewound(window []Sample) bool {
	last := window[len(window)-1].Position()
	for _, s := range window {
		if s.Position() > last {
			return true
		}
	}
	return false
}

func everZero(window []Sample) bool {
	for _, s := range window {
		if s.Lag() == 0 {
			return true
		}
	}
	return false
}

// silence reports whether the commit moved in the window, and whether it has been
// still since then for longer than the window before that.
func silence(window []Sample, now time.Time) (moved, silent bool) {
	for i := len(window) - 1; i > 0; i-- {
		if window[i].Committed != window[i-1].Committed {
			at := window[i].At
			return true, now.Sub(at) > at.Sub(window[0].At)
		}
	}
	return false, true
}

func silenceOf(members int, moved bool) Status {
	if members == 0 || members < 0 && moved {
		return StatusStopped
	}
	return StatusStalled
}
