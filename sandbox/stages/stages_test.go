package stages

import "testing"

func TestEveryStageIsReadAndNamesItsFile(t *testing.T) {
	byKind, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, stages := range byKind {
		for _, stage := range stages {
			names[stage.Name+".yaml"] = true
		}
	}
	entries, _ := files.ReadDir(".")
	for _, entry := range entries {
		if !names[entry.Name()] {
			t.Errorf("%s holds a stage of another name", entry.Name())
		}
	}
}
