// Package learner lets triage learn from what became of cases.
//
// It follows the journal and keeps, for each case that was told apart by its text, what that teaches:
// that a text was for a procedure, since its case was resolved and stayed so for a day, or since a
// person said so, or that it was for none. A fifth of it, chosen by the text alone, is held back from
// learning for good. From the rest and the authors' examples a classifier is trained in the background,
// and takes the place of the one before if it is no worse on texts that it hasn't learned from, not by one
// account's word alone, and fails no rehearsal that passes without it.
//
// What is trained is a version: kept are its figures and which cases it rests on, not its weights. Their
// texts stand in the journal, and the same texts give the same classifier, within seconds. So a restart,
// a rollback and a damaged file cost time and nothing that was learned.
//
// Corrections are not trained on. They are put on top of whatever version decides, from the next text
// on, so taking one back gives exactly what was there before it.
//
// What customers write is data: texts are cut, counted once however often they come, and no customer,
// no account and no crowd of senders that nobody vouches for has more than a part in a procedure's
// texts. What doesn't count is named, with whose it is.
package learner
