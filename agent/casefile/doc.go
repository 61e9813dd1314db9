// Package casefile is the leaf of the engine: the types of signals, cases, journal entries,
// decisions and verdicts, and the pure fold that turns a case's entries into its state.
//
// The journal is the only truth. A Case is what Fold makes of its entries and nothing else: no
// field is ever set by hand, so a case that is loaded from a snapshot and its tail equals one that
// is folded from its first entry on.
//
// Values from outside (signal data, tool results, arguments) are Go values as DecodeValue makes
// them: nil, bool, string, int64, float64, []any and map[string]any. A JSON number without '.' or
// 'e' is an int64, any other a float64, and EncodeValue keeps the difference.
package casefile
