// Package pages is the console that people work with: server-rendered pages, a stylesheet, small ES
// modules and the pages' own stream.
//
// A request is answered in three steps. A handler loads what the page needs through the small
// interfaces of Deps. A pure function turns it into a view, a struct that holds nothing but what
// the template shows. A template renders the view; html/template escapes all of it, so that what a
// customer wrote stays text wherever it turns up. A live region is a named template block with an
// id: the page and its stream render the same block.
//
// Every page works without JavaScript, decisions included; the modules add the keyboard, dialogs
// and live regions. Nothing comes from elsewhere and nothing is inline, so the Content-Security-Policy
// is default-src 'self'.
//
// Caveat: a view that shows how long ago something was is as old as the page; a module keeps it
// fresh, the exact time stands beside it.
package pages
