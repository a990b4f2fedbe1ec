// Package domain is what patient records are and what may be done with them, and nothing else: no transport, no storage, no
// telemetry, no clock, no chance. Times, ids and the acting person are arguments; a function answers a new value and changes none.
//
// The rules:
//   - A record is never rewritten. Entries are corrected by amendments, which stand beside what was written.
//   - Everybody who reads or changes a record leaves an Access in its trail.
//   - A patient who was recorded twice is merged into the record to keep. What was merged stays readable, takes no change, and
//     names a record that is not itself merged: there are no chains, hence no cycles.
//   - Reminders need consent, and each giving and taking back of it is kept.
package domain
