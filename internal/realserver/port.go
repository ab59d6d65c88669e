package realserver

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports come from below the range that the system hands to outgoing
// connections, so that no client of another test sits on one.
const (
	firstPort = 12000
	lastPort  = 31000
)

// freePorts returns n different ports on which nobody listened a moment ago.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range 1000 {
		if len(ports) == n {
			return ports, nil
		}
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		defer l.Close() // held until all are found, so that none comes twice
		ports = append(ports, port)
	}
	return nil, fmt.Errorf("found %d of %d free ports", len(ports), n)
}
