//! Random blueprints over the verbs, each closure of which takes part in the moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::ArbiterHandle;

use super::moment::Moment;
use crate::kit::{Census, Item};
use fastrand::Rng;

/// What is known of a blueprint while it is made.
pub(super) struct Shape<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) census: Census,
    pub(super) moment: Moment,
    pub(super) arbiters: &'a [ArbiterHandle],
    /// Whether sources may have no end.
    pub(super) endless: bool,
    /// Whether a stage may fail or panic.
    pub(super) faults: bool,
    /// Whether branches may be rejoined so that the flow can stall.
    pub(super) risky: bool,
    pub(super) said: String,
    pub(super) stages: u32,
    /// By how much its expansions multiply items, so that a close comes to an end.
    pub(super) growth: u64,
    pub(super) faulty: bool,
    pub(super) stallable: bool,
    pub(super) feeders: Vec<JoinHandle<()>>,
    /// Flows that end in a hub of this one.
    pub(super) guests: Vec<Blueprint<()>>,
    /// Whether it is a guest that is made now.
    pub(super) guest: bool,
    /// The stages whose edge has a hook for what is discarded, and what it has seen.
    pub(super) watched: Vec<(String, Arc<AtomicU64>)>,
}

/// Yields a few times, as a future that waits for somebody does.
pub(super) async fn rest(times: u64) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

