//go:build race

package cachex

const raceEnabled = true
