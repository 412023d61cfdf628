package main

import (
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"sync"
	"time"
)

func fanIn(job Job) Outcome {
	start := time.Now()
	items := make(chan uint64, job.Window)
	share := job.Items / uint64(job.Stages)
	var wait sync.WaitGroup
	for number := range uint64(job.Stages) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for n := number * share; n < (number+1)*share; n++ {
				items <- n
			}
		}()
	}
	go func() {
		wait.Wait()
		close(items)
	}()
	arrived := sum(items)
	return timed(arrived, time.Since(start))
}

// So many goroutines read one channel and write to another.
func spread(items <-chan uint64, workers, window int, f func(uint64) uint64) <-chan uint64 {
	results := make(chan uint64, window)
	var wait sync.WaitGroup
	for range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for n := range items {
				results <- f(n)
			}
		}()
	}
	go func() {
		wait.Wait()
		close(results)
	}()
	return results
}

func fanOutIn(job Job) Outcome {
	start := time.Now()
	items := generate(job.Items, job.Window)
	arrived := sum(spread(items, job.Stages, job.Window, step))
	return timed(arrived, time.Since(start))
}

var blocks = sync.OnceValue(func() []byte {
	bytes := make([]byte, 16*64*1024)
	for at := range bytes {
		bytes[at] = byte(at % 251)
	}
	return bytes
})

func digest(n uint64) uint64 {
	const block = 64 * 1024
	at := n % 16 * block
	hash := sha256.New()
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], n)
	hash.Write(number[:])
	hash.Write(blocks()[at : at+block-8])
	return binary.LittleEndian.Uint64(hash.Sum(nil))
}

func parallelCPU(job Job) Outcome {
	start := time.Now()
	items := generate(job.Items, job.Window)
	arrived := sum(spread(items, runtime.GOMAXPROCS(0), job.Window, digest))
	return timed(arrived, time.Since(start))
}

type question struct {
	n      uint64
	answer chan uint64
}

// The channel of answers carries them in order; 64 goroutines wait at a time.
func mapAsync(job Job) Outcome {
	start := time.Now()
	questions := make(chan question, 1024)
	defer close(questions)
	go func() {
		for asked := range questions {
			asked.answer <- asked.n ^ 0x5555
		}
	}()
	// One more is held by the source, and one by the sink.
	answers := make(chan chan uint64, 62)
	go func() {
		defer close(answers)
		for n := uint64(0); n < job.Items; n++ {
			result := make(chan uint64, 1)
			go func() {
				answer := make(chan uint64, 1)
				questions <- question{n, answer}
				result <- <-answer
			}()
			answers <- result
		}
	}()
	var arrived Arrived
	for result := range answers {
		arrived.add(<-result)
	}
	return timed(arrived, time.Since(start))
}

func sieve(job Job) Outcome {
	start := time.Now()
	done := make(chan struct{})
	defer close(done)
	candidates := make(chan uint64, job.Window)
	first := candidates
	go func() {
		for n := uint64(2); ; n++ {
			select {
			case first <- n:
			case <-done:
				return
			}
		}
	}()
	var arrived Arrived
	for range job.Stages {
		prime := <-candidates
		arrived.add(prime)
		in, out := candidates, make(chan uint64, job.Window)
		go func() {
			for {
				select {
				case n := <-in:
					if n%prime == 0 {
						continue
					}
					select {
					case out <- n:
					case <-done:
						return
					}
				case <-done:
					return
				}
			}
		}()
		candidates = out
	}
	return timed(arrived, time.Since(start))
}
