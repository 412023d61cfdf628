package main

import (
	"context"
	"sync"
	"time"
)

func step(n uint64) uint64 { return n*3 + 1 }

func spin(span time.Duration) {
	for start := time.Now(); time.Since(start) < span; {
	}
}

func generate(items uint64, window int) <-chan uint64 {
	out := make(chan uint64, window)
	go func() {
		defer close(out)
		for n := uint64(0); n < items; n++ {
			out <- n
		}
	}()
	return out
}

func mapped[T any](in <-chan T, f func(T) T, window int) <-chan T {
	out := make(chan T, window)
	go func() {
		defer close(out)
		for item := range in {
			out <- f(item)
		}
	}()
	return out
}

func sum(in <-chan uint64) (arrived Arrived) {
	for n := range in {
		arrived.add(n)
	}
	return arrived
}

func chain(job Job) Arrived {
	items := generate(job.Items, job.Window)
	for range job.Stages {
		items = mapped(items, step, job.Window)
	}
	return sum(items)
}

func linear(job Job) Outcome {
	start := time.Now()
	arrived := chain(job)
	return timed(arrived, time.Since(start))
}

func smallFlow(job Job) Outcome {
	var arrived Arrived
	start := time.Now()
	for range job.Flows {
		arrived.addAll(chain(job))
	}
	return timed(arrived, time.Since(start))
}

func firstItem(job Job) Outcome {
	start := time.Now()
	items := make(chan uint64, job.Window)
	go func() {
		defer close(items)
		for n := uint64(0); n < job.Items; n++ {
			spin(time.Millisecond)
			items <- n
		}
	}()
	var arrived Arrived
	var first time.Duration
	for n := range mapped(items, step, job.Window) {
		if arrived.Delivered == 0 {
			first = time.Since(start)
		}
		arrived.add(n)
	}
	return timed(arrived, first)
}

// A request's stages end with its context.
func request(ctx context.Context, job Job) (arrived Arrived) {
	items := make(chan uint64, job.Window)
	results := make(chan uint64, job.Window)
	go func() {
		defer close(items)
		for n := uint64(0); n < job.Items; n++ {
			select {
			case items <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		defer close(results)
		for n := range items {
			select {
			case results <- step(n):
			case <-ctx.Done():
				return
			}
		}
	}()
	return sum(results)
}

func requestFlows(job Job) Outcome {
	start := time.Now()
	answers := make([]Arrived, job.Flows)
	var wait sync.WaitGroup
	for number := range answers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			answers[number] = request(ctx, job)
		}()
	}
	wait.Wait()
	elapsed := time.Since(start)
	var arrived Arrived
	for _, answer := range answers {
		arrived.addAll(answer)
	}
	return timed(arrived, elapsed)
}
