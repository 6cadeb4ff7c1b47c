// Package projections keeps everything that is read from the ledger in one
// bbolt file, the views file, which can be thrown away and built again from the
// log at any time.
//
// # Two phases
//
// Ingest appends: the exact bytes of every record, for each subject the list of
// its records and its head, and the index of command ids. It decodes envelopes
// only and checks that positions have no gap and that each subject's chain of
// versions and hashes holds.
//
// Derive computes: each [View] makes at most one row for a subject out of the
// subject's complete history. A batch of new records derives the subjects that
// it touches again; a rebuild ingests everything first and then derives each
// subject once, on all cores. No folded state is kept, so there is
// none that could fall out of step.
//
// Both phases yield a state that is a function of the records up to the
// checkpoint and of nothing else: views that followed the log live and views
// that were rebuilt have the same [Views.Digest].
//
// # The file
//
//	meta           format, views, checkpoint (position, record hash, latest time), numbers of rows
//	records        segment number → 256 records: ends, checksums, bytes
//	records.tail   position → record, until the segment is complete
//	times          segment number → latest time of any record up to its end
//	commands       run number → 65,536 command ids: sorted hashes and offsets
//	commands.tail  hash and position → nothing, until the run is complete
//	subjects       subject → version, record hash, last position, list of positions
//	dependents     principal, NUL, derivative → nothing
//	view.NAME      subject → row of the view NAME
//
// Numbers in keys are eight bytes, big-endian; numbers in values are unsigned
// varints unless said otherwise. bbolt protects only its meta pages with a
// checksum; so the checkpoint and the values of records.tail, times, subjects, dependents and the views end with one
// of their own (CRC-32C over key and value), as every record of a segment has, and what does
// not fit is never answered from. The file is disposable: on doubt it is built again.
package projections
