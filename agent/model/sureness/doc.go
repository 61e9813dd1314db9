// Package sureness makes one number of what speaks for a model's proposal, and says what such numbers were
// worth so far.
//
// # Concepts
//
// Combine makes the raw number of its parts, by weights that are stated here and learned from nothing.
// Calibrate holds raw numbers against what became of earlier proposals: how often those that were about as
// sure were right. Value reads a raw number by that. A calibration never says that a surer proposal is less
// likely right (it is isotonic: neighbours that would are pooled, Ayer et al. 1955), and below Least
// outcomes of a model there is none: the raw number stands.
//
// Projection follows the journal and keeps what proposals came to. Each model has its own outcomes: another
// one has to be known anew. Around fills an answer's calibration, so that what a proposal was judged by is in
// the journal, and stays what it was.
//
// # What counts
//
// A proposal counts when something followed from it: a write that was proposed to the guard, or that the goal is reached. It was right if a
// person approved it, or if the case was resolved and stayed so for a day. It was wrong if the guard or the tool
// refused it, if a person rejected it or put something else in its place, if the check didn't hold, if the write
// was undone, if the case came back, or if a person closed the case that it had brought to one. Where a
// tool, the model or a budget stood in the way, it says nothing. A proposal that wasn't sure enough counts once a person did
// just that in its place, or another thing.
//
// # Caveats
//
// Proposals that nobody acted on have no outcome, so little is learned about the very unsure. Outcomes of
// one case count each, though they aren't independent. A case may come back for something else.
package sureness
