//! Stages of random flows that fail and go on, by a policy.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use actix_flow::prelude::*;

use super::shape::{Shape, rest};
use crate::kit::Item;

/// Says of every call whether it is one that fails.
#[derive(Clone)]
struct Faults {
    calls: Arc<AtomicU64>,
    every: u64,
}

impl Faults {
    fn next(&self) -> bool {
        self.calls.fetch_add(1, Relaxed) % self.every == self.every - 1
    }

    /// The panic of a closure, if it is its turn.
    fn strike(&self) {
        assert!(!self.next(), "expected: of a policed stage");
    }
}

impl Shape<'_> {
    fn faults(&mut self) -> Faults {
        Faults {
            calls: Arc::default(),
            every: self.rng.u64(2..=40),
        }
    }

    /// A restart or retry, mostly without limit; one with a limit can fail its flow.
    fn patience(&mut self, policy: RestartPolicy) -> RestartPolicy {
        let most = Duration::from_micros(self.rng.u64(..300));
        let policy = policy.backoff(most / 4, most).jitter(0.3);
        if self.one_in(4) {
            self.faulty = true;
            self.said.push_str(" LIMITED");
            return policy.limit(self.rng.u32(..4), Duration::from_secs(60));
        }
        policy.without_limit()
    }

    /// One that decides anew at each failure, among directives that the stage can follow.
    fn fickle(&mut self, own: Directive) -> RestartPolicy {
        let calls = AtomicU64::new(self.rng.u64(..4));
        let (gives_up, panics) = (self.one_in(4), self.one_in(8));
        self.faulty |= gives_up || panics;
        let policy = RestartPolicy::decide(move |_| match calls.fetch_add(1, Relaxed) % 5 {
            4 if gives_up => Directive::Stop,
            4 if panics => panic!("expected: of a policy"),
            n if n % 2 == 0 => own,
            _ => Directive::Resume,
        });
        self.patience(policy)
    }

    fn resumed(&mut self) -> RestartPolicy {
        if self.one_in(4) {
            self.fickle(Directive::Resume)
        } else {
            RestartPolicy::resume()
        }
    }

    fn restarted(&mut self) -> RestartPolicy {
        if self.one_in(3) {
            return self.fickle(Directive::Restart);
        }
        self.patience(RestartPolicy::restart())
    }

    fn again(&mut self) -> RestartPolicy {
        if self.one_in(3) {
            return self.fickle(Directive::Retry);
        }
        self.patience(RestartPolicy::retry())
    }

    /// A source that fails a few times, and begins anew.
    pub(super) fn restarted_source(&mut self) -> Source<Item> {
        let (census, moment) = (self.census.clone(), self.moment.clone());
        let (items, until, mut starts) = (self.rng.u64(..300), self.rng.u64(..4), 0);
        let policy = self.patience(RestartPolicy::restart());
        Source::from_iter_with(move |_| {
            starts += 1;
            let (start, census, moment) = (starts, census.clone(), moment.clone());
            // Under a strategy the failure of another stage restarts it too, over and over.
            let items = if start < 30 { items } else { 0 };
            let breaks = items / 2 * u64::from(start <= until);
            (0..items).map(move |n| {
                assert!(n == 0 || n != breaks, "expected: of a source");
                moment.step();
                census.item(n)
            })
        })
        .supervised(policy)
    }

    /// A stage that fails often, and is kept by its policy.
    pub(super) fn policed(&mut self, source: Source<Item>) -> Source<Item> {
        let (faults, moment) = (self.faults(), self.moment.clone());
        match self.rng.u64(..10) {
            0 => {
                let failing = source.try_map(move |item| {
                    moment.step();
                    if faults.next() { Err("no") } else { Ok(item) }
                });
                let policy = self.resumed();
                self.dress("RESUME try_map", failing.supervised(policy), 1)
            }
            1 => {
                let expanding = source.flat_map(move |item| {
                    let (faults, moment) = (faults.clone(), moment.clone());
                    (0..3).map(move |_| {
                        moment.step();
                        faults.strike();
                        item.clone()
                    })
                });
                let policy = self.resumed();
                self.dress("RESUME flat_map", expanding.supervised(policy), 1)
            }
            2 => {
                let concurrency = self.rng.usize(1..=40);
                let running = source.map_async(concurrency, move |item| {
                    let faults = faults.clone();
                    async move {
                        rest(item.number % 3).await;
                        faults.strike();
                        item
                    }
                });
                let policy = self.resumed();
                self.dress("RESUME map_async", running.supervised(policy), concurrency)
            }
            3 => {
                let workers = self.rng.usize(1..=3);
                let working = source.map_parallel(workers, move |item: Item| {
                    faults.strike();
                    item
                });
                let policy = self.resumed();
                self.dress("RESUME map_parallel", working.supervised(policy), workers)
            }
            4 => {
                let waiting = source.map_blocking(2, move |item: Item| {
                    faults.strike();
                    item
                });
                let policy = self.resumed();
                self.dress("RESUME map_blocking", waiting.supervised(policy), 2)
            }
            5 => {
                let census = self.census.clone();
                let counting = source.scan_with(
                    move |_| census.item(0),
                    move |state, item| {
                        state.number += 1;
                        faults.strike();
                        Some(item)
                    },
                );
                let policy = self.restarted();
                self.dress("RESTART scan_with", counting.supervised(policy), 1)
            }
            6 => {
                let workers = self.rng.usize(1..=3);
                let working = source.map_parallel_with(workers, move |_| {
                    let faults = faults.clone();
                    move |item: Item| {
                        faults.strike();
                        item
                    }
                });
                let policy = self.restarted();
                self.dress("RESTART map_parallel", working.supervised(policy), workers)
            }
            7 => {
                let policy = self.again();
                let trying = source.retried(policy).map(move |item| {
                    faults.strike();
                    moment.step();
                    item
                });
                self.dress("RETRY map", trying, 1)
            }
            8 => {
                let (policy, concurrency) = (self.again(), self.rng.usize(1..=40));
                let trying = source
                    .retried(policy)
                    .map_async_unordered(concurrency, move |item| {
                        let faults = faults.clone();
                        async move {
                            rest(1).await;
                            faults.strike();
                            item
                        }
                    });
                self.dress("RETRY map_async_unordered", trying, concurrency)
            }
            _ => {
                let (policy, workers) = (self.again(), self.rng.usize(1..=3));
                let trying = source
                    .retried(policy)
                    .map_parallel(workers, move |item: Item| {
                        faults.strike();
                        item
                    });
                self.dress("RETRY map_parallel", trying, workers)
            }
        }
    }
}
