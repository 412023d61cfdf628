//! The workloads: their names, sizes and windows, and what must arrive at the sink.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::{Deserialize, Serialize};

use crate::work;
use crate::work::Arrived;

/// The window of every edge where a workload has no list of windows.
pub const WINDOW: usize = 1024;

/// What is run; the same names everywhere, in the program in Go too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    #[serde(rename = "linear_3")]
    Linear3,
    #[serde(rename = "linear_3_arbiters")]
    Linear3Arbiters,
    #[serde(rename = "linear_20")]
    Linear20,
    #[serde(rename = "fan_in_8")]
    FanIn8,
    #[serde(rename = "fan_out_in_4")]
    FanOutIn4,
    #[serde(rename = "map_async_64")]
    MapAsync64,
    ParallelCpu,
    #[serde(rename = "ping_3")]
    Ping3,
    FirstItem,
    SmallFlow,
    SlowSink,
    #[serde(rename = "daisy_100k")]
    Daisy100k,
    #[serde(rename = "sieve_2000")]
    Sieve2000,
    #[serde(rename = "cancel_contexts_100k")]
    CancelContexts100k,
    #[serde(rename = "cancel_stages_10k")]
    CancelStages10k,
    RequestFlows,
    Neighbour,
}

use Workload::{
    CancelContexts100k, CancelStages10k, Daisy100k, FanIn8, FanOutIn4, FirstItem, Linear3,
    Linear3Arbiters, Linear20, MapAsync64, Neighbour, ParallelCpu, Ping3, RequestFlows, Sieve2000,
    SlowSink, SmallFlow,
};

/// One workload at one window and one size: all that a peer is told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Job {
    pub workload: Workload,
    /// The most items in flight on one edge, where the peer has a bound.
    pub window: usize,
    /// Items of one flow.
    pub items: u64,
    /// Maps of a chain, sources of a fan-in, contexts of a tree.
    pub stages: usize,
    /// Flows of one run, one after another or at once as the workload says.
    pub flows: u64,
    /// How long a run lasts that has no end of its own.
    pub millis: u64,
}

