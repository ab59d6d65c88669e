// Package kafkax shows what kafka-go clients do, as Prometheus metrics that are
// true.
package kafkax

import _ "github.com/segmentio/kafka-go"
