// Package usual knows what is usual of each tool that writes, from what was sent before: how much, how
// often, to whom, and how often for one customer. It says what is unusual about an action, as parts of
// its risk, and finds spikes: a tool that is called, or moves money, far more than it ever was.
//
// A Tracker follows the journal's intents, keeps figures and no entries, and stores them now and then
// with how far it has read: a start reads what came since. What weighs in a verdict is journaled with
// it.
//
// Caveats. Nothing is unusual before a tool has some history: see few, fewSpans and fewCustomers. The
// figures forget slowly, so that what is new for long enough becomes usual. A process that dies reads
// up to half a minute of intents again; none counts twice.
package usual
