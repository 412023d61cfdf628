//! The work on one item, the same for every peer, and what has arrived at a sink.

use std::hint::black_box;
use std::iter::successors;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many items have arrived at a sink, and their sum.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    pub delivered: u64,
    pub sum: u64,
}

impl Arrived {
    #[must_use]
    #[inline]
    pub fn and(self, n: u64) -> Self {
        Self {
            delivered: self.delivered + 1,
            sum: self.sum.wrapping_add(n),
        }
    }

    #[must_use]
    pub fn times(self, flows: u64) -> Self {
        Self {
            delivered: self.delivered * flows,
            sum: self.sum.wrapping_mul(flows),
        }
    }
}

impl FromIterator<u64> for Arrived {
    fn from_iter<I: IntoIterator<Item = u64>>(items: I) -> Self {
        items.into_iter().fold(Self::default(), Self::and)
    }
}

impl std::iter::Sum for Arrived {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |all, part| Self {
            delivered: all.delivered + part.delivered,
            sum: all.sum.wrapping_add(part.sum),
        })
    }
}

/// The cheap map of the chains.
#[inline]
pub fn step(n: u64) -> u64 {
    n.wrapping_mul(3).wrapping_add(1)
}

/// What the other task of `map_async_64` answers.
#[inline]
pub fn answer(n: u64) -> u64 {
    n ^ 0x5555
}

/// Computes for 1 ms.
pub fn compute_1_ms() {
    spin(Duration::from_millis(1));
}

/// Computes for 5 µs, as the slow sink does for each item.
pub fn compute_5_us() {
    spin(Duration::from_micros(5));
}

fn spin(span: Duration) {
    let start = Instant::now();
    while start.elapsed() < span {
        std::hint::spin_loop();
    }
}

/// The work of a stage that is to be cancelled.
#[inline]
pub fn hundred_additions(n: u64) -> u64 {
    black_box((0..100).fold(n, u64::wrapping_add))
}

/// An item of 1 KiB that knows its number.
pub fn kilobyte(n: u64) -> Vec<u8> {
    let mut item = vec![1; 1024];
    item[..8].copy_from_slice(&n.to_le_bytes());
    item
}

pub fn number_of(item: &[u8]) -> u64 {
    first_number(item)
}

/// The first number of the SHA-256 of block `n`, which is one of sixteen of 64 KiB, behind `n`.
pub fn digest(n: u64) -> u64 {
    const BLOCK: usize = 64 * 1024;
    static BLOCKS: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..16 * BLOCK).map(|at| (at % 251) as u8).collect());
    let at = (n % 16) as usize * BLOCK;
    let mut hash = Sha256::new();
    hash.update(n.to_le_bytes());
    hash.update(&BLOCKS[at..at + BLOCK - 8]);
    first_number(&hash.finalize())
}

fn first_number(bytes: &[u8]) -> u64 {
    let first = bytes[..8].try_into().expect("there are eight bytes");
    u64::from_le_bytes(first)
}

/// The primes, by trial.
pub fn primes() -> impl Iterator<Item = u64> {
    let is_prime = |n: &u64| {
        (2..)
            .take_while(|d| d * d <= *n)
            .all(|d| !n.is_multiple_of(d))
    };
    successors(Some(2), |n| Some(n + 1)).filter(is_prime)
}

/// Counts the members that have gone, with the sum of their numbers.
#[derive(Debug, Default)]
pub struct Leavers {
    gone: AtomicU64,
    sum: AtomicU64,
}

impl Leavers {
    /// What all that has gone by now sums up to.
    pub fn arrived(&self) -> Arrived {
        Arrived {
            delivered: self.gone.load(Ordering::Acquire),
            sum: self.sum.load(Ordering::Acquire),
        }
    }

    pub fn leave(&self, number: u64) {
        self.sum.fetch_add(number, Ordering::AcqRel);
        self.gone.fetch_add(1, Ordering::AcqRel);
    }
}
