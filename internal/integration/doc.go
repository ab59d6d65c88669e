// Package integration holds the tests that need database drivers, an embedded
// broker and the like: heavy dependencies of tests stay out of the root module.
package integration
