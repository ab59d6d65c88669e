package ratelimit

import (
	"fmt"
	"time"
)

// A Limit is at most N hits in any stretch of length Per. N 0 refuses
// everything. Burst is for [GCRA] only: how many hits may come at once, where 0
// means N.
type Limit struct {
	N     int
	Per   time.Duration
	Burst int
}

// PerSecond returns the limit of n hits per second.
func PerSecond(n int) Limit { return Limit{N: n, Per: time.Second} }

// PerMinute returns the limit of n hits per minute.
func PerMinute(n int) Limit { return Limit{N: n, Per: time.Minute} }

// PerHour returns the limit of n hits per hour.
func PerHour(n int) Limit { return Limit{N: n, Per: time.Hour} }

// PerDay returns the limit of n hits per 24 hours.
func PerDay(n int) Limit { return Limit{N: n, Per: 24 * time.Hour} }

func (l Limit) String() string {
	if l.Burst == 0 || l.Burst == l.N {
		return fmt.Sprintf("%d per %v", l.N, l.Per)
	}
	return fmt.Sprintf("%d per %v, burst %d", l.N, l.Per, l.Burst)
}
