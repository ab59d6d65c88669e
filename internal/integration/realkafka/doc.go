// Package realkafka holds the tests that run on Apache Kafka itself: what clients write
// and read while brokers are killed and paused, and what kafkax says of it against
// what the brokers say.
package realkafka
