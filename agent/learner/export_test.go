package learner

// HeldBack reports whether a text is kept from learning.
func HeldBack(text string) bool { return (&Evidence{Digest: digest(shorten(text))}).held() }
