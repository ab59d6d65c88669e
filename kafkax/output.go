package kafkax

import "io"

// checkOutput refuses a writer that is nil.
func checkOutput(call string, w io.Writer) error {
	if w == nil {
		return invalid("%s: the io.Writer is nil", call)
	}
	return nil
}

// writeAll writes b to w. A w that takes less and doesn't say so is caught.
func writeAll(w io.Writer, b []byte) error {
	n, err := w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
