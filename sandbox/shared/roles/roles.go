// Package roles lets one program be many: its first argument chooses which.
package roles

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Choose gives the role that the process's arguments name, and takes its name off them: components read
// the process's arguments, the first of which names the program. Without one it says which there are
// and ends the process.
func Choose[T any](program string, roles map[string]T) T {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	chosen, known := roles[name]
	if !known {
		names := slices.Sorted(maps.Keys(roles))
		fmt.Fprintf(os.Stderr, "usage: %s ROLE [FLAG...]\nroles: %s\n", program, strings.Join(names, ", "))
		os.Exit(2)
	}
	os.Args = os.Args[1:]
	return chosen
}