impl Shape<'_> {
    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.rng.u64(..n) == 0
    }

    /// What a sink does with an item.
    pub(super) fn step(&self) -> impl Fn(&Item) + Send + Clone + 'static {
        let moment = self.moment.clone();
        move |_| moment.step()
    }

    /// A window, mostly small, of 4096 at most.
    pub(super) fn window(&mut self, least: usize) -> usize {
        let most = if self.one_in(5) { 4096 } else { 64 };
        self.rng.usize(least..=most)
    }

    pub(super) fn name(&mut self, verb: &str) -> String {
        let name = format!("s{}", self.stages);
        self.said.push_str(&format!(" {name}:{verb}"));
        self.stages += 1;
        name
    }

    /// Attributes for the stage written last; `least` is the smallest window it can have.
    pub(super) fn dress(&mut self, verb: &str, source: Source<Item>, least: usize) -> Source<Item> {
        let name = self.name(verb);
        let mut source = source.named(name);
        if least > 1 || self.one_in(2) {
            let window = self.window(least);
            self.said.push_str(&format!("/{window}"));
            source = source.window(window);
        }
        self.place(source)
    }

    pub(super) fn place(&mut self, mut source: Source<Item>) -> Source<Item> {
        if self.one_in(3) {
            let place = self.rng.usize(..self.arbiters.len());
            self.said.push_str(&format!("@{place}"));
            source = source.on(self.arbiters[place].clone());
        }
        if self.one_in(4) {
            source = source.group("g");
        }
        source
    }

    /// A source, with stages behind it.
    pub(super) fn flow(&mut self, depth: u32) -> Source<Item> {
        let source = match self.rng.u64(0..=5) {
            0 | 1 if depth > 0 => self.joined(depth - 1),
            2 if depth > 0 => self.rejoined(depth - 1),
            _ => self.source(),
        };
        self.stages(source)
    }

    pub(super) fn stages(&mut self, mut source: Source<Item>) -> Source<Item> {
        for _ in 0..self.rng.u64(0..=3) {
            source = match self.rng.u64(0..=7) {
                0..=2 => {
                    let source = self.terms(source);
                    self.synchronous(source)
                }
                3 => self.asynchronous(source),
                4 => self.parallel(source),
                5 | 6 if self.faults => self.policed(source),
                _ if self.faults && !self.faulty => self.fault(source),
                _ => self.counted(source),
            };
        }
        source
    }

    fn source(&mut self) -> Source<Item> {
        if self.faults && self.one_in(4) {
            let source = self.restarted_source();
            let name = self.name("RESTART from_iter_with");
            return self.place(source.named(name));
        }
        if !self.guest && self.one_in(6) {
            return self.hub();
        }
        let (census, moment) = (self.census.clone(), self.moment.clone());
        let endless = self.endless && self.one_in(2);
        let items = if endless {
            u64::MAX
        } else {
            self.rng.u64(0..=400)
        };
        let make = move |n| {
            moment.step();
            census.item(n)
        };
        let (verb, source) = match self.rng.u64(0..=4) {
            0 => ("unfold_async", {
                let rests = self.rng.u64(0..=2);
                Source::unfold_async((0, make), move |(n, make)| async move {
                    rest(rests).await;
                    (n < items).then(|| (make(n), (n + 1, make)))
                })
            }),
            1 => (
                "generate",
                Source::generate(async move |mut out| {
                    for n in 0..items {
                        out.send(make(n)).await;
                    }
                }),
            ),
            2 => {
                let capacity = self.rng.usize(1..=32);
                let (inlet, source) = Source::inlet(capacity);
                // An end is needed where nobody takes: the flow's is one.
                self.feeders.push(std::thread::spawn(move || {
                    for n in 0..items {
                        if inlet.blocking_send(make(n)).is_err() {
                            break;
                        }
                    }
                }));
                ("inlet", source)
            }
            _ => ("from_iter", Source::from_iter((0..items).map(make))),
        };
        self.said.push_str(if endless { " endless" } else { "" });
        let name = self.name(verb);
        self.place(source.named(name))
    }

    /// Several flows into one.
    fn joined(&mut self, depth: u32) -> Source<Item> {
        self.said.push_str(" (");
        let left = self.flow(depth);
        self.said.push_str(" |");
        let right = self.flow(depth);
        self.said.push_str(" )");
        match self.rng.u64(0..=4) {
            0 => self.dress("concat", left.concat(right), 1),
            1 => {
                let segment = self.rng.usize(1..=5);
                self.dress("interleave", left.interleave(right, segment), 1)
            }
            2 => {
                let by = |a: &Item, b: &Item| a.number.cmp(&b.number);
                self.dress("merge_sorted", left.merge_sorted_by(right, by), 1)
            }
            3 => {
                let name = self.name("zip");
                let moment = self.moment.clone();
                let zipped = left.zip(right).named(name).map(move |(item, _)| {
                    moment.step();
                    item
                });
                self.dress("unzip", zipped, 1)
            }
            _ => {
                let merged = left.merge(right);
                let merged = if self.one_in(3) {
                    self.said.push_str(" isolated");
                    merged.isolated()
                } else {
                    merged
                };
                self.dress("merge", merged, 1)
            }
        }
    }

    /// Branches of one flow.
    pub(super) fn branches(&mut self, source: Source<Item>) -> Vec<Source<Item>> {
        let branches = self.rng.usize(1..=3);
        let moment = self.moment.clone();
        let (verb, branches) = match self.rng.u64(0..=2) {
            0 => ("broadcast", source.broadcast(branches)),
            1 => {
                let key = move |item: &Item| {
                    moment.step();
                    usize::try_from(item.number).unwrap() % branches
                };
                ("partition", source.partition(branches, key))
            }
            _ => ("balance", source.balance(branches)),
        };
        let name = self.name(verb);
        let mut branches = branches.named(name).into_vec();
        if branches.len() > 1 && self.one_in(6) {
            self.said.push_str(" unread");
            branches.pop();
        }
        branches
    }

    /// Branches of one flow, put together again.
    fn rejoined(&mut self, depth: u32) -> Source<Item> {
        let source = self.flow(depth);
        let mut branches = Vec::new();
        for branch in self.branches(source) {
            self.said.push_str(" [");
            branches.push(self.stages(branch));
            self.said.push_str(" ]");
        }
        if self.risky && branches.len() == 2 {
            self.stallable = true;
            let right = branches.pop().expect("there are two");
            let left = branches.pop().expect("there are two");
            return if self.one_in(2) {
                self.dress("concat", left.concat(right), 1)
            } else {
                let zipped = left.zip(right).map(|(item, _)| item);
                self.dress("zip", zipped, 1)
            };
        }
        self.dress("merge", Source::merge_all(branches), 1)
    }

    /// Terms of the edge to the stage that is written next.
    fn terms(&mut self, source: Source<Item>) -> Source<Item> {
        match self.rng.u64(..8) {
            0 => {
                let max = self.rng.usize(1..=20);
                self.said.push_str(&format!(" weigh/{max}"));
                source.weigh(|item| usize::try_from(item.number % 12).unwrap(), max)
            }
            1 => {
                let seen = Arc::new(AtomicU64::new(0));
                let next = format!("s{}", self.stages);
                self.watched.push((next, Arc::clone(&seen)));
                source.on_discard(move |_| {
                    seen.fetch_add(1, Relaxed);
                })
            }
            _ => source,
        }
    }

    fn counted(&mut self, source: Source<Item>) -> Source<Item> {
        let moment = self.moment.clone();
        let counted = source.inspect(move |_| moment.step());
        self.dress("inspect", counted, 1)
    }

    fn synchronous(&mut self, source: Source<Item>) -> Source<Item> {
        let moment = self.moment.clone();
        let census = self.census.clone();
        match self.rng.u64(0..=7) {
            0 => {
                let kept = source.filter(move |item| {
                    moment.step();
                    !item.number.is_multiple_of(3)
                });
                self.dress("filter", kept, 1)
            }
            1 => {
                let most = self.rng.u64(1..=(40 / self.growth).max(2));
                self.growth *= most.div_ceil(2);
                let expanded = source.flat_map(move |item| {
                    let moment = moment.clone();
                    (0..item.number % most).map(move |_| {
                        moment.step();
                        item.clone()
                    })
                });
                self.dress("flat_map", expanded, 1)
            }
            2 => {
                let size = self.rng.usize(1..=100);
                let name = self.name("batch");
                let batches = source.batch(size).named(name);
                self.dress("flat_map", batches.flat_map(|batch| batch), 1)
            }
            3 => {
                let size = self.rng.usize(1..=100);
                let name = self.name("batch_within");
                let within = Duration::from_micros(self.rng.u64(0..=2000));
                let batches = source.batch_within(size, within).named(name);
                self.dress("flat_map", batches.flat_map(|batch| batch), 1)
            }
            4 => {
                let items = self.rng.u64(0..=300);
                self.dress("take", source.take(items), 1)
            }
            5 => {
                let last = self.rng.u64(0..=600);
                let scanned = source.scan(0, move |seen, item| {
                    moment.step();
                    *seen += 1;
                    (*seen < last).then_some(item)
                });
                self.dress("scan", scanned, 1)
            }
            _ => {
                let mapped = source.map(move |item| {
                    moment.step();
                    census.item(item.number + 1)
                });
                self.dress("map", mapped, 1)
            }
        }
    }

    fn asynchronous(&mut self, source: Source<Item>) -> Source<Item> {
        let moment = self.moment.clone();
        let concurrency = self.rng.usize(1..=40);
        let rests = self.rng.u64(0..=5);
        let run = move |item: Item| {
            let moment = moment.clone();
            async move {
                rest(item.number % (rests + 1)).await;
                moment.step();
                item
            }
        };
        let moment = self.moment.clone();
        let (verb, source) = match self.rng.u64(0..=4) {
            0 | 1 => ("map_async", source.map_async(concurrency, run)),
            2 | 3 => (
                "map_async_unordered",
                source.map_async_unordered(concurrency, run),
            ),
            _ => {
                let block = move |item| {
                    moment.step();
                    item
                };
                ("map_blocking", source.map_blocking(concurrency, block))
            }
        };
        self.dress(verb, source, concurrency)
    }

    fn parallel(&mut self, source: Source<Item>) -> Source<Item> {
        let moment = self.moment.clone();
        let work = move |item: Item| {
            moment.step();
            item
        };
        let workers = self.rng.usize(1..=3);
        match self.rng.u64(0..=5) {
            0 => {
                let source = source.map_parallel(workers, work);
                self.dress("map_parallel", source, workers)
            }
            1 => {
                let source = source.map_parallel_unordered(workers, work);
                self.dress("map_parallel_unordered", source, workers)
            }
            2 => {
                let split = |item: Item| {
                    vec![item.clone(); usize::from(!item.number.is_multiple_of(4)) * 3]
                };
                let census = self.census.clone();
                let join = move |parts: Vec<Item>| census.item(parts.len() as u64);
                let source = source.segmented(workers, split, work, join);
                self.dress("segmented", source, workers)
            }
            _ => {
                let places: Vec<_> = (0..workers)
                    .map(|_| {
                        self.rng
                            .choice(self.arbiters)
                            .expect("there are some")
                            .clone()
                    })
                    .collect();
                let source = source.map_parallel_on(&places, work);
                self.dress("map_parallel_on", source, workers)
            }
        }
    }
}
