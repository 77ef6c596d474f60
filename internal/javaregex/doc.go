// Package javaregex matches texts with regular expressions as Java's java.util.regex has them.
//
// An expression is translated. What Go's engine can say is given to it: a match takes time in proportion to the text,
// whatever the expression is. The rest, look-arounds, references to groups, possessive repetitions, atomic groups and
// compound classes among it, is given to an engine that backtracks, and every match of it is bounded in time.
//
// Whether Java would take an expression at all is not asked here: see connect.CheckRegex, which has Java's texts.
//
// Differs: expressions ignore case beyond ASCII too; \w, \d, \s and \b are those of Go's engine; the end of a text is not
// before its last line end. As far as names of topics go, all that is the same.
package javaregex
