package kafkastore

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

func testClock(ahead time.Duration) *clock {
	c := &clock{}
	c.init()
	c.shown += int64(ahead)
	return c
}

func sampleRecords(now time.Time) []*record {
	full := smsfailover.Job{
		Message: smsfailover.Message{
			ID: "id", TplID: "模板", To: "+8613800000000", IdemKey: "key",
			Args: []string{"", "a\xff\x00", strings.Repeat("x", 300)}, NotAfter: now.Add(time.Hour), Priority: -3,
		},
		Sealed: true, Attempt: 7, Claims: 9, Due: now.Add(time.Minute), LeaseUntil: now.Add(time.Second), Token: "token",
		LastErr: "provider: 503", Prev: 90 * time.Second, Enqueued: now.Add(-time.Hour),
	}
	return []*record{
		{job: smsfailover.Job{Due: now, Enqueued: now}, lineage: newLineage(), written: now},
		{job: full, lineage: newLineage(), seq: 1 << 40, over: true, hold: "hold", written: now},
	}
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	c := testClock(0)
	for _, want := range sampleRecords(c.fromBroker(c.toBroker(time.Now()))) {
		got, err := decodeRecord(c, want.encode(c))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// Trap smsfailover/21: two processes whose clocks are ten minutes apart, and each of
// which knows how far it is off that of the brokers, agree on all times.
func TestClocksThatDifferAgree(t *testing.T) {
	slow, fast := testClock(5*time.Minute), testClock(-5*time.Minute)
	now := time.Now()
	for _, r := range sampleRecords(now) {
		got, err := decodeRecord(fast, r.encode(slow))
		require.NoError(t, err)
		// This process is both: what the slow one calls now is ten minutes ahead.
		skew := 10 * time.Minute
		require.WithinDuration(t, r.job.Due.Add(skew), got.job.Due, time.Second)
		require.WithinDuration(t, r.written.Add(skew), got.written, time.Second)
		require.Equal(t, r.job.Due.Sub(r.job.Enqueued), got.job.Due.Sub(got.job.Enqueued))
	}
}

func TestClockIsMeasured(t *testing.T) {
	var c clock
	c.init()
	require.False(t, c.isKnown())
	now := time.Now()
	for name, tc := range map[string]struct {
		trip, ahead, want time.Duration
	}{
		"they agree":             {trip: 2 * time.Millisecond},
		"within the way":         {trip: 100 * time.Millisecond, ahead: 40 * time.Millisecond},
		"the brokers are ahead":  {trip: 10 * time.Millisecond, ahead: 5 * time.Minute, want: 5 * time.Minute},
		"the brokers are behind": {trip: 10 * time.Millisecond, ahead: -5 * time.Minute, want: -5 * time.Minute},
	} {
		appended := now.Add(tc.trip / 2).Add(tc.ahead)
		c.measured(now, now.Add(tc.trip), appended)
		require.True(t, c.isKnown(), name)
		require.Equal(t, tc.want, time.Duration(c.toBroker(now)-now.UnixNano()), name)
	}
	c.measured(now, now.Add(time.Millisecond), time.Time{})
	require.Equal(t, now.UnixNano(), c.toBroker(now), "brokers that don't say")
}

func TestRecordsOfOthers(t *testing.T) {
	c := testClock(0)
	good := sampleRecords(time.Now())[1].encode(c)
	require.False(t, isNewer(good))
	require.True(t, isNewer([]byte{recordVersion + 1}))
	for name, b := range map[string][]byte{
		"empty":         {},
		"version 0":     append([]byte{0}, good[1:]...),
		"cut":           good[:len(good)-1],
		"longer":        append(bytes.Clone(good), 0),
		"unknown flags": append([]byte{good[0], 0x80}, good[2:]...),
	} {
		_, err := decodeRecord(c, b)
		require.ErrorIs(t, err, ErrRecord, name)
		require.NotContains(t, err.Error(), "138", name)
	}
}

// What a provider wrote is cut, so that a record doesn't outgrow its topic.
func TestLastErrIsCut(t *testing.T) {
	c := testClock(0)
	r := sampleRecords(time.Now())[0]
	r.job.LastErr = strings.Repeat("x", 1<<20)
	got, err := decodeRecord(c, r.encode(c))
	require.NoError(t, err)
	require.Len(t, got.job.LastErr, maxLastErr)
}

// No key of a record gives a number away, and no two messages share one that
// differ.
func TestKeys(t *testing.T) {
	require.NotContains(t, string(keyOf("login", "+8613800000000").text()), "138")
	require.NotEqual(t, keyOf("ab", "c"), keyOf("a", "bc"))
	seen := make(map[int]int)
	for i := range 12_000 {
		seen[keyOf("login", strings.Repeat("1", i%60)+string(rune(i))).partition(12)]++
	}
	for p := range 12 {
		require.InDelta(t, 1000, seen[p], 200, "partition %d", p)
	}
}

func FuzzRecord(f *testing.F) {
	c := testClock(0)
	for _, r := range sampleRecords(time.Now()) {
		f.Add(r.encode(c))
	}
	f.Add([]byte{recordVersion})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord(c, b)
		if err != nil {
			return
		}
		again, err := decodeRecord(c, r.encode(c))
		if len(r.job.LastErr) > maxLastErr {
			r.job.LastErr = r.job.LastErr[:maxLastErr]
		}
		require.NoError(t, err)
		require.Equal(t, r.job.Args, again.job.Args)
		require.Equal(t, r.job.LastErr, again.job.LastErr)
		require.Equal(t, r.job.ID, again.job.ID)
		require.Equal(t, r.seq, again.seq)
		require.Equal(t, r.lineage, again.lineage)
	})
}

func FuzzChange(f *testing.F) {
	c := testClock(0)
	f.Add(encodeChange(c, keyOf("login", "1"), time.Now(), "id"))
	f.Add([]byte{changeVersion})
	f.Fuzz(func(t *testing.T, b []byte) {
		k, ch, err := decodeChange(c, b)
		if err != nil {
			require.ErrorIs(t, err, ErrRecord)
			return
		}
		k2, ch2, err := decodeChange(c, encodeChange(c, k, ch.at, ch.id))
		require.NoError(t, err)
		require.Equal(t, k, k2)
		require.Equal(t, ch.id, ch2.id)
	})
}
