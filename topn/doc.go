// Package topn keeps a leaderboard in Redis, for all processes to write to, and its
// first N places in the memory of each, where reading them takes nanoseconds.
//
//	board, err := topn.New(rdb, "likes", topn.Int64Codec(), mostLiked) // mostLiked asks the database
//	...
//	g.Go(func() error { return board.Run(ctx) }) // keeps the places fresh
//	...
//	// A like: first the database, which raises the row's version, then the board.
//	_, err = board.Apply(ctx, topn.Entry[int64]{Member: id, Score: likes, Version: version})
//	...
//	for _, item := range board.Top(10) { // millions of times a second
//		fmt.Println(item.Rank, item.Member, item.Score)
//	}
//
// # How a change gets everywhere
//
// Beside the sorted set there is a mark, a number that every write changes in the
// same script. A process asks for it once a tick, and reads the places when it is
// another than the last time. Nobody resets it, so that no process takes a change
// from the others, and it only matters that it differs, so that a server which
// lost its data and starts anew is noticed too. Its steps are random, 1 to 2^20, and
// a rebuild starts it anywhere: a server that came back with old data and was written
// to since has another one, but for a chance of some one in a million. Even then a
// process sees it after a tick that failed, with the next change, or after
// [WithMaxStale].
//
//	database      writer          Redis              each process       readers
//	   |  commit    |               |                     |                |
//	   |<-----------|               |                     |                |
//	   |            |  set + mark   |                     |                |
//	   |            |-------------->|                     |                |
//	   |            |               |   GET mark          |                |
//	   |            |               |<--------------------| tick           |
//	   |            |               |   same: nothing     |   Top          |
//	   |            |               |   other: places     |<---------------|
//	   |            |               |<--------------------|                |
//	   |            |               |                     |                |
//	   |            |               |   no mark: lease    | tick, or Load  |
//	   |            |               |<--------------------|                |
//	   |            the best rows   |                     |                |
//	   |<---------------------------|---------------------|                |
//	   |            |               |   set, new mark     |                |
//	   |            |               |<--------------------|                |
//
// The original TinyBook sent a message to Kafka on each miss and had one process
// answer a flag by filling the cache again; here a miss asks Redis and, if need be,
// the database, once in each process however many miss at once, and one process
// fills Redis. What Kafka is for is the events: see [Consume].
//
// # Which mode
//
// [Absolute] boards are given scores with versions, the newer wins: they end up as
// the database says, whatever comes twice, late or in another order, and may be
// trimmed to the best few thousand. Take them if rows have a version, or can.
// [Counter] boards are given what to add. With a [Position] a log counts once,
// however it is cut and repeated, as long as no score meets a bound; but a rebuild can't know which events the
// database has counted already, so that some of those in flight may be lost or
// doubled by it.
//
// # What else there is
//
// [Boards] are as many boards as there are keys, of which the ones in use are in
// memory; [Window] names those of an hour, a day or a week. [Decay] gives events
// weights for scores that fade. [Heap] ranks what no Redis is needed for.
//
// # Promises and their limits
//
// While Run runs and Redis answers, every process has the newest places within a
// tick and its jitter, 1.2 s unless told otherwise. While Redis is away it has the
// last ones, and a [Snapshot] says so. A server that loses acknowledged writes, as
// in a failover to a replica that lags, loses them here too, until the rows change
// again or the board is rebuilt.
//
// A call waits for Redis as long as the client does: go-redis ends a command with ctx
// only if its ContextTimeoutEnabled is set, and otherwise after its ReadTimeout, some
// seconds, and as many tries as MaxRetries allows. So set it, and timeouts that suit the
// readers, or calls, and the end of Run and [Consume], may come that much later than
// ctx's while Redis hangs.
//
// Boards are safe for concurrent use and log nothing. They start nothing that outlives
// a call, but for a Load whose callers have all left: its question to Redis or the
// database, which is cancelled then, may take until the client gives it up.
package topn
