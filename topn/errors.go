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
	ErrRebuilding = errors.New("topn: another process is rebuilding the board, or the lease was lost")

	// ErrRunning is wrapped by the error of a Run that was called while another
	// is going on.
	ErrRunning = errors.New("topn: Run is running already")

	// ErrNotRunning is wrapped by the error of a [Boards.Get] while no
	// [Boards.Run] is running.
	ErrNotRunning = errors.New("topn: Run isn't running")

	// ErrRewound is wrapped by what the function of [WithOnError] is told when a
	// stream has a mark behind the end of its log, so that [Consume] drops
	// messages that nobody may have counted. Either another consumer has just
	// taken the partition over and is ahead, or the topic was deleted and created
	// again: then give it another name with [WithStream].
	ErrRewound = errors.New("topn: the mark of the stream is behind the end of the log")
)
