package store

// Waiting gives how many want to write while somebody else does.
func Waiting(db *DB) int { return int(db.writers.waiting.Load()) }
