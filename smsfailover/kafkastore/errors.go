package kafkastore

import (
	"errors"

	"github.com/segmentio/kafka-go"
)

var (
	// ErrNotRunning is returned by [Store.Claim] of a Store whose Run isn't
	// running: nobody reads the topics, so there is nothing to hand out.
	ErrNotRunning = errors.New("kafkastore: Run is not running")

	// ErrRunning is returned by [Store.Run] of a Store that runs already.
	ErrRunning = errors.New("kafkastore: Run is running already")

	// ErrTopics is wrapped by the error of [Store.Run] when a topic is missing
	// or has another number of partitions than Config.Partitions.
	ErrTopics = errors.New("kafkastore: the topics are not as they should be")

	// ErrRecord is wrapped by what [WithErrors] is told of a record that can't
	// be read.
	ErrRecord = errors.New("kafkastore: not a record of this package")

	// ErrDeleted is wrapped by what [WithErrors] is told when the brokers deleted
	// records before they were read; see [WithRetention].
	ErrDeleted = errors.New("kafkastore: records were deleted before they were read")

	// errMoved says that the generation is over in which a call began: others
	// may own its partitions now.
	errMoved = errors.New("kafkastore: the partitions have moved")
)

// moved reports whether err says that this process is no member of the
// generation any more that it takes itself for.
func moved(err error) bool {
	for _, code := range []kafka.Error{
		kafka.IllegalGeneration, kafka.UnknownMemberId, kafka.RebalanceInProgress, kafka.FencedInstanceID,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return errors.Is(err, errMoved)
}
