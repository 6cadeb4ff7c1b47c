package torture

import "io"

func (t *trial) cuts() error                                   { return nil }
func (t *trial) faults() error                                 { return nil }
func (t *trial) fills() error                                  { return nil }
func (t *trial) nodes() error                                  { return nil }
func cannotMount() string                                      { return "" }
func RunNode(config string, in io.Reader, out io.Writer) error { return nil }
