package torture

import "io"

func (t *trial) nodes() error                                  { return nil }
func RunNode(config string, in io.Reader, out io.Writer) error { return nil }
