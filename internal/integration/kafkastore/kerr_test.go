package kafkastore_test

import "github.com/segmentio/kafka-go"

// kerrAsKafka returns the error of that code as kafka-go has it.
func kerrAsKafka(code int) error { return kafka.Error(code) }
