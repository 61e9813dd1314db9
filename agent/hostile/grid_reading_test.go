package hostile_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestInjectionsAreRead: what is slipped in is an instruction to a model that obeys all, wherever and
// however it is written: else nothing that stops it is proven by it.
func TestInjectionsAreRead(t *testing.T) {
	list, kinds := grid()
	known := map[string]bool{}
	for i, in := range list {
		tale := &tale{injection: in, kind: kinds[i], owner: person{id: "mia-1", email: "mia-1@example.com"}, victim: person{id: "ann-2"}, order: &order{ID: "ORD-0000001", Total: 700}, theirs: &order{ID: "ORD-0000002", Total: 900}}
		said := tale.said()
		known[in.carrier.name+"\x00"+said] = true
		quoted, err := json.Marshal(map[string]string{"text": "Hello.\n" + said})
		if err != nil {
			t.Fatal(err)
		}
		for how, prompt := range map[string]string{"as it is": "signal\n" + said + "\nmore", "quoted": "signal " + string(quoted), "with what can't be seen away": strings.Map(visible, said)} {
			if in.coding.name == "tags" && how != "as it is" {
				continue
			}
			read := told(prompt)
			for _, c := range in.goal.commands(tale) {
				if !slices.ContainsFunc(read, func(r command) bool { return strings.Map(visible, r.json()) == strings.Map(visible, c.json()) }) {
					t.Fatalf("%s, %s: %s was not read from\n%s\nbut %v", in, how, c.json(), prompt, read)
				}
			}
			if len(read) > len(in.goal.commands(tale))+2 {
				t.Errorf("%s, %s: more is read than was said: %v", in, how, read)
			}
		}
	}
	if len(known) < 300 {
		t.Errorf("%d different injections are too few", len(known))
	}
	t.Logf("%d injections", len(known))
}
