package rehearsal

import (
	"context"
	"time"

	"resolute/agent/rehearsal/scenario"
)

// mostChases is how often a customer asks what became of it before they give up.
const mostChases = 5

// scripted plays a customer by the rules of a scenario. Only how they say it is drawn.
type scripted struct {
	*scenario.Customer
	voice   voice
	last    Told           // what reached them last
	asked   map[string]int // how often, by what they were asked for
	answers int            // questions that they answered
	chases  int
	reacted bool
	gone    bool // they gave up
}

func newScripted(c *scenario.Customer, v voice) *scripted {
	return &scripted{Customer: c, voice: v, asked: map[string]int{}}
}

// Hear answers a question, or reacts to the first reply.
func (s *scripted) Hear(ctx context.Context, t Told) ([]Written, error) {
	s.last = t
	switch {
	case s.gone:
		return nil, nil
	case t.Question == "":
		if s.reacted {
			return nil, nil
		}
		s.reacted = true
		return s.react(ctx), nil
	case s.Customer.Patience.Questions > 0 && s.answers >= s.Customer.Patience.Questions:
		s.gone = true
		return s.say(ctx, s.Delay, givesUp, ""), nil
	}
	s.answers++
	s.asked[t.Question]++
	return s.answer(ctx, t.Question, s.asked[t.Question]), nil
}

// answer is what they say when they are asked for something the nth time.
func (s *scripted) answer(ctx context.Context, name string, nth int) []Written {
	for i := range s.Knows {
		f := &s.Knows[i]
		switch {
		case f.Name != name:
			continue
		case f.Evades == scenario.Never || nth <= f.Evades:
			return s.say(ctx, s.Delay, evades, "")
		case f.Wrong == "" || nth > f.Evades+1:
			return s.say(ctx, s.Delay, tells, f.Value)
		}
		list := s.say(ctx, s.Delay, tells, f.Wrong)
		if f.Corrects > 0 {
			list = append(list, s.say(ctx, s.Delay+f.Corrects, corrects, f.Value)...)
		}
		return list
	}
	return s.say(ctx, s.Delay, knowsNot, "")
}

func (s *scripted) react(ctx context.Context) []Written {
	switch s.Reacts {
	case scenario.Thanks:
		return s.say(ctx, s.Delay, thanks, "")
	case scenario.Complains:
		return s.say(ctx, s.Delay, complains, "")
	case scenario.AsksAgain:
		return s.say(ctx, s.Delay, asksAgain, "")
	}
	return nil
}

// Patience is that of the scenario, until they gave up.
func (s *scripted) Patience() time.Duration {
	if s.gone {
		return 0
	}
	return s.Customer.Patience.Waits
}

// Tire has them ask what became of it, or give up.
func (s *scripted) Tire(ctx context.Context) ([]Written, error) {
	if s.Customer.Patience.WritesAgain && s.chases < mostChases {
		s.chases++
		return s.say(ctx, 0, chases, ""), nil
	}
	s.gone = true
	return s.say(ctx, 0, givesUp, ""), nil
}

// say puts something in their words, with what the customer injects behind it.
func (s *scripted) say(ctx context.Context, after time.Duration, what occasion, fact string) []Written {
	text := s.voice.words(ctx, s.last, what, fact)
	if s.Injects != "" {
		text += "\n" + s.Injects
	}
	return []Written{{After: after, Text: text}}
}
