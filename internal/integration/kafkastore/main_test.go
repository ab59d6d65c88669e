package kafkastore_test

import (
	"flag"
	"os"
	"testing"
)

// The tests mostly wait for leases to end, so more of them may run at once than
// there are cores.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("6"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
