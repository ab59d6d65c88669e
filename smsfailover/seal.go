package smsfailover

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// errSealed is why a job whose args can't be read is buried.
var errSealed = errors.New("smsfailover: the sealed args can't be opened")

// seal makes j's Args what s makes of them, in one arg.
func seal(s Sealer, j *Job) error {
	if s == nil {
		return nil
	}
	for i, arg := range j.Args {
		if !utf8.ValidString(arg) { // JSON would change it
			return fmt.Errorf("%w: arg %d of %d is not UTF-8 and can't be sealed", ErrInput, i+1, len(j.Args))
		}
	}
	plain, err := json.Marshal(j.Args)
	if err != nil {
		return fmt.Errorf("smsfailover: seal: %w", err)
	}
	sealed, err := s.Seal(plain)
	if err != nil {
		return fmt.Errorf("smsfailover: seal: %w", redactError(err, &j.Message))
	}
	if n := base64.StdEncoding.EncodedLen(len(sealed)); n > MaxArgs {
		return fmt.Errorf("%w: Message.Args has %d bytes when sealed, want %d or less", ErrInput, n, MaxArgs)
	}
	j.Args, j.Sealed = []string{base64.StdEncoding.EncodeToString(sealed)}, true
	return nil
}

// unseal undoes seal. Its error wraps errSealed.
func unseal(s Sealer, j *Job) error {
	switch {
	case !j.Sealed:
		return nil
	case s == nil:
		return fmt.Errorf("%w: there is no Sealer", errSealed)
	case len(j.Args) != 1:
		return fmt.Errorf("%w: there are %d, want 1", errSealed, len(j.Args))
	}
	sealed, err := base64.StdEncoding.DecodeString(j.Args[0])
	if err != nil {
		return fmt.Errorf("%w: %w", errSealed, err)
	}
	plain, err := s.Open(sealed)
	if err != nil {
		return fmt.Errorf("%w: %w", errSealed, redactError(err, &j.Message))
	}
	var args []string
	if err := json.Unmarshal(plain, &args); err != nil {
		return fmt.Errorf("%w: %T after opening", errSealed, err) // its text may quote a code
	}
	j.Args, j.Sealed = args, false
	return nil
}
