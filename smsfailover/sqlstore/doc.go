// Package sqlstore keeps the messages of smsfailover in a SQL database.
package sqlstore
