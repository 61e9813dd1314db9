package sim

// Shrink shortens the choices of a run that fails, as long as run still says that they fail, at
// most so many runs: less at the end, fewer in between, duller ones.
func Shrink(choices []uint32, runs int, fails func([]uint32) bool) []uint32 {
	try := func(c []uint32) bool {
		if runs == 0 {
			return false
		}
		runs--
		return fails(c)
	}
	best := trimmed(choices)
	for better := true; better && runs > 0; {
		better = false
		keep := func(c []uint32) bool {
			if c = trimmed(c); len(c) > len(best) || !try(c) {
				return false
			}
			best, better = c, true
			return true
		}
		for size := len(best); size > 0; size /= 2 {
			for at := 0; at < len(best); {
				end := min(at+size, len(best))
				if keep(append(best[:at:at], best[end:]...)) {
					continue
				}
				if !dull(best[at:end]) {
					keep(dulled(best, at, end))
				}
				at += size
			}
		}
		for at := range best {
			for at < len(best) && best[at] > 0 {
				less := append([]uint32{}, best...)
				if less[at] /= 2; !keep(less) {
					break
				}
			}
		}
	}
	return best
}

// trimmed leaves zeros at the end out: there are zeros anyway.
func trimmed(c []uint32) []uint32 {
	for len(c) > 0 && c[len(c)-1] == 0 {
		c = c[:len(c)-1]
	}
	return c
}

func dull(c []uint32) bool {
	for _, v := range c {
		if v != 0 {
			return false
		}
	}
	return true
}

// dulled has zeros in a stretch.
func dulled(c []uint32, from, to int) []uint32 {
	d := append([]uint32{}, c...)
	clear(d[from:to])
	return d
}
