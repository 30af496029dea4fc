// Package publish is the log as outsiders see it: checkpoints that witnesses cosign and
// that are put where the company cannot take them back, and the tree as static tiles.
//
// A log proves something to others only once somebody outside holds a piece of it. So
// [Ask] has witnesses cosign the last checkpoint (C2SP tlog-witness), [Checkpoint] puts it
// into a directory, a mail or a git repository, and [Tiles] writes the tree as files
// (C2SP tlog-tiles) from which anybody can make proofs. Checkpoints and hashes are public;
// leaves say who was assessed, and go to named audiences only.
//
// Ownership: nothing here signs or changes the log. What witnesses answer is checked and
// kept by the workspace. No witness that fails, lies or is slow keeps anybody from writing.
package publish
