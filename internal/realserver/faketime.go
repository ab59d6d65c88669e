package realserver

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"slices"
)

// waits are the functions that wait for a duration and that libfaketime wraps,
// though at a clock's normal speed it changes nothing about them.
var waits = []string{
	"alarm", "epoll_pwait", "epoll_wait", "nanosleep", "poll", "ppoll", "pselect", "select", "sleep", "usleep",
}

// copyFaketime copies the library without its wrappers of waits. While such a
// wrapper waits, a signal handler sees the true time. PostgreSQL checks its
// timeouts in one: on a server that is five minutes ahead, a lock_timeout of one
// second would take five minutes and one second.
func copyFaketime(from, to string) error {
	lib, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := hideSymbols(lib, waits); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return os.WriteFile(to, lib, 0o644)
}

// hideSymbols makes a dynamic linker pass by the named functions of a shared
// library: it takes no symbol whose value is zero, and goes on to the next
// library.
func hideSymbols(lib []byte, names []string) error {
	f, err := elf.NewFile(bytes.NewReader(lib))
	if err != nil {
		return err
	}
	table := f.SectionByType(elf.SHT_DYNSYM)
	if f.Class != elf.ELFCLASS64 || table == nil {
		return errors.New("no 64-bit shared library")
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return err
	}
	const valueOffset, valueSize = 8, 8 // in an entry of the table
	for i, sym := range symbols {
		if sym.Section == elf.SHN_UNDEF || !slices.Contains(names, sym.Name) {
			continue
		}
		// DynamicSymbols leaves out the first entry, which is empty.
		at := table.Offset + uint64(i+1)*elf.Sym64Size + valueOffset
		clear(lib[at : at+valueSize])
	}
	return nil
}
