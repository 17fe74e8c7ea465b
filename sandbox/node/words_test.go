package node

import (
	"reflect"
	"testing"
)

func TestQuotesKeepSeparatorsTogether(t *testing.T) {
	parts := splitOutsideQuotes(`echo 'a;b' "c;d";exit 3`, ";")
	if want := []string{`echo 'a;b' "c;d"`, "exit 3"}; !reflect.DeepEqual(parts, want) {
		t.Errorf("got %q", parts)
	}
	if got, want := words(` echo  'a  b' c"d"e `), []string{"echo", "a  b", "cde"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}
