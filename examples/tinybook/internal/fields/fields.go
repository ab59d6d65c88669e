// Package fields holds what is wrong with the fields of a form. The codes are
// stable and part of the API; the words for them are chosen by the web layer.
package fields

import (
	"cmp"
	"slices"
	"strings"
)

// Codes that more than one field uses.
const (
	Required  = "required"
	Type      = "type"
	Format    = "format"
	TooLong   = "too_long"
	TooShort  = "too_short"
	Character = "character"
)

// A Fault is what is wrong with one field. Args fill the message of Code, such
// as a limit; they hold nothing of what the user wrote but a character that can't
// be seen.
type Fault struct {
	Field string
	Code  string
	Args  []any
}

// Errors is everything that is wrong with a form. As an error it names fields
// and codes, no values.
type Errors []Fault

// Add appends one fault.
func (f *Errors) Add(field, code string, args ...any) {
	*f = append(*f, Fault{Field: field, Code: code, Args: args})
}

// Has reports whether field has a fault already.
func (f *Errors) Has(field string) bool {
	for _, fault := range *f {
		if fault.Field == field {
			return true
		}
	}
	return false
}

// Sort puts the faults into the order in which a form has its fields.
func (f *Errors) Sort(names ...string) {
	slices.SortStableFunc(*f, func(a, b Fault) int {
		return cmp.Compare(slices.Index(names, a.Field), slices.Index(names, b.Field))
	})
}

// Err returns f, or nil if nothing is wrong.
func (f *Errors) Err() error {
	if len(*f) == 0 {
		return nil
	}
	return *f
}

// Error implements error.
func (f Errors) Error() string {
	words := make([]string, len(f))
	for i, fault := range f {
		words[i] = fault.Field + " " + fault.Code
	}
	return "invalid fields: " + strings.Join(words, ", ")
}
