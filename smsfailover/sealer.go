package smsfailover

// A Sealer encrypts the Args of messages at rest, so that codes don't lie in a
// table in clear. Open must also open what earlier keys sealed. It is safe for
// concurrent use.
type Sealer interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}
