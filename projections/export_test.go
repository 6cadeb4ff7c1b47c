package projections

import "context"

// BuildInRuns is [Build] with runs of a given size.
func BuildInRuns(ctx context.Context, src Source, path string, views []View, until uint64, runSize int) error {
	return build(ctx, src, path, views, until, runSize, nil)
}
