// Package ratelimit admits at most so many hits per key and stretch of time, in
// one process or across all that share a Redis.
package ratelimit
