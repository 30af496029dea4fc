// Package screening compares the register with watchlists and keeps what a person
// made of each resemblance.
//
// Screened are customers, the owners that they declare and the parties that stand
// behind them ([Subjects]). [Standing] says of each customer what hits it and those
// behind it have, and what the rules of ownership make of confirmed ones; [Behind]
// shows the tree with its red flags.
//
// Adding a list copies its files into the workspace under their hash; every later
// reading checks them against it. Each version leaves a record of what it changed.
// An Updater brings versions from the sources that lists.yaml names, and replaces
// the one in use only by one that it has read whole; nothing else uses the network. A run screens all customers against all lists in
// use and records itself, whatever it finds, so that "no hit" can be told from
// "never screened". A resemblance at or above the matcher's default threshold
// becomes an open hit, once per customer and list entry; a hit that was closed
// stays closed. Closing a hit needs a person and a reason.
//
// The matcher is watchlist.Index and nothing else.
package screening
