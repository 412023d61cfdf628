// The workloads in Go, under the same names. The argument is a job as JSON, the output is its
// outcome as one line of JSON; `cargo compare` builds and runs it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Job is what the harness asks for.
type Job struct {
	Workload string `json:"workload"`
	Window   int    `json:"window"`
	Items    uint64 `json:"items"`
	Stages   int    `json:"stages"`
	Flows    uint64 `json:"flows"`
	Millis   int    `json:"millis"`
}

// Arrived is how many items came to the sink, and their sum.
type Arrived struct {
	Delivered uint64 `json:"delivered"`
	Sum       uint64 `json:"sum"`
}

func (a *Arrived) add(n uint64) {
	a.Delivered++
	a.Sum += n
}

func (a *Arrived) addAll(b Arrived) {
	a.Delivered += b.Delivered
	a.Sum += b.Sum
}

// Sample is how far resident memory had grown at a time.
type Sample struct {
	Ms    float64 `json:"ms"`
	Bytes uint64  `json:"bytes"`
}

// Outcome is what the harness reads.
type Outcome struct {
	Arrived
	Flows  *uint64  `json:"flows,omitempty"`
	Nanos  *int64   `json:"elapsed_ns,omitempty"`
	P50    *int64   `json:"p50_ns,omitempty"`
	P99    *int64   `json:"p99_ns,omitempty"`
	Memory *uint64  `json:"memory_bytes,omitempty"`
	Curve  []Sample `json:"curve,omitempty"`
}

func timed(arrived Arrived, elapsed time.Duration) Outcome {
	nanos := elapsed.Nanoseconds()
	return Outcome{Arrived: arrived, Nanos: &nanos}
}

var workloads = map[string]func(Job) Outcome{
	"linear_3":             linear,
	"linear_3_arbiters":    linear,
	"linear_20":            linear,
	"fan_in_8":             fanIn,
	"fan_out_in_4":         fanOutIn,
	"map_async_64":         mapAsync,
	"parallel_cpu":         parallelCPU,
	"ping_3":               ping,
	"first_item":           firstItem,
	"small_flow":           smallFlow,
	"slow_sink":            slowSink,
	"daisy_100k":           daisy,
	"sieve_2000":           sieve,
	"cancel_contexts_100k": cancelContexts,
	"cancel_stages_10k":    cancelStages,
	"request_flows":        requestFlows,
	"neighbour":            neighbour,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "compare-go:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one argument is needed, a job as JSON")
	}
	var job Job
	if err := json.Unmarshal([]byte(args[0]), &job); err != nil {
		return err
	}
	body, known := workloads[job.Workload]
	if !known {
		return fmt.Errorf("unknown workload %q", job.Workload)
	}
	if job.Workload != "slow_sink" && job.Workload != "daisy_100k" {
		body(small(job)) // The measured run is not the first of its process.
	}
	return json.NewEncoder(os.Stdout).Encode(body(job))
}

// A job of the same kind that is soon done.
func small(job Job) Job {
	job.Items = min(job.Items, 8_000)
	job.Flows = min(job.Flows, 50)
	job.Millis = min(job.Millis, 50)
	if job.Workload != "linear_20" {
		job.Stages = min(job.Stages, 200)
	}
	return job
}
