// Package retention keeps what is said of people no longer than there is a reason to:
// clocks as data, holds, and erasures as acts that everybody can count.
//
// A pack of kind retention says which clock a sealed field has, by kind of record and
// class. [Rules.Due] finds what is past its clock; [Service.Sweep] erases it.
// [Service.Erase] erases before that, because a person asked, a court ordered it or it
// was entered by mistake. A [Hold] stops both.
//
// Erasing takes the value and its salt out of the database. The leaf, the digest and
// the public fields stay, so the log verifies as before, and an erasure entry says what
// went, when and why. A value that was copied into another field is a value of its own:
// [Find] shows every field that holds a text.
//
// Whoever restores an older copy of the database brings back what was erased since.
// [Service.Replay] erases it again, from a list that [List] gave before.
//
// Ownership: this room owns the clocks and the holds. The erasing itself, and the kind
// erasure, are the store's.
package retention
