// Package cachex keeps one-time codes, such as the six digits of an SMS login.
package cachex
