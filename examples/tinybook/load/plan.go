package main

// ping is the ceiling: an answer that costs nothing but HTTP.
const ping = "/ping"

// The targets, in the order of the table.
var targets = []string{ping, local, fromRedis, fromDB, noIndex}

const (
	local     = "/bench/rank/local"
	fromRedis = "/bench/rank/redis"
	fromDB    = "/bench/rank/db"
	noIndex   = "/bench/rank/db-noindex"
)

// A task says what one run measures.
type task struct {
	Articles int
	Conns    int
	Round    int
	Target   string
}

// plan returns all runs in the order in which they are made. A round visits every
// target once with every number of connections, and the next round begins one
// target later: what changes on the machine meanwhile, and what one target leaves
// to the next, is spread over all.
func plan(o options) []task {
	var all []task
	for _, articles := range o.articles {
		for round := range o.rounds {
			for _, conns := range o.conns {
				for i := range targets {
					all = append(all, task{articles, conns, round, targets[(i+round)%len(targets)]})
				}
			}
		}
	}
	return all
}
