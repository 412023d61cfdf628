//! Results of futures that wait for their turn, or only for room: pure.

use std::collections::VecDeque;

/// A place among the results, in the order of the items.
enum Slot<U> {
    Running,
    Ready(U),
    /// There will be no result.
    Missing,
}

/// Results that wait: for their turn, or only for room.
pub(super) struct Results<U> {
    ordered: bool,
    /// The number of the first slot.
    first: u64,
    slots: VecDeque<Slot<U>>,
    filled: u64,
}

impl<U> Results<U> {
    pub(super) fn new(ordered: bool) -> Self {
        Self {
            ordered,
            first: 0,
            slots: VecDeque::new(),
            filled: 0,
        }
    }

    /// How many results wait.
    pub(super) fn len(&self) -> u64 {
        self.filled
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Notes that an item was begun.
    pub(super) fn begin(&mut self) {
        if self.ordered {
            self.slots.push_back(Slot::Running);
        }
    }

    fn set(&mut self, number: u64, result: Slot<U>) {
        if self.ordered {
            let slot = usize::try_from(number - self.first).ok();
            if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
                *slot = result;
            }
        } else {
            self.slots.push_back(result);
        }
    }

    pub(super) fn put(&mut self, number: u64, result: U) {
        self.filled += 1;
        self.set(number, Slot::Ready(result));
    }

    /// Notes that an item will have no result.
    pub(super) fn miss(&mut self, number: u64) {
        if self.ordered {
            self.set(number, Slot::Missing);
        }
    }

    pub(super) fn take(&mut self) -> Option<U> {
        loop {
            match self.slots.front()? {
                Slot::Running => return None,
                Slot::Missing => {
                    self.first += 1;
                    self.slots.pop_front();
                }
                Slot::Ready(_) => {
                    self.first += 1;
                    self.filled -= 1;
                    let Some(Slot::Ready(result)) = self.slots.pop_front() else {
                        return None;
                    };
                    return Some(result);
                }
            }
        }
    }

    pub(super) fn drain(&mut self) -> Vec<U> {
        self.filled = 0;
        let slots = self.slots.drain(..);
        let ready = slots.filter_map(|slot| match slot {
            Slot::Ready(result) => Some(result),
            Slot::Running | Slot::Missing => None,
        });
        ready.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(ordered: bool, items: u64) -> Results<u64> {
        let mut results = Results::new(ordered);
        (0..items).for_each(|_| results.begin());
        results
    }

    #[test]
    fn r4_7_results_leave_in_the_order_of_their_items() {
        let mut results = begun(true, 3);
        results.put(2, 12);
        assert_eq!(results.take(), None);
        results.put(0, 10);
        assert_eq!(results.take(), Some(10));
        assert_eq!(results.take(), None);
        results.put(1, 11);
        assert_eq!(results.drain(), [11, 12]);
        assert!(results.is_empty());
    }

    #[test]
    fn r6_2_an_item_without_a_result_holds_nothing_up() {
        let mut results = begun(true, 3);
        results.put(1, 11);
        results.miss(0);
        assert_eq!(results.take(), Some(11));
        results.miss(2);
        assert_eq!(results.take(), None);
        results.begin();
        results.put(3, 13);
        assert_eq!((results.take(), results.len()), (Some(13), 0));
    }

    #[test]
    fn without_an_order_results_leave_as_they_come() {
        let mut results = begun(false, 3);
        results.put(2, 12);
        results.miss(0);
        results.put(1, 11);
        assert_eq!((results.take(), results.take()), (Some(12), Some(11)));
        assert_eq!(results.take(), None);
    }
}
