package smsfailover

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Whose turn comes at the very moment in which it leaves passes the turn on.
func TestATurnThatComesTooLateIsPassedOn(t *testing.T) {
	l := lanes{busy: make(map[lane]*line)}
	k := lane{"login", "1"}
	require.Nil(t, l.queueUp(k))
	leaver, next := l.queueUp(k), l.queueUp(k)
	l.free(k)
	<-leaver // its turn, but it has seen the end of its context first
	l.giveUp(k, leaver)
	select {
	case <-next:
	default:
		t.Fatal("nobody's turn, and the lane is taken")
	}
	l.free(k)
	require.Empty(t, l.busy)
	require.NoError(t, l.take(t.Context(), k))
}