impl Workload {
    pub const ALL: [Self; 17] = [
        Linear3,
        Linear3Arbiters,
        Linear20,
        FanIn8,
        FanOutIn4,
        MapAsync64,
        ParallelCpu,
        Ping3,
        FirstItem,
        SmallFlow,
        SlowSink,
        Daisy100k,
        Sieve2000,
        CancelContexts100k,
        CancelStages10k,
        RequestFlows,
        Neighbour,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Linear3 => "linear_3",
            Linear3Arbiters => "linear_3_arbiters",
            Linear20 => "linear_20",
            FanIn8 => "fan_in_8",
            FanOutIn4 => "fan_out_in_4",
            MapAsync64 => "map_async_64",
            ParallelCpu => "parallel_cpu",
            Ping3 => "ping_3",
            FirstItem => "first_item",
            SmallFlow => "small_flow",
            SlowSink => "slow_sink",
            Daisy100k => "daisy_100k",
            Sieve2000 => "sieve_2000",
            CancelContexts100k => "cancel_contexts_100k",
            CancelStages10k => "cancel_stages_10k",
            RequestFlows => "request_flows",
            Neighbour => "neighbour",
        }
    }

    /// Items, type, work and windows, in one line.
    pub fn line(self) -> &'static str {
        match self {
            Linear3 => {
                "1,000,000 u64 through a generator, three maps (`n * 3 + 1`) and a fold, on one \
                 thread where the peer has a say; windows 1, 16, 64, 1024, 4096"
            }
            Linear3Arbiters => {
                "1,000,000 u64 as in linear_3, each stage on another thread in turn, as many as \
                 there are cores; windows 64, 1024, 4096"
            }
            Linear20 => "200,000 u64 as in linear_3, through twenty maps; window 1024",
            FanIn8 => "1,000,000 u64 from eight generators, merged and folded; window 1024",
            FanOutIn4 => {
                "1,000,000 u64 from one generator to four maps (`n * 3 + 1`), merged and folded; \
                 window 1024"
            }
            MapAsync64 => {
                "200,000 u64, each answered by another task, 64 waiting at a time, results in \
                 order; window 1024"
            }
            ParallelCpu => {
                "4,000 blocks of 64 KiB, SHA-256 of each, on all cores; order kept where the peer \
                 keeps it; at most 64 blocks under way"
            }
            Ping3 => {
                "20,000 u64, one at a time, through an idle chain of three maps and back; from \
                 send to receipt; window 1024"
            }
            FirstItem => {
                "10 u64 from a generator that computes 1 ms for each, one map, a fold; from start \
                 to the first at the sink; window 1024"
            }
            SmallFlow => {
                "10 u64 through a generator, a map and a fold, from spawn to result; 2,000 flows one \
                 after another; window 1024"
            }
            SlowSink => {
                "100,000 items of 1 KiB through three maps to a fold that takes 5 µs for each; the \
                 most that resident memory grows; window 1024"
            }
            Daisy100k => {
                "a chain of 100,000 maps (`n + 1`); 10 u64 go through, one at a time; time per \
                 hop, and resident memory per stage; window 1024"
            }
            Sieve2000 => {
                "the first 2,000 primes, u64, by a chain of filters that grows by one for each; \
                 window 16"
            }
            CancelContexts100k => {
                "a tree of 100,000 contexts, 100 below the root and 999 below each; from the \
                 cancel of the root until all are done"
            }
            CancelStages10k => {
                "10,000 maps at work, u64, a hundred additions for each item; from the cancel until \
                 the last stage is gone; window 16"
            }
            RequestFlows => {
                "1,000 flows at once, each 10 u64 through a generator, a map and a fold, under a \
                 context with a deadline; until all have answered; window 16"
            }
            Neighbour => {
                "a timer due every ms for 2 s, on the thread of linear_3 flows of 1,000,000 u64 \
                 one after another; how late it is against the same timer alone; window 1024"
            }
        }
    }

    pub fn windows(self) -> &'static [usize] {
        match self {
            Linear3 => &[1, 16, 64, 1024, 4096],
            Linear3Arbiters => &[64, 1024, 4096],
            _ => &[],
        }
    }

    /// Whether memory is measured: each run then has a process of its own.
    pub fn measures_memory(self) -> bool {
        matches!(self, SlowSink | Daisy100k)
    }

    /// Whether every core is to be used; else a peer has one thread, where it leaves the choice.
    pub fn spreads(self) -> bool {
        matches!(self, Linear3Arbiters | ParallelCpu | FirstItem | SlowSink)
    }

    /// The jobs of a workload, one per window.
    pub fn jobs(self, quick: bool) -> Vec<Job> {
        let window = match self {
            Sieve2000 | CancelStages10k | RequestFlows => 16,
            ParallelCpu => 64,
            _ => WINDOW,
        };
        let job = self.job(window, quick);
        match self.windows() {
            [] => vec![job],
            windows => windows
                .iter()
                .map(|&window| Job { window, ..job })
                .collect(),
        }
    }

    fn job(self, window: usize, quick: bool) -> Job {
        let pick = |full, small| if quick { small } else { full };
        let (items, stages, flows) = match self {
            Linear3 | Linear3Arbiters => (pick(1_000_000, 20_000), 3, 1),
            Linear20 => (pick(200_000, 4_000), 20, 1),
            FanIn8 => (pick(1_000_000, 20_000), 8, 1),
            FanOutIn4 => (pick(1_000_000, 20_000), 4, 1),
            MapAsync64 => (pick(200_000, 4_000), 1, 1),
            ParallelCpu => (pick(4_000, 200), 1, 1),
            Ping3 => (pick(20_000, 500), 3, 1),
            FirstItem => (10, 1, 1),
            SmallFlow => (10, 1, pick(2_000, 50)),
            SlowSink => (pick(100_000, 20_000), 3, 1),
            Daisy100k => (10, pick(100_000, 2_000), 1),
            Sieve2000 => (pick(2_000, 100), pick(2_000, 100), 1),
            CancelContexts100k => (0, pick(100_000, 2_000), 1),
            CancelStages10k => (0, pick(10_000, 200), 1),
            RequestFlows => (10, 1, pick(1_000, 50)),
            Neighbour => (pick(1_000_000, 20_000), 3, 1),
        };
        Job {
            workload: self,
            window,
            items,
            stages: usize::try_from(stages).expect("a chain fits into memory"),
            flows,
            millis: pick(2_000, 100),
        }
    }
}

impl Job {
    /// The same at the small size.
    pub fn small(&self) -> Self {
        let window = self.window;
        self.workload.job(window, true)
    }

    /// How one time of this job is told from another: by its window if it has several.
    pub fn variant(&self) -> String {
        if self.workload.windows().is_empty() {
            "default".to_owned()
        } else {
            format!("window={}", self.window)
        }
    }

    /// What must arrive at the sink of one flow.
    pub fn expected(&self) -> Arrived {
        let stages = self.stages as u64;
        match self.workload {
            Linear3 | Linear3Arbiters | Linear20 | Neighbour | Ping3 | FirstItem | SmallFlow
            | RequestFlows => (0..self.items)
                .map(|n| (0..stages).fold(n, |n, _| work::step(n)))
                .collect(),
            FanOutIn4 => (0..self.items).map(work::step).collect(),
            FanIn8 | SlowSink => (0..self.items).collect(),
            MapAsync64 => (0..self.items).map(work::answer).collect(),
            ParallelCpu => (0..self.items).map(work::digest).collect(),
            Daisy100k => (0..self.items).map(|n| n + stages).collect(),
            Sieve2000 => work::primes().take(self.stages).collect(),
            CancelContexts100k | CancelStages10k => (0..stages).collect(),
        }
    }
}

impl ValueEnum for Workload {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.line()))
    }
}
