// Package tools calls plugins for the engine.
//
// A Plugin is what a bundle says about one plugin server, its manifest pinned. A Registry holds the
// plugins that are live and gives the engine what it needs: Tool and Schemas describe a tool,
// ValidateArgs checks arguments, Send makes one try of a call, Ask asks what became of one, and
// DecodeResult reads a result that came by callback. Set replaces all plugins at once; a plugin
// whose address, allowed hosts and concurrency stay keeps its connections, its breaker and what is
// known of its manifest.
//
// Each address has a link: the wire with the address guard, the slots that bound how many
// calls run at once, and the circuit breaker. Watch asks the plugins for their manifests again, at a
// calm interval and when one is back after it could not be reached. Where a plugin now says
// something else than the pin, Changed tells, and writes to the tools that differ are held.
//
// # Caveats
//
// One Send is at most one request on the wire: net/http's transport, which repeats requests by itself
// when a kept connection breaks, is not used, only its reading and writing. A kept connection that
// the plugin closed is noticed before a request is written to it. Redirects are not followed, proxies of the environment are
// ignored, answers are neither decompressed nor read beyond protocol.MaxAnswer.
//
// An Answer is not-done only if no connection was handed to the request, or if the plugin says so
// (429, 503 with Retry-After). From that moment on it is unknown, even if nothing was written yet.
//
// A tool's timeout_ms wins over the plugin's timeout, be it longer or shorter: it is the plugin's own
// word about when a call is over, and a 404 of operations is proof only after that. The timeout
// begins when the call has a slot; the wait for one is bounded apart, and Tool.Timeout is the sum.
//
// The address guard looks at the IP that is about to be dialled, after the name was resolved, so that
// a name that resolves to something else the second time gains nothing. An allowed host name allows
// whatever that name resolves to, except that localhost must be a loopback address.
package tools
