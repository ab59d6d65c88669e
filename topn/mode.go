package topn

import "fmt"

// A Mode is how a board is written to.
type Mode uint8

const (
	// Absolute boards are written with [Board.Apply]: an event carries the new
	// score and the version of the row it stands in, and the newer version wins.
	// Replays, reordered events, rebuilds and trims change nothing about where
	// it ends up. It is the default.
	Absolute Mode = iota
	// Counter boards are written with [Board.Incr] and [Board.IncrBatch]: an
	// event carries what is to be added. A [Position] makes replays harmless; a
	// rebuild that meets events in flight may lose them or count them twice.
	Counter
)

// String returns the name of m.
func (m Mode) String() string {
	switch m {
	case Absolute:
		return "absolute"
	case Counter:
		return "counter"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}
