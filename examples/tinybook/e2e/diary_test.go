package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A diary is a slow provider of a process that is killed: it writes every
// message that it takes into a file before it says so, and now and then takes
// none.
type diary struct{ file *os.File }

// openDiary opens the diary of this process at path, and begins a page.
func openDiary(t *testing.T, path string) *diary {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	d := &diary{file: file}
	require.NoError(t, d.write("start"))
	return d
}

func (d *diary) write(line string) error {
	if _, err := d.file.WriteString(line + "\n"); err != nil {
		return err
	}
	return d.file.Sync()
}

func (d *diary) Send(ctx context.Context, _ string, args []string, numbers ...string) error {
	timer := time.NewTimer(5*time.Millisecond + rand.N(40*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if rand.N(8) == 0 {
		return errors.New("diary: not now")
	}
	if err := d.write(numbers[0] + " " + args[0]); err != nil {
		return err
	}
	timer.Reset(rand.N(40 * time.Millisecond)) // while it is taken and not yet answered
	<-timer.C
	return nil
}

// An entry is what a diary says of one message.
type entry struct {
	page int // which process wrote it
	code string
}

// readDiary returns the entries of each phone, in order.
func readDiary(t *testing.T, path string) map[string][]entry {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	all := map[string][]entry{}
	page := 0
	for line := range strings.Lines(string(text)) {
		var phone, code string
		if strings.TrimSpace(line) == "start" {
			page++
			continue
		}
		_, err := fmt.Sscan(line, &phone, &code)
		require.NoError(t, err, "entry %q", line)
		all[phone] = append(all[phone], entry{page, code})
	}
	return all
}
