package user

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
