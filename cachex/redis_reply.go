package cachex

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// replyGen reads the 7 bytes of a gen, and one more if something was healed.
func replyGen(reply any) (gen uint64, healed, ok bool) {
	s, ok := reply.(string)
	if !ok || len(s) != 7 && len(s) != 8 {
		return 0, false, false
	}
	for _, b := range []byte(s[:7]) {
		gen = gen<<8 | uint64(b)
	}
	return gen, len(s) == 8, gen != 0
}

// replyNumbers reads n numbers from the one string of a list.
func replyNumbers(reply any, n int) ([]int64, bool) {
	list, ok := reply.([]any)
	if !ok || len(list) != 1 {
		return nil, false
	}
	text, ok := list[0].(string)
	fields := strings.Fields(text)
	if !ok || len(fields) != n {
		return nil, false
	}
	numbers := make([]int64, n)
	for i, field := range fields {
		v, err := strconv.ParseUint(field, 10, 63)
		if err != nil {
			return nil, false
		}
		numbers[i] = int64(v)
	}
	return numbers, true
}

func microseconds(n int64) time.Duration {
	return time.Duration(min(n, int64(maxDuration/time.Microsecond))) * time.Microsecond
}

// badReply names an answer's type only: its content is not ours to print.
func badReply(op string, reply any) error {
	return fmt.Errorf("cachex: %s: unexpected reply of type %T", op, reply)
}
