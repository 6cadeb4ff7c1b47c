// Package published holds the tables of figures that the programme published, as
// they stand in its documents, one CSV file each.
package published

import "embed"

// Files holds the tables.
//
//go:embed *.csv
var Files embed.FS
