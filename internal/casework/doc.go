// Package casework keeps the work that people have to do on customers: cases, the
// order in which they are taken, who has them, how long they wait, and what may not
// go on meanwhile.
//
// Work is opened by reading, never by calling: lower rooms write records, and [Sweep]
// reads from where the last one ended. It rates again what new facts touch, and opens
// a case only where a person is needed: at the first look, where a review is due, or
// where a band, a stop or what the method calls for has changed. A pack of kind
// casework says which event opens what, and within how many days it has to be done.
//
//   - A case is about an end user, with all its accounts and deployments, so that
//     splitting them gains nothing. A child has at least what its parent weighs.
//   - One case is open per end user, and collects what comes.
//   - The queue goes by live alleged harm, severity, how hard it is to undo, the day
//     on which something happens by itself, what knowing more would tell, and age
//     (UNGP 24). No amount of money stands in a case, so none can change its place.
//   - Whoever waits may not be given more of what is waited for ([MayWiden]).
//   - A capability is launched when each customer of the product has been decided on
//     since it was announced ([Launch], RG-03).
//   - What nobody looks at is sampled by a draw that nobody chooses ([Draw]).
//
// No field in clear tells that somebody complained: why a case is open stands there as
// a class, and the classes of people's words and of documents are one.
package casework
