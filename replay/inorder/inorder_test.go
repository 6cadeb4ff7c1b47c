package inorder_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"caseledger/replay/inorder"
)

func upTo(n int) func(context.Context, func(int) error) error {
	return func(_ context.Context, emit func(int) error) error {
		for i := range n {
			if err := emit(i); err != nil {
				return err
			}
		}
		return nil
	}
}

// Given work that takes the longer the earlier it was emitted, then the results
// are used in order all the same.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := 0
		err := inorder.Run(t.Context(), upTo(100), func(i int) (int, error) {
			time.Sleep(time.Duration(i%7) * time.Second)
			return i * i, nil
		}, func(square int) error {
			if square != next*next {
				t.Fatalf("got %d, want the square of %d", square, next)
			}
			next++
			return nil
		})
		if err != nil || next != 100 {
			t.Errorf("%d results, %v", next, err)
		}
	})
}

// Given an error anywhere, then it is returned and nothing after it is used.
func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	at := func(n int) func(int) (int, error) {
		return func(i int) (int, error) {
			if i == n {
				return 0, broken
			}
			return i, nil
		}
	}
	for name, run := range map[string]func(use func(int) error) error{
		"work": func(use func(int) error) error {
			return inorder.Run(t.Context(), upTo(1000), at(40), use)
		},
		"consume": func(use func(int) error) error {
			return inorder.Run(t.Context(), upTo(1000), at(-1), func(i int) error {
				if i == 40 {
					return broken
				}
				return use(i)
			})
		},
		"produce": func(use func(int) error) error {
			return inorder.Run(t.Context(), func(ctx context.Context, emit func(int) error) error {
				return errors.Join(upTo(40)(ctx, emit), broken)
			}, at(-1), use)
		},
	} {
		t.Run(name, func(t *testing.T) {
			used := 0
			err := run(func(int) error { used++; return nil })
			if !errors.Is(err, broken) || used != 40 {
				t.Errorf("%v after %d results, want broken after 40", err, used)
			}
		})
	}
}

// Given a context that ends, then Run ends.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := inorder.Run(ctx, upTo(1<<30), func(i int) (int, error) { return i, nil }, func(i int) error {
		if i == 10 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want a canceled context", err)
	}
}
