package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

func cancelContexts(job Job) Outcome {
	root, cancel := context.WithCancel(context.Background())
	contexts := make([]context.Context, 0, job.Stages)
	cancels := make([]context.CancelFunc, 0, job.Stages)
	below := func(parent context.Context) context.Context {
		child, cancel := context.WithCancel(parent)
		cancels = append(cancels, cancel)
		return child
	}
	for range 100 {
		belowRoot := below(root)
		for range job.Stages/100 - 1 {
			contexts = append(contexts, below(belowRoot))
		}
		contexts = append(contexts, belowRoot)
	}
	start := time.Now()
	cancel()
	elapsed := time.Since(start)
	var arrived Arrived
	for _, cancel := range cancels {
		defer cancel()
	}
	for number, ctx := range contexts {
		if ctx.Err() != nil {
			arrived.add(uint64(number))
		}
	}
	return timed(arrived, elapsed)
}

func hundredAdditions(n uint64) uint64 {
	for add := range uint64(100) {
		n += add
	}
	return n
}

func cancelStages(job Job) Outcome {
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	var gone, sum atomic.Uint64
	items := make(chan uint64, job.Window)
	first := items
	go func() {
		for n := uint64(0); ; n++ {
			select {
			case first <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	for number := range job.Stages {
		in, out := items, make(chan uint64, job.Window)
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer func() {
				sum.Add(uint64(number))
				gone.Add(1)
			}()
			for {
				select {
				case n := <-in:
					select {
					case out <- hundredAdditions(n):
					case <-ctx.Done():
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}()
		items = out
	}
	<-items
	start := time.Now()
	cancel()
	wait.Wait()
	elapsed := time.Since(start)
	return timed(Arrived{gone.Load(), sum.Load()}, elapsed)
}
