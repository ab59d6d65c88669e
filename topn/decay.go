package topn

import (
	"math"
	"time"
)

// maxHalfLives keeps a weight finite: a double ends just below 2^1024.
const maxHalfLives = 1023

// Decay returns the weight of an event that happened at a given time, for scores
// that fade: add a like to a board with its weight as the delta, and the board is
// at any time in the order that scores would have which lose half of themselves in
// each halfLife. Nothing is ever scored again.
//
// This is forward decay. An event weighs
//
//	w(at) = 2^((at - landmark) / halfLife)
//
// and seen at the time now it is worth w(at)/w(now) = 2^(-(now - at)/halfLife): half
// after one halfLife, a quarter after two. The divisor is the same for every event,
// so it changes no order, and the board holds the sums undivided. To show a score
// as of now, divide it by the weight of now. (Cormode, Shkapenyuk, Srivastava and
// Xu: Forward Decay, A Practical Time Decay Model for Streaming Systems, ICDE 2009.)
//
// The weight depends on the event's own time only, so late events and replays count
// as they would have, whoever counts them, as long as all use the same landmark:
// take a fixed moment, not the start of the process. The time of a like that is
// taken back is that of the like.
//
// Weights double each halfLife, and a board holds scores up to 2^53. A member that
// gets n likes in every halfLife is there no sooner than log2(2^53/n)-1 half-lives
// after the landmark: 32 of them for a million likes, so 16 days for a halfLife of
// twelve hours. Well before that begin a new board with a later landmark, under
// another key, filled by its Source with weights of the new landmark; [Window] makes
// such keys and gives the landmark with [Window.Start]:
//
//	week := topn.Week
//	key := week.Key("hot", now)                               // hot:2026-W48
//	weight := topn.Decay(12*time.Hour, week.Start(now))       // 1 to 2^14
//
// Events before the landmark weigh less than one, down to zero after 1074
// half-lives, and no weight is above 2^1023, so none is infinite. A duration holds
// 292 years: what lies further from the landmark counts as that far. The returned
// function is pure, safe for concurrent use, and allocates nothing. Decay panics if
// halfLife isn't positive, as [time.NewTicker] does.
func Decay(halfLife time.Duration, landmark time.Time) func(at time.Time) float64 {
	if halfLife <= 0 {
		panic("topn: Decay: halfLife is " + halfLife.String() + ", want a positive duration")
	}
	return func(at time.Time) float64 {
		n := float64(at.Sub(landmark)) / float64(halfLife)
		return math.Exp2(min(n, maxHalfLives))
	}
}
