// Package smsfailover keeps every accepted SMS: what a provider can't take now
// waits in a store, and goes out once it can.
package smsfailover
