package casefile

import "time"

// Tool is what the engine knows of a tool.
type Tool struct {
	Name       string // PLUGIN.TOOL
	Effect     string // read, write or irreversible
	Idempotent bool
	Async      bool
	Operations bool          // whether unknown outcomes can be asked for
	Timeout    time.Duration // longest time to an answer
	Retries    int           // quick repeats of calls that may be repeated
	Manifest   string        // hash of the manifest that it was read from
}

// Request is one try of a call: one request on the wire.
type Request struct {
	Case     string
	Step     string // id of the call
	Tool     string // PLUGIN.TOOL
	Args     Object
	Key      string // idempotency key, "" for reads
	Callback string // URL for an asynchronous result, "" for none
	Customer string // who is served by it, for turns to be taken where calls wait; "" for nobody in particular
}

// Answer is what became of a request, or of the question what became of one.
type Answer struct {
	Outcome    Outcome // done, refused, not-done, unknown, accepted or error
	Result     Value   // when done: valid by the output schema, numbers in the schema's kind
	Code       string  // the plugin's own word for a refusal
	Detail     string
	Status     int           // HTTP status, 0 where there was no answer
	RetryAfter time.Duration // when it may be sent again, 0 where the plugin doesn't say
	Unseen     bool          // the plugin says that it never saw the key; proof only after the timeout
}
