// Package index reads what others measure of countries and agencies, such as
// Freedom House's ratings, keeps every edition in the log with its uncertainty, and
// answers questions of methods from them: what was known of a country on a day.
//
// A pack of kind index is a mapping: which columns of a file say country, year and
// values, which words mean that there is no value, on which scale a value lies, when
// an edition came out, and which values answer which fact. Nothing is guessed: a code
// that is no country, a year that is none, a value off its scale and a second row for
// one country and year are rejected with file, line and field, and a scale that
// changed without the mapping knowing refuses the file.
//
//	m, err := index.Load(pack)
//	table, err := m.Read("fiw.csv", data)          // editions and rejects
//	sum, err := index.Import(ctx, db, actor, m, table, released, today)
//	book, err := index.ReadBook(ctx, db, "2026-11-26")
//	for _, c := range book.Answers("CHL") { ... }  // country.freedom: free, because ...
//
// What was known on a day is the newest edition that was out by then. An edition that
// was taken from a file which came out later, as the history of an index that is
// recalculated every year, says so: what was published then may have differed.
//
// Ownership: this package owns the kind index_edition and the mappings. Codes of
// countries are package country's; which statement a judgement uses is evidence's.
package index
