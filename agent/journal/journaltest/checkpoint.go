package journaltest

import (
	"errors"
	"testing"

	"resolute/agent/journal"
)

// deed is a record of what somebody did.
func deed(key string) journal.Record {
	return journal.Record{Kind: journal.KindAudit, Key: key, Value: []byte(`{"action":"` + key + `"}`)}
}

func audit(t *testing.T, h *harness) {
	if err := h.Put(bg(), deed("2"), journal.Record{Kind: "token", Key: "a", Value: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	for what, r := range map[string]journal.Record{"changing": {Kind: journal.KindAudit, Key: "2", Value: []byte("{}")}, "removing": {Kind: journal.KindAudit, Key: "2"}} {
		if err := h.Put(bg(), journal.Record{Kind: "token", Key: "b", Value: []byte("1")}, r); err == nil {
			t.Errorf("%s a record of the audit was not refused", what)
		}
	}
	if _, err := h.Get(bg(), "token", "b"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("what was put beside a refused record: %v, want ErrNotFound", err)
	}
	one := h.accept1(h.signal("1"))
	a := h.change(one.CaseID, 2, 1)
	a.Records = []journal.Record{deed("1")}
	h.append(a)
	c, err := h.Checkpoint(bg())
	if err != nil || c.Deeds != 2 {
		t.Errorf("Checkpoint gives %+v, %v, want 2 deeds", c, err)
	}
	h.Store = h.reopen(t, h.Store)
	if again, err := h.Checkpoint(bg()); err != nil || again != c {
		t.Errorf("after a restart Checkpoint gives %+v, %v, want %+v", again, err, c)
	}
	if list, err := h.List(bg(), journal.KindAudit, "", 10); err != nil || len(list) != 2 || list[0].Key != "1" {
		t.Errorf("the audit lists %v, %v, want 1 and 2", list, err)
	}
	h.sound()
}

func checkpoints(t *testing.T, h *harness) {
	compare := func(c journal.Checkpoint) (found []journal.Damage) {
		t.Helper()
		if err := h.Compare(bg(), c, func(d journal.Damage) { found = append(found, d) }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	var made []journal.Checkpoint
	point := func() {
		t.Helper()
		c, err := h.Checkpoint(bg())
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, c)
	}
	point()
	one := h.accept1(h.signal("1"))
	point()
	two := h.accept1(h.signal("2"))
	if err := h.Put(bg(), deed("1")); err != nil {
		t.Fatal(err)
	}
	point()
	h.append(h.change(one.CaseID, 2, 3))
	h.append(h.change(two.CaseID, 2, 1))
	if err := h.Put(bg(), deed("2")); err != nil {
		t.Fatal(err)
	}
	point()
	for i, c := range made {
		if found := compare(c); len(found) > 0 {
			t.Errorf("against checkpoint %d, from %d entries ago, Compare reports %v", i, made[3].Entries-c.Entries, found)
		}
		for j, other := range made[:i] {
			if c == other {
				t.Errorf("checkpoints %d and %d are the same, and something happened in between", i, j)
			}
		}
	}
	last := made[3]
	for what, change := range map[string]func(*journal.Checkpoint){
		"more entries": func(c *journal.Checkpoint) { c.Entries++ }, "more cases": func(c *journal.Checkpoint) { c.Cases++ }, "other heads": func(c *journal.Checkpoint) { c.Heads[0]++ },
		"more deeds": func(c *journal.Checkpoint) { c.Deeds++ }, "another audit": func(c *journal.Checkpoint) { c.Audit[0]++ }, "fewer deeds": func(c *journal.Checkpoint) { c.Deeds-- },
	} {
		c := last
		if change(&c); len(compare(c)) == 0 {
			t.Errorf("a checkpoint of %s agrees with the store", what)
		}
	}
}
