package node

import "strings"

// splitOutsideQuotes cuts a text at any of the separators that no quote encloses.
func splitOutsideQuotes(text, separators string) []string {
	var parts []string
	var part strings.Builder
	var quote rune
	for _, char := range text {
		switch {
		case quote == 0 && strings.ContainsRune(separators, char):
			parts = append(parts, part.String())
			part.Reset()
			continue
		case quote == 0 && (char == '\'' || char == '"'):
			quote = char
		case char == quote:
			quote = 0
		}
		part.WriteRune(char)
	}
	return append(parts, part.String())
}

// words cuts a command at blanks and takes the quotes off.
func words(command string) []string {
	var found []string
	for _, part := range splitOutsideQuotes(command, " \t\r") {
		if part != "" {
			found = append(found, strings.NewReplacer("'", "", `"`, "").Replace(part))
		}
	}
	return found
}
