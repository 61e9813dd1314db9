package sim

import "math/rand/v2"

// Choices is the one source of whatever could be otherwise: numbers of a seed, or a given sequence
// and then zeros. It remembers what it gave.
type Choices struct {
	seed  *rand.Rand // nil: zeros
	given []uint32
	taken []uint32
}

// Seed gives the choices of a seed.
func Seed(seed uint64) *Choices {
	return &Choices{seed: rand.New(rand.NewPCG(seed, 0x7265736f6c757465))}
}

// Replay gives these choices, and zeros behind them.
func Replay(given []uint32) *Choices { return &Choices{given: given} }

// Taken are the choices so far.
func (c *Choices) Taken() []uint32 { return c.taken }

// Draw chooses one of n, from 0.
func (c *Choices) Draw(n int) int {
	if n <= 1 {
		return 0
	}
	var v uint32
	switch at := len(c.taken); {
	case at < len(c.given):
		v = c.given[at] % uint32(n)
	case c.seed != nil:
		v = c.seed.Uint32N(uint32(n))
	}
	c.taken = append(c.taken, v)
	return int(v)
}

// OneIn is true for one of n choices, and not for zero.
func (c *Choices) OneIn(n int) bool { return c.Draw(n) == n-1 && n > 1 }
