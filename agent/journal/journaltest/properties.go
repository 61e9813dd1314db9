package journaltest

import "testing"

func properties(t *testing.T, h *harness) {}
