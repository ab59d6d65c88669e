package ratelimit

// A localReceipt is what a Local must know to take hits back. The zero value
// stands for none.
type localReceipt struct {
	plan  *plan
	id    id
	n     int
	at    int64  // when they were admitted
	slack int64  // GCRA: for how much longer than their own cost they are owed
	seq   uint64 // numbers the admissions of a shard
}
