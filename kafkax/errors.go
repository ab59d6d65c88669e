package kafkax

import "errors"

// ErrInput is wrapped by the errors of calls whose arguments make no sense, such
// as a client that is nil or a name that is empty. Nothing was changed.
var ErrInput = errors.New("kafkax: invalid argument")
