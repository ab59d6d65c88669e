package e2e_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How the process that sends is killed: so often, while so many ask for codes.
const (
	kills  = 4
	askers = 6
	// workers is how many messages the application works off at once.
	workers = 4
	// few is how many codes are promised at least before a kill.
	few = 8
)

// The process is killed again and again while it sends and queues messages.
// Every code that was promised is delivered and good. Twice comes only what was
// on its way when the process was killed.
func TestNothingPromisedIsLostByKills(t *testing.T) {
	t.Parallel() // it mostly waits
	dir := t.TempDir()
	path := filepath.Join(dir, "diary")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var promised []string
	for range kills {
		url, kill := runChild(t, dir, childDiary+"="+path)
		promised = append(promised, askUntilKilled(t, url, few+random.IntN(2*few), kill)...)
	}
	url, _ := runChild(t, dir, childDiary+"="+path)
	c := operator(t, url)
	drained(t, c)
	require.Empty(t, c.ops().Dead)

	got := readDiary(t, path)
	twice := make([]int, kills+2) // by page, of which there is one more than kills
	for phone, entries := range got {
		for i, e := range entries[1:] {
			require.Equal(t, entries[0].code, e.code, "one code for %s", phone)
			require.Greater(t, e.page, entries[i].page, "again without a kill")
			twice[entries[i].page]++
		}
	}
	stranger := newClient(t, url)
	for _, phone := range promised {
		require.NotEmpty(t, got["+86"+phone], "a code was promised")
		stranger.post("/users/login_sms", fields{"phone": phone, "code": got["+86"+phone][0].code}).want(t, 200)
	}
	t.Logf("%d promised, %d delivered, twice by kill %v", len(promised), len(got), twice[1:kills+1])
	for _, n := range twice {
		require.LessOrEqual(t, n, askers+workers)
	}
}

// askUntilKilled asks for codes for new phones, and kills whoever answers once
// enough were promised, while others are being asked for. It returns the phones
// for which a code was promised.
func askUntilKilled(t *testing.T, url string, enough int, kill func()) []string {
	t.Helper()
	var (
		mu       sync.Mutex
		promised []string
		all      sync.WaitGroup
	)
	for range askers {
		all.Go(func() {
			for {
				phone := newPhone()
				status, err := ask(url, phone)
				if err != nil {
					return // the process was killed
				}
				if status != http.StatusOK {
					t.Errorf("asked for a code: %d", status)
					return
				}
				mu.Lock()
				promised = append(promised, phone)
				due := len(promised) == enough
				mu.Unlock()
				if due {
					kill()
				}
			}
		})
	}
	all.Wait()
	require.GreaterOrEqual(t, len(promised), enough)
	return promised
}

// ask asks for a code and returns the status of the whole answer.
func ask(url, phone string) (int, error) {
	text, err := json.Marshal(fields{"phone": phone})
	if err != nil {
		return 0, err
	}
	resp, err := http.Post(url+"/users/login_sms/code/send", "application/json", bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
