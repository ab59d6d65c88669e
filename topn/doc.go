// Package topn keeps a leaderboard in Redis and its first N places in the memory
// of every process, where reading them costs nothing.
package topn
