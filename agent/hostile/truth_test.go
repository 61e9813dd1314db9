package hostile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"resolute/agent/people"
)

// truth is what really happened, as those know who did it: who wanted what, who clicked on what.
type truth struct {
	wishes    map[string]int      // "kind subject" → how often its owner asked for it
	consents  map[string]bool     // orders that their owner wants replaced
	scanned   map[string]bool     // orders that really came back
	stalled   map[string]bool     // accounts whose parcel really stands still
	moved     map[string]string   // accounts → where their owner moved to
	doubtful  map[string]bool     // cases with a signal that nobody vouches for
	clicked_  []*click            // of people, oldest first
	proposals []proposal          // what people put in place of the plan
	held      map[string]bool     // cases that a person has taken over
	about     map[string][]string // case → kind and subject of its first signal
	tales     map[string]*tale    // case → what it is about, where somebody slipped something in
	touched   []string            // cases that signals came to since the last judgement
	stopped   string              // why the shop must do nothing at all now
	sent      map[string][]byte   // signal → data as it was sent
	wrong     []string            // what was seen to be wrong at once
	judged    int                 // effects that were judged
	told      int                 // messages that were judged
	read      int                 // reads that were judged
	heard     int                 // messages that were judged by what they say
}

// click is a person's yes to an action that they were shown.
type click struct {
	who, caseID, tool string
	args              []byte // as JSON
	doubtful          bool   // nobody vouched for the customer then
	used              bool
}

type proposal struct {
	who, caseID, tool string
	args              []byte
}

func newTruth() *truth {
	return &truth{wishes: map[string]int{}, consents: map[string]bool{}, scanned: map[string]bool{}, stalled: map[string]bool{}, moved: map[string]string{}, doubtful: map[string]bool{},
		held: map[string]bool{}, about: map[string][]string{}, tales: map[string]*tale{}, sent: map[string][]byte{}}
}

func (t *truth) wished(kind, about string) { t.wishes[kind+" "+about]++ }

// saw notes something that must never be.
func (t *truth) saw(format string, args ...any) {
	t.wrong = append(t.wrong, fmt.Sprintf(format, args...))
}

// accepted keeps what came in.
func (h *house) accepted(who, caseID, signalID string, data any) {
	h.Helper()
	m, _ := data.(map[string]any)
	kind, _ := m["kind"].(string)
	order, _ := m["order_id"].(string)
	if h.about[caseID] == nil {
		h.about[caseID] = []string{kind, order}
	}
	h.touched = append(h.touched, caseID)
	h.doubtful[caseID] = h.doubtful[caseID] || who == form
	h.sent[signalID] = encoded(h, data)
}

// answered looks at what somebody got to read.
func (h *house) answered(who, what string, body []byte) {
	if roleOf(who).AtLeast(people.Viewer) {
		return
	}
	for _, o := range h.shop.orders {
		if bytes.Contains(body, []byte(o.Item)) || o.Owner != "" && bytes.Contains(body, []byte(o.Owner)) {
			h.saw("%s read of %s by %s", who, o.ID, what)
		}
	}
}

// clicks keeps what a person says yes to: the action that they see under the hash.
func (h *house) clicks(who, caseID string, decision map[string]any) {
	h.Helper()
	if decision["decision"] != "approve" || roleOf(who) == "" {
		return
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(append(h.touched, caseID)))) {
		if a := h.load(id).Approval; a != nil && a.Hash == decision["hash"] && a.Action != nil && h.now.Before(a.ExpiresAt) {
			args := encoded(h, map[string]any(a.Action.Args))
			for _, k := range h.clicked_ {
				if k.who == who && k.caseID == id && !k.used && bytes.Equal(k.args, args) {
					return
				}
			}
			h.clicked_ = append(h.clicked_, &click{who: who, caseID: id, tool: a.Action.Tool, args: args, doubtful: h.doubtful[id]})
		}
	}
}

// clicked keeps what followed from a decision.
func (h *house) clicked(who, caseID string, decision map[string]any, status int) {
	h.Helper()
	if status != 200 {
		return
	}
	tool, args := "", decision["args"]
	if action, ok := decision["action"].(map[string]any); ok {
		tool, _ = action["tool"].(string)
		args = action["args"]
	}
	switch decision["decision"] {
	case "edit", "override":
		if args != nil {
			h.proposals = append(h.proposals, proposal{who, caseID, tool, encoded(h, args)})
		}
	case "takeover":
		h.held[caseID] = true
	case "handback":
		h.held[caseID] = false
	}
	if !roleOf(who).AtLeast(people.Operator) {
		h.saw("%s, a %s, decided %s", who, roleOf(who), decision["decision"])
	}
}

// said is a person's yes to exactly this, by somebody who may give it; each is good for one effect.
func (t *truth) said(e effect, least people.Role, args []byte) bool {
	for _, k := range t.clicked_ {
		if !k.used && (k.doubtful || !t.doubtful[e.caseID]) && k.caseID == e.caseID && k.tool == e.tool && bytes.Equal(k.args, args) && roleOf(k.who).AtLeast(least) && !t.proposed(k) {
			k.used = true
			return true
		}
	}
	return false
}

func (t *truth) proposed(k *click) bool {
	for _, p := range t.proposals {
		if p.who == k.who && p.caseID == k.caseID && bytes.Equal(p.args, k.args) {
			return true
		}
	}
	return false
}

// edited reports whether a person put these arguments in place of the plan's.
func (t *truth) edited(e effect, args []byte) bool {
	for _, p := range t.proposals {
		if p.caseID == e.caseID && bytes.Equal(p.args, args) && roleOf(p.who).AtLeast(people.Operator) {
			return true
		}
	}
	return false
}

func encoded(h *house, v any) []byte {
	h.Helper()
	b, err := json.Marshal(v)
	must(h, err)
	var plain any
	must(h, json.Unmarshal(b, &plain))
	b, err = json.Marshal(plain)
	must(h, err)
	return b
}

func contains(text string, parts ...string) bool {
	for _, p := range parts {
		if p != "" && strings.Contains(text, p) {
			return true
		}
	}
	return false
}
