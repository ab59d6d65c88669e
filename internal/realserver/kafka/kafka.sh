#!/bin/sh
# Runs a class of Kafka's. What is compiled once and for all starts in half the
# time, and a broker of the tests doesn't live for long.
exec java -Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
	-Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
	-cp "${0%/bin/*}/lib/*" "$@"
