package topn

import "errors"

var (
	// ErrMode is wrapped by the errors of calls that are for boards of the other
	// [Mode]. Nothing was changed.
	ErrMode = errors.New("topn: not for a board of this mode")

	// ErrScore is wrapped by the errors of calls with a score, or a sum of
	// deltas, that is NaN, infinite or beyond 2^53 either way. Nothing was
	// changed.
	ErrScore = errors.New("topn: score out of range")

	// ErrInput is wrapped by the errors of calls and constructors whose other
	// arguments make no sense. Nothing was changed.
	ErrInput = errors.New("topn: invalid argument")

	// ErrRebuilding is wrapped by the error of a [Board.Rebuild] that found
	// another process rebuilding the same board, or whose lease, or what it had
	// built, Redis lost meanwhile.
	ErrRebuilding = errors.New("topn: another process is rebuilding the board")

	// ErrRunning is wrapped by the error of a Run that was called while another
	// is going on.
	ErrRunning = errors.New("topn: Run is running already")
)
