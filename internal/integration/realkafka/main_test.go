package realkafka_test

import (
	"flag"
	"os"
	"testing"
)

// The tests mostly wait for brokers, so more of them may run at once than there are
// cores.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("4"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
