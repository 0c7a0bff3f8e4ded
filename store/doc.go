// Package store keeps the facts of chains in one SQLite file: blocks and transactions of
// the ranges that were read, who spends what, which transactions touch an address, blocks
// that left the main chain, traces, and the log of what was done.
//
// It answers a tracer (Source), takes blocks in batches (Loader), follows reorganisations
// (Store.Rewind), and compares itself (Store.Dump, Store.Check). It does not talk to nodes,
// draw conclusions or keep raw transactions.
//
// # How it is laid out
//
// A transaction is one row, packed (body.go), with the txids and the spent outputs of its
// inputs, so that a trace reads it at once. Its key is its place in the chain (ids.go).
// Two indexes lead there: by the hash of a txid, for the transaction itself and for all that
// spend its outputs, and by the hash of an address. A spend is found by the txid that it
// names, so loading looks nothing up, outputs from below the range need nothing special, and
// ranges may be loaded in any order.
//
// An index is a set of runs (run.go), each sorted by hash and packed some dozen entries to a
// row (posting.go). A batch adds a run; runs are merged as they become many (runmerge.go), as
// in a log-structured merge tree. Hashes lie anywhere, so that with one sorted table each
// batch would touch all of its pages; a run is written from its beginning to its end.
//
// An input whose spent output nobody told is stored as unknown, unless the store has that
// output; when a lower range brings it later, readers fill it in.
//
// # Who may do what at a time
//
// One process and one Loader write; a second one gets ErrLocked. Any number of processes
// read, each call or Source in a snapshot of its own, which a writer never disturbs. A
// batch, a rewind and a saved trace are one transaction each: a killed process leaves whole
// ones.
//
// # What was measured
//
// On two cores of a shared machine, in processor time, by BenchmarkLoad and by trials:
//
//   - A row of 240 bytes costs 2.5 µs to insert and 4.3 µs to read through zombiezen's
//     binding, 3.6 µs and 14.4 µs through database/sql on the same engine. So the binding is
//     used directly, and pragmas, which database/sql wants in its DSN, are set by openConn.
//   - A tracer's step (a transaction, and who spends its outputs) costs 10 µs with the txids
//     of inputs in tx.body; with a reference and one more seek for each input it costs 17 µs.
//     They take 57 of the 310 bytes that a transaction takes on disk.
//   - Loading a million transactions costs 4 µs each, thirty million 7 µs, of which merging
//     is 4: each index entry is written once more for every eightfold growth. With one row
//     for each hash and batch in one sorted table a million cost 9 µs, and more cost more,
//     since every batch touches every page of a table of hashes that is larger than itself.
//   - Batches of 50,000 transactions cost as much as those of 200,000 and leave 440 MiB of
//     memory at the peak of a sync, in place of 800. Pages of 8 KiB: see pageBytes. Sorting
//     postings in groups costs 0.4 µs a transaction, at once 1 µs.
//   - A read looks into each run, at 3 µs a run: one to five after a sync that ended, up to
//     seven for each eightfold growth while one is going on.
//
// Start reading at Open (store.go), then Loader (loader.go) and Source (source.go).
package store
