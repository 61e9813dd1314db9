// Package insights says what the agent is worth: what became of cases, how long that took, what was moved
// in money, how often a person was needed and what for, and what was learned in between.
//
// # Concepts
//
// Projection keeps a record of each case, and one of each write that was done, each handover to a person,
// each time that somebody had a case, and each word of a customer about how it went. A Report counts what
// of these falls in a period, which is half-open: at or after from, and before to. Cases fall in the period
// in which they were opened and count as they stand now, so that the parts of a period are its cases;
// what happened to them falls where it happened. Trace gives the cases behind a number; both ask the same
// table of figures.
//
// What can't be known is null, with the reason beside it. docs/insights.md defines each figure.
//
// # Caveats
//
// A record holds no text of a customer: who they are is a hash, what was said isn't there.
//
// Procedures, versions, tools and reasons are numbers that views.db gives them; the same journal always
// gives the same.
package insights
