package rehearsal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/rehearsal/scenario"
)

// voice is how a customer says something; what they say is decided by their scenario's rules.
type voice interface {
	// words are for an occasion, about what reached them last, with a fact in them if it isn't "".
	words(ctx context.Context, about Told, what occasion, fact string) string
}

// phrasebook says it in the phrases of a persona, drawn.
type phrasebook struct {
	persona scenario.Persona
	random  *rand.Rand
}

func (p phrasebook) words(_ context.Context, _ Told, what occasion, fact string) string {
	ways := phrases[p.persona][what]
	return strings.ReplaceAll(ways[p.random.IntN(len(ways))], "{}", fact)
}

// Speaker is a model that puts what customers say in its own words.
type Speaker struct {
	Model  agent.Model
	System string // what it is told of its part
	Source string // where that is from, as casefile.Consult.Source
}

// WithSpeaker is the stage whose customers speak by a model. What they tell, hide and mistake stays the
// scenario's, and so does what they say where the model says something else.
func (s *Stage) WithSpeaker(by Speaker) *Stage {
	next := *s
	next.speaker = &by
	return &next
}

// voice gives a customer theirs.
func (s *Stage) voice(c *scenario.Customer, random *rand.Rand) voice {
	plain := phrasebook{c.Persona, random}
	if s.speaker == nil {
		return plain
	}
	return spoken{s.speaker, c, plain}
}

// spoken says it in a model's words.
type spoken struct {
	by       *Speaker
	customer *scenario.Customer
	plain    voice
}

// The model's answer, and how long it may be.
const (
	letterTokens = 300
	longestWords = 1500 // bytes
)

var letterSchema = json.RawMessage(`{"type":"object","properties":{"text":{"type":"string"}},"required":["text"],"additionalProperties":false}`)

func (s spoken) words(ctx context.Context, about Told, what occasion, fact string) string {
	plain := s.plain.words(ctx, about, what, fact)
	ask := casefile.Consult{Use: casefile.UseCustomer, System: s.by.System, Source: s.by.Source, Prompt: s.prompt(about, plain, fact), Schema: letterSchema, Samples: 1, Tokens: letterTokens}
	for range 2 { // it may repair its answer once
		said := s.by.Model.Think(ctx, "", ask)
		if said.Error != nil || len(said.Answers) == 0 {
			return plain
		}
		text, wrong := s.read(said.Answers[0].Text, fact)
		if wrong == "" {
			return text
		}
		ask.Repair = &casefile.Repair{Answer: said.Answers[0].Text, Wrong: wrong}
	}
	return plain
}

// manners are how personas write.
var manners = map[scenario.Persona]string{
	scenario.Plain:   "You write plainly and politely.",
	scenario.Terse:   "You write as few words as you can.",
	scenario.Chatty:  "You are friendly, and tell more than you were asked.",
	scenario.Angry:   "You are angry, and let them feel it.",
	scenario.Foreign: "You write in German, whatever language they write in.",
}

func (s spoken) prompt(about Told, plain, fact string) string {
	var b strings.Builder
	fmt.Fprintln(&b, manners[s.customer.Persona])
	if about.Text != "" {
		fmt.Fprintf(&b, "They wrote to you:\n<<<\n%s\n>>>\n", about.Text)
	}
	fmt.Fprintf(&b, "Say this in your own words: %s\n", plain)
	if fact != "" {
		fmt.Fprintf(&b, "Write %s exactly like that, and no other number.\n", fact)
	} else {
		fmt.Fprintln(&b, "Write no number.")
	}
	return b.String()
}

// read takes the letter of an answer, or says what is wrong with it: what a pattern finds in it has to be what
// the scenario says, and nothing else.
func (s spoken) read(answer, fact string) (text, wrong string) {
	var letter struct{ Text string }
	d := json.NewDecoder(bytes.NewReader([]byte(answer)))
	if err := d.Decode(&letter); err != nil {
		return "", "that is no JSON object with a text: " + err.Error()
	}
	text = strings.TrimSpace(letter.Text)
	rest := text
	if fact != "" {
		rest = strings.ReplaceAll(text, fact, "")
	}
	switch {
	case text == "":
		return "", "the text is empty"
	case len(text) > longestWords:
		return "", fmt.Sprintf("the text is longer than %d characters", longestWords)
	case fact != "" && rest == text:
		return "", fmt.Sprintf("the text has to hold %s, exactly like that", fact)
	case strings.ContainsFunc(rest, unicode.IsDigit):
		return "", "the text holds a number that you were not told to write"
	case s.tells(rest, fact):
		return "", "the text tells what you were not told to tell"
	}
	return text, ""
}

// tells reports whether a text tells something else that the customer knows.
func (s spoken) tells(text, fact string) bool {
	for i := range s.customer.Knows {
		if known := s.customer.Knows[i].Value; known != fact && strings.Contains(text, known) {
			return true
		}
	}
	return false
}
