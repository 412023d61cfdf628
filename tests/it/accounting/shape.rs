//! Random blueprints over the verbs, each closure of which takes part in the moment.

use std::thread::JoinHandle;
use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::ArbiterHandle;

use super::moment::Moment;
use super::rng::Rng;
use crate::kit::{Census, Item};

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
    pub(super) faulty: bool,
    pub(super) stallable: bool,
    pub(super) feeders: Vec<JoinHandle<()>>,
}

/// Yields a few times, as a future that waits for somebody does.
pub(super) async fn rest(times: u64) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

impl Shape<'_> {
    fn name(&mut self, verb: &str) -> String {
        let name = format!("s{}", self.stages);
        self.said.push_str(&format!(" {name}:{verb}"));
        self.stages += 1;
        name
    }

    /// Attributes for the stage written last; `least` is the smallest window it can have.
    pub(super) fn dress(&mut self, verb: &str, source: Source<Item>, least: usize) -> Source<Item> {
        let name = self.name(verb);
        let mut source = source.named(name);
        if least > 1 || self.rng.one_in(2) {
            let window = self.rng.size(least, 64);
            self.said.push_str(&format!("/{window}"));
            source = source.window(window);
        }
        self.place(source)
    }

    fn place(&mut self, mut source: Source<Item>) -> Source<Item> {
        if self.rng.one_in(3) {
            let place = self.rng.size(0, self.arbiters.len() - 1);
            self.said.push_str(&format!("@{place}"));
            source = source.on(self.arbiters[place].clone());
        }
        if self.rng.one_in(4) {
            source = source.group("g");
        }
        source
    }

    /// A source, with stages behind it.
    pub(super) fn flow(&mut self, depth: u32) -> Source<Item> {
        let source = match self.rng.between(0, 5) {
            0 | 1 if depth > 0 => self.joined(depth - 1),
            2 if depth > 0 => self.rejoined(depth - 1),
            _ => self.source(),
        };
        self.stages(source)
    }

    pub(super) fn stages(&mut self, mut source: Source<Item>) -> Source<Item> {
        for _ in 0..self.rng.between(0, 3) {
            source = match self.rng.between(0, 5) {
                0..=2 => self.synchronous(source),
                3 => self.asynchronous(source),
                4 => self.parallel(source),
                _ if self.faults && !self.faulty => self.fault(source),
                _ => self.counted(source),
            };
        }
        source
    }

    fn source(&mut self) -> Source<Item> {
        let (census, moment) = (self.census.clone(), self.moment.clone());
        let endless = self.endless && self.rng.one_in(2);
        let items = if endless {
            u64::MAX
        } else {
            self.rng.between(0, 400)
        };
        let make = move |n| {
            moment.step();
            census.item(n)
        };
        let (verb, source) = match self.rng.between(0, 4) {
            0 => ("unfold_async", {
                let rests = self.rng.between(0, 2);
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
                let capacity = self.rng.size(1, 32);
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
        match self.rng.between(0, 4) {
            0 => self.dress("concat", left.concat(right), 1),
            1 => {
                let segment = self.rng.size(1, 5);
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
                let merged = if self.rng.one_in(3) {
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
        let branches = self.rng.size(1, 3);
        let moment = self.moment.clone();
        let (verb, branches) = match self.rng.between(0, 2) {
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
        if branches.len() > 1 && self.rng.one_in(6) {
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
            return if self.rng.one_in(2) {
                self.dress("concat", left.concat(right), 1)
            } else {
                let zipped = left.zip(right).map(|(item, _)| item);
                self.dress("zip", zipped, 1)
            };
        }
        self.dress("merge", Source::merge_all(branches), 1)
    }

    fn counted(&mut self, source: Source<Item>) -> Source<Item> {
        let moment = self.moment.clone();
        let counted = source.inspect(move |_| moment.step());
        self.dress("inspect", counted, 1)
    }

    fn synchronous(&mut self, source: Source<Item>) -> Source<Item> {
        let moment = self.moment.clone();
        let census = self.census.clone();
        match self.rng.between(0, 7) {
            0 => {
                let kept = source.filter(move |item| {
                    moment.step();
                    !item.number.is_multiple_of(3)
                });
                self.dress("filter", kept, 1)
            }
            1 => {
                let most = self.rng.between(1, 40);
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
                let size = self.rng.size(1, 100);
                let name = self.name("batch");
                let batches = source.batch(size).named(name);
                self.dress("flat_map", batches.flat_map(|batch| batch), 1)
            }
            3 => {
                let size = self.rng.size(1, 100);
                let name = self.name("batch_within");
                let within = Duration::from_micros(self.rng.between(0, 2000));
                let batches = source.batch_within(size, within).named(name);
                self.dress("flat_map", batches.flat_map(|batch| batch), 1)
            }
            4 => {
                let items = self.rng.between(0, 300);
                self.dress("take", source.take(items), 1)
            }
            5 => {
                let last = self.rng.between(0, 600);
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
        let concurrency = self.rng.size(1, 6);
        let rests = self.rng.between(0, 5);
        let run = move |item: Item| {
            let moment = moment.clone();
            async move {
                rest(item.number % (rests + 1)).await;
                moment.step();
                item
            }
        };
        let moment = self.moment.clone();
        let (verb, source) = match self.rng.between(0, 4) {
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
        let workers = self.rng.size(1, 3);
        match self.rng.between(0, 5) {
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
                    .map(|_| self.rng.pick(self.arbiters).clone())
                    .collect();
                let source = source.map_parallel_on(&places, work);
                self.dress("map_parallel_on", source, workers)
            }
        }
    }
}
