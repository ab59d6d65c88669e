package sqlstore

import "time"

// A skew is how many microseconds the caller's clock is ahead of the server's.
type skew int64

// measure returns the smallest skew with which the server can have read its clock
// as server between from and to. It is 0 where the clocks agree, however long
// that took, so that times go in and come out unchanged.
func measure(from, to time.Time, server int64) skew {
	first := from.UnixMilli() * 1000 // SQLite knows no microseconds
	last := to.UnixMicro()
	switch {
	case server < first:
		return skew(first - server)
	case server > last:
		return skew(last - server)
	}
	return 0
}

// local returns a time of the server as one of the caller.
func (k skew) local(server int64) time.Time { return time.UnixMicro(server + int64(k)) }

// server returns a time of the caller as one of the server.
func (k skew) server(t time.Time) int64 { return t.UnixMicro() - int64(k) }

// micros returns d in microseconds, rounded up; nothing below zero.
func micros(d time.Duration) int64 {
	d = max(d, 0)
	us := d.Microseconds()
	if d%time.Microsecond > 0 {
		us++
	}
	return us
}
