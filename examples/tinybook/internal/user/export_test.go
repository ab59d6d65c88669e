package user

import "golang.org/x/crypto/bcrypt"

// FillForTest takes n places of the hasher.
func FillForTest(h *Hasher, n int) (release func()) {
	for range n {
		h.slots <- struct{}{}
	}
	return func() {
		for range n {
			<-h.slots
		}
	}
}

// CountForTest replaces bcrypt by what only adds up its work, in rounds, and
// takes every password for the right one of a hash that right says.
func CountForTest(h *Hasher, right func(hash string) bool) *Work {
	w := &Work{right: right}
	h.algo = w
	return w
}

// Work is how much bcrypt has been asked to do.
type Work struct {
	Rounds int
	right  func(hash string) bool
}

// Generate implements the interface of the hasher.
func (w *Work) Generate(_ []byte, cost int) ([]byte, error) {
	w.Rounds += 1 << cost
	return dummy(cost), nil
}

// Compare implements the interface of the hasher.
func (w *Work) Compare(hash, _ []byte) error {
	cost, err := bcrypt.Cost(hash)
	if err != nil {
		return err
	}
	w.Rounds += 1 << cost
	if w.right(string(hash)) {
		return nil
	}
	return bcrypt.ErrMismatchedHashAndPassword
}

// LimitForTest is how many may wait for the hasher.
func LimitForTest(h *Hasher) int { return int(h.limit) }
