package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

func spreadOf(arrived Arrived, times []int64) Outcome {
	slices.Sort(times)
	p50, p99 := quantile(times, 0.5), quantile(times, 0.99)
	return Outcome{Arrived: arrived, P50: &p50, P99: &p99}
}

func quantile(sorted []int64, share float64) int64 {
	at := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[max(at, 0)]
}

func line(stages, window int, f func(uint64) uint64) (chan<- uint64, <-chan uint64) {
	first := make(chan uint64, window)
	var items <-chan uint64 = first
	for range stages {
		items = mapped(items, f, window)
	}
	return first, items
}

func ping(job Job) Outcome {
	first, last := line(job.Stages, job.Window, step)
	defer close(first)
	var arrived Arrived
	times := make([]int64, 0, job.Items)
	for n := range job.Items {
		start := time.Now()
		first <- n
		n := <-last
		times = append(times, time.Since(start).Nanoseconds())
		arrived.add(n)
	}
	return spreadOf(arrived, times)
}

// Resident bytes of this process; nothing where the system does not say.
func resident() uint64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(statm)
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}

func grown(before uint64) uint64 {
	return max(resident(), before) - before
}

func daisy(job Job) Outcome {
	before := resident()
	first, last := line(job.Stages, job.Window, func(n uint64) uint64 { return n + 1 })
	defer close(first)
	var arrived Arrived
	first <- 0
	arrived.add(<-last)
	memory := grown(before)
	start := time.Now()
	for n := uint64(1); n < job.Items; n++ {
		first <- n
		arrived.add(<-last)
	}
	outcome := timed(arrived, time.Since(start))
	outcome.Memory = &memory
	return outcome
}

func slowSink(job Job) Outcome {
	before, start := resident(), time.Now()
	var curve []Sample
	done, noted := make(chan struct{}), make(chan struct{})
	note := func() {
		curve = append(curve, Sample{float64(time.Since(start).Nanoseconds()) / 1e6, grown(before)})
	}
	go func() {
		defer close(noted)
		ticker := time.NewTicker(10 * time.Millisecond)
		for {
			select {
			case <-ticker.C:
				note()
			case <-done:
				note()
				return
			}
		}
	}()
	source := make(chan []byte, job.Window)
	go func() {
		defer close(source)
		for n := range job.Items {
			item := bytes.Repeat([]byte{1}, 1024)
			binary.LittleEndian.PutUint64(item, n)
			source <- item
		}
	}()
	var items <-chan []byte = source
	for range job.Stages {
		items = mapped(items, func(item []byte) []byte { return item }, job.Window)
	}
	var arrived Arrived
	for item := range items {
		spin(5 * time.Microsecond)
		arrived.add(binary.LittleEndian.Uint64(item))
	}
	close(done)
	<-noted
	outcome := Outcome{Arrived: arrived, Curve: curve, Memory: new(uint64)}
	for _, sample := range curve {
		*outcome.Memory = max(*outcome.Memory, sample.Bytes)
	}
	return outcome
}

// One thread, as the timers of the others share theirs with the flow.
func neighbour(job Job) Outcome {
	runtime.GOMAXPROCS(1)
	due, comes := time.Now(), int64(math.MaxInt64)
	at := func(tick int) time.Time { return due.Add(time.Duration(tick) * time.Millisecond) }
	for tick := 1; tick <= 50; tick++ {
		time.Sleep(time.Until(at(tick)))
		comes = min(comes, time.Since(at(tick)).Nanoseconds())
	}
	var stop atomic.Bool
	late := make(chan []int64)
	go func() {
		var times []int64
		for tick := int(time.Since(due)/time.Millisecond) + 1; !stop.Load(); tick++ {
			time.Sleep(time.Until(at(tick)))
			times = append(times, max(time.Since(at(tick)).Nanoseconds()-comes, 0))
		}
		late <- times
	}()
	var arrived Arrived
	flows, start := uint64(0), time.Now()
	for time.Since(start) < time.Duration(job.Millis)*time.Millisecond {
		arrived.addAll(chain(job))
		flows++
	}
	stop.Store(true)
	outcome := spreadOf(arrived, <-late)
	outcome.Flows = &flows
	return outcome
}
