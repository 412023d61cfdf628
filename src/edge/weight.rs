//! The ledger of an edge that is bounded by weight: which of the items made may be sent.
//!
//! 1. What is in flight never weighs more than the bound, but for an item that is heavier than the
//!    whole bound: it goes alone.
//! 2. One item that does not fit yet waits at the producer, and nothing is made behind it.
//! 3. Credit comes back in the order of the items, so that their weights need not travel.

use std::collections::VecDeque;

/// The weights of the items in flight, and of those made and not sent.
#[derive(Debug)]
pub(crate) struct Weight {
    most: usize,
    flying: VecDeque<usize>,
    /// Of those in flight and those ready to be sent.
    sum: usize,
    /// Items of the buffer that may be sent.
    ready: VecDeque<usize>,
    /// The item behind them, which does not fit.
    waiting: Option<usize>,
}

impl Weight {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            flying: VecDeque::new(),
            sum: 0,
            ready: VecDeque::new(),
            waiting: None,
        }
    }

    /// Whether an item waits: no other may be made.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.is_some()
    }

    /// How many items of the buffer were weighed.
    pub(crate) fn known(&self) -> usize {
        self.ready.len() + usize::from(self.waiting.is_some())
    }

    /// Notes the weight of an item that was made; none waits.
    pub(crate) fn add(&mut self, weight: usize) {
        self.waiting = Some(weight);
        self.admit();
    }

    fn admit(&mut self) {
        let Some(weight) = self.waiting else { return };
        let alone = self.flying.is_empty() && self.ready.is_empty();
        let sum = self.sum.checked_add(weight);
        if alone || sum.is_some_and(|sum| sum <= self.most) {
            self.sum = self.sum.saturating_add(weight);
            self.ready.push_back(weight);
            self.waiting = None;
        }
    }

    /// Sends what may be sent: how many items, and what is in flight weighs then.
    pub(crate) fn ship(&mut self) -> (usize, usize) {
        let items = self.ready.len();
        self.flying.append(&mut self.ready);
        (items, self.sum)
    }

    /// Notes that the oldest items in flight have left the queue.
    pub(crate) fn credit(&mut self, items: usize) {
        for _ in 0..items.min(self.flying.len()) {
            self.sum -= self.flying.pop_front().unwrap_or(0);
        }
        if self.flying.is_empty() {
            // A sum that was full has lost count of what was beyond.
            self.sum = self.ready.iter().sum();
        }
        self.admit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn r2_1_an_item_that_does_not_fit_waits_for_those_before_it() {
        let mut weight = Weight::new(10);
        weight.add(6);
        weight.add(4);
        assert!(!weight.is_full());
        weight.add(1);
        assert!(weight.is_full());
        assert_eq!(weight.ship(), (2, 10));
        weight.credit(1);
        assert!(!weight.is_full());
        assert_eq!(weight.ship(), (1, 5));
    }

    #[test]
    fn r2_1_an_item_heavier_than_the_bound_goes_alone() {
        let mut weight = Weight::new(10);
        weight.add(usize::MAX);
        assert_eq!(weight.ship(), (1, usize::MAX));
        weight.add(0);
        assert!(weight.is_full());
        weight.credit(1);
        assert_eq!(weight.ship(), (1, 0));
        weight.add(10);
        assert_eq!(weight.ship(), (1, 10));
        weight.add(11);
        assert_eq!(weight.ship(), (0, 10));
        weight.credit(2);
        assert_eq!(weight.ship(), (1, 11));
    }

    proptest! {
        #[test]
        fn r2_1_what_is_in_flight_never_weighs_more_than_the_bound(
            most in 1usize..50,
            steps in proptest::collection::vec((0usize..80, 0usize..4), 0..200),
        ) {
            let mut weight = Weight::new(most);
            for (item, credit) in steps {
                if !weight.is_full() {
                    weight.add(item);
                }
                weight.ship();
                let sum: usize = weight.flying.iter().sum();
                prop_assert!(sum <= most || weight.flying.len() == 1);
                prop_assert_eq!(sum, weight.sum);
                weight.credit(credit);
                if weight.flying.is_empty() && weight.ready.is_empty() {
                    prop_assert!(!weight.is_full());
                }
            }
        }
    }
}
