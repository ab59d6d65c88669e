package kafkax

import (
	"errors"
	"fmt"
)

// ErrInput is wrapped by the errors of calls whose arguments make no sense, such
// as a client that is nil, a name that is empty or an option with a bad value.
// Nothing was changed. There is a line for each fault, which names the call or the
// option.
var ErrInput = errors.New("kafkax: invalid argument")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInput, fmt.Errorf(format, args...))
}
