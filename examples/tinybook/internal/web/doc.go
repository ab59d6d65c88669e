// Package web is what every handler of TinyBook shares: the envelope of the
// answers, errors and their status, messages in two languages, and the
// middlewares.
//
// A handler is a function that returns (T, error) and is wrapped by [Handle].
// It writes no log line and no error response: one middleware, [Errors], maps
// what went wrong to a status and answers. Every request has one line in the
// log, with what failed, if anything did.
package web
