package casefile

// Origin is who a value comes from, and so who could have chosen it.
type Origin string

// The origins.
const (
	FromTool      Origin = "tool"      // a system of the company: an output field that customers can't write into
	FromOperator  Origin = "operator"  // a person of the company
	FromBundle    Origin = "bundle"    // the bundle's files
	FromKnowledge Origin = "knowledge" // a passage of the knowledge
	FromCustomer  Origin = "customer"  // what customers write, wherever it shows up again
)

// Origins are all of them.
var Origins = [...]Origin{FromTool, FromOperator, FromBundle, FromKnowledge, FromCustomer}
