// Package packet makes what a committee or a panel decides on: all that is known of one
// deployment, or of the deployments of one meeting, in one file for print or as a
// workbook.
//
//	p, err := packet.Build(ctx, q, schemas, checkpoint, packet.Asked{Subjects: ids, By: key})
//	err = packet.HTML(p, file)
//	err = packet.XLSX(p, file)
//
// Those who decide and those who oversee them have the same file (domain §5.1). So
// nothing is taken out of it: what a report would withhold from somebody stands in it
// with a mark that says why. What a customer pays is none of what is judged and is not
// read at all (GC-03). Of people it names those who answer for something, and those who
// stand behind the customer; not those who spoke under a pseudonym, raised a concern or
// voted.
//
// A [Packet] is parts of tables of cells. Both forms are written from it and hold the
// same. It has no clock: its day is that of the log's last entry, and the same log, the
// same question and the same person give the same bytes. A vote names the hash of those
// bytes.
//
// Ownership: this package owns the shape of a packet and writes no record.
package packet
