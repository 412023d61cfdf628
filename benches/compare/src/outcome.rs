//! What one run of one peer gives.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::work::Arrived;

/// What one run gives. It crosses a pipe as JSON where the peer has a process of its own.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// What has arrived at the sinks of all flows of the run.
    #[serde(flatten)]
    pub arrived: Arrived,
    /// How many flows the run had, where that is up to the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flows: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// How far resident memory had grown, by time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<Sample>,
}

/// Resident memory above what it was at the start.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    pub ms: f64,
    pub bytes: u64,
}

/// Times from 1 ns to a minute, to three digits.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000_000, 3).expect("the bounds are in order")
}

impl Outcome {
    pub fn timed(arrived: Arrived, elapsed: Duration) -> Self {
        Self {
            arrived,
            elapsed_ns: Some(nanos(elapsed)),
            ..Self::default()
        }
    }

    pub fn spread(arrived: Arrived, times: &Histogram<u64>) -> Self {
        Self {
            arrived,
            p50_ns: Some(times.value_at_quantile(0.5)),
            p99_ns: Some(times.value_at_quantile(0.99)),
            ..Self::default()
        }
    }
}

pub fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
