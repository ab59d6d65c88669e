package smsfailover

// A ProviderSnapshot is one provider of a [Chain] at one moment. The counts are
// of messages to one number since the Chain was made.
type ProviderSnapshot struct {
	Name string
	Cost int
	// Monitor is the zero MonitorSnapshot but for a Health of 1 if the provider
	// has none.
	Monitor   MonitorSnapshot
	Sent      uint64 // taken
	Failed    uint64 // Transient results, unknown ones among them
	Throttled uint64 // refused for too much traffic
	Permanent uint64 // refused for good
	Unknown   uint64 // may have been taken: time was up, or the caller gave up
	Limited   uint64 // kept back by the Limiter
	Open      uint64 // kept back by the Monitor
}

// Snapshot returns all providers as they are now, in the order of [NewChain]. The
// counts of a provider are read one by one, so that those of a moment in which
// it is in use may differ by a message.
func (c *Chain) Snapshot() []ProviderSnapshot {
	all := make([]ProviderSnapshot, len(c.given))
	for i, l := range c.given {
		all[i] = l.snapshot()
	}
	return all
}

func (l *link) snapshot() ProviderSnapshot {
	m := MonitorSnapshot{Health: 1}
	if l.Monitor != nil {
		m = l.Monitor.Snapshot()
	}
	return ProviderSnapshot{
		Name: l.Name, Cost: l.Cost, Monitor: m,
		Sent: l.sent.Load(), Failed: l.failed.Load(),
		Throttled: l.throttled.Load(), Permanent: l.permanent.Load(),
		Unknown: l.unknown.Load(),
		Limited: l.limited.Load(), Open: l.open.Load(),
	}
}
