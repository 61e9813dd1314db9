package journal

import (
	"strconv"

	"resolute/agent/casefile"
)

// ScopeThread is the scope of keys that are a conversation.
const ScopeThread = "thread"

// CorrelationKey is the key of a correlation value.
func CorrelationKey(v casefile.Correlation, customer casefile.Customer) (Key, error) {
	b, err := casefile.EncodeValue(v.Value.V)
	return Key{Scope: v.Procedure + "/" + strconv.Itoa(v.Index), Value: string(b), Customer: customer}, err
}

// ThreadKey is the key of a conversation.
func ThreadKey(thread string, customer casefile.Customer) Key {
	return Key{Scope: ScopeThread, Value: strconv.Quote(thread), Customer: customer}
}
