//! Seeded random flows that can move: each must complete, with what a model of it gives.

use actix_flow::prelude::*;
use actix_rt::{Arbiter, ArbiterHandle};

use crate::kit::{Census, Item, within};

/// The generator of Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// A flow that grows, beside the items that it will have given at its end.
struct Growing<'a> {
    random: Random,
    arbiters: &'a [ArbiterHandle],
}

type Grown = (Source<Item>, Vec<u64>);

fn plus(mut item: Item, n: u64) -> Item {
    item.number += n;
    item
}

impl Growing<'_> {
    fn window(&mut self) -> usize {
        [1, 2, 3, 5, 8, 64][self.random.below(6) as usize]
    }

    /// A window, and now and then another arbiter.
    fn placed(&mut self, source: Source<Item>) -> Source<Item> {
        let source = source.window(self.window());
        match self.random.below(3) {
            0 => source,
            _ => {
                let arbiter = self.random.below(self.arbiters.len() as u64);
                source.on(self.arbiters[arbiter as usize].clone())
            }
        }
    }

    fn rejoined(&mut self, branches: Vec<Source<Item>>, stages: u64) -> Vec<Source<Item>> {
        let grow = |source| self.grow((source, Vec::new()), stages).0;
        branches.into_iter().map(grow).collect()
    }

    fn stage(&mut self, (source, mut model): Grown, stages: u64) -> Grown {
        let source = match self.random.below(9) {
            0 => {
                model.iter_mut().for_each(|n| *n += 1);
                source.map(|item| plus(item, 1))
            }
            1 => {
                model.retain(|n| n % 3 != 0);
                source.filter(|item| item.number % 3 != 0)
            }
            2 => {
                model = model.into_iter().flat_map(|n| [n, n + 2]).collect();
                source.flat_map(|item| [item.clone(), plus(item, 2)])
            }
            3 => {
                let size = self.random.below(20) as usize + 1;
                let batches = source.batch(size).window(self.window());
                batches.flat_map(|batch| batch)
            }
            4 => {
                let window = self.window();
                let concurrency = self.random.below(window as u64) as usize + 1;
                let yields = self.random.below(3);
                let mapped = source.map_async(concurrency, move |item| async move {
                    for _ in 0..yields {
                        tokio::task::yield_now().await;
                    }
                    item
                });
                return (mapped.window(window), model);
            }
            5 if stages > 0 => {
                model = model.iter().chain(&model).copied().collect();
                let branches = source.broadcast(2).window(self.window()).into_vec();
                Source::merge_all(self.rejoined(branches, 0))
            }
            6 if stages > 0 => {
                let branches = source.partition(3, |item| (item.number % 3) as usize);
                let branches = branches.window(self.window()).into_vec();
                Source::merge_all(self.rejoined(branches, 0))
            }
            7 => {
                let branches = source.balance(2).window(self.window()).into_vec();
                Source::merge_all(branches)
            }
            _ => {
                // One output per input on both ways: it can always move.
                let [a, b] = source.broadcast(2).into_array();
                let (a, b) = (a.map(|item| item), b.map(|item| item));
                let (a, b) = (self.placed(a), self.placed(b));
                let pairs = a.zip(b).window(self.window());
                model.iter_mut().for_each(|n| *n *= 2);
                pairs.map(|(a, b)| plus(a, b.number))
            }
        };
        (self.placed(source), model)
    }

    fn grow(&mut self, mut grown: Grown, stages: u64) -> Grown {
        for _ in 0..self.random.below(stages + 1) {
            grown = self.stage(grown, stages / 2);
        }
        grown
    }
}

#[test]
fn r2_8_random_flows_that_can_move_complete_on_up_to_three_arbiters() {
    crate::kit::system(async {
        let arbiters: Vec<_> = (0..2).map(|_| Arbiter::new()).collect();
        let mut places: Vec<_> = arbiters.iter().map(Arbiter::handle).collect();
        places.push(Arbiter::current());
        for seed in 0..120 {
            let census = Census::new();
            let made = census.clone();
            let mut growing = Growing {
                random: Random(seed),
                arbiters: &places[seed as usize % 3..],
            };
            let items = growing.random.below(200);
            let source = Source::from_iter((0..items).map(move |n| made.item(n)));
            let (source, mut expected) = growing.grow((source, (0..items).collect()), 8);
            let flow = source
                .fold(Vec::new(), |mut numbers, item| {
                    numbers.push(item.number);
                    numbers
                })
                .window(growing.window());
            let running = flow.run(&FlowContext::background()).unwrap();
            let finished = within(&format!("seed {seed}"), running.wait()).await;
            let finished = finished.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            let balance = finished.report.check();
            balance.unwrap_or_else(|found| panic!("seed {seed}: {found}"));
            let mut numbers = finished.value.unwrap();
            numbers.sort_unstable();
            expected.sort_unstable();
            assert_eq!(numbers, expected, "seed {seed}");
            assert_eq!(census.alive(), 0, "seed {seed}");
        }
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}
