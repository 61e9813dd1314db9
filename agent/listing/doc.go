// Package listing is the list of cases: a view of the journal from which cases are found by status, stop,
// procedure, customer, queue, amount, age and words, counted, and put in the order in which they are due.
//
// A Row is what lists show of one case. It is the fold of the case's entries as the case's own state is
// (package casefile folds both), with all left out that no list shows. Beside the rows stand indexes by
// what lists are asked for most; a Find goes along the narrowest of those that its query names and looks at
// each row there, a few hundred bytes that are compared as they are stored.
//
// Caveats. The list is as far as its view is: Page.To says which entry was the last. When a case was
// changed is when something happened that a list shows; a fact that was read, say, is nothing of that. A
// Find looks at no more rows than it may and then gives a cursor, so that no page takes long whatever
// is asked: a page may be short and yet not the last.
package listing
