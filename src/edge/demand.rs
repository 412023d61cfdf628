//! The credit ledgers of an edge: decisions as functions of numbers, without actors.
//!
//! 1. A consumer grants its window once, then gives credit back in steps of half a window.
//! 2. What is granted and not yet used or given back never exceeds the window.
//! 3. There are no more such steps than batches that came in: as long as one is withheld the
//!    producer has credit, or a batch of it is under way.
//! 4. Where the edge is bounded by weight too, all that is owed goes back at once: few items can be
//!    all that may be in flight. It is told even where nothing more may be sent for it.
//! 5. A consumer that wants only so many items grants no more than these, ever.

/// What a consumer tells its producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// How many items more may be sent.
    pub(crate) items: usize,
    /// How many of those sent have left the queue for good: more, where a consumer wants only so
    /// many, and none of the window that it grants first.
    pub(crate) freed: usize,
}

/// The consumer's half: what may be asked for.
#[derive(Debug)]
pub(crate) struct Grants {
    window: usize,
    /// How many more items may ever be asked for.
    remaining: u64,
    /// Items that left the queue for good, and whose credit was not given back yet.
    owed: usize,
    /// Batches that no step has answered yet.
    unanswered: usize,
    opened: bool,
    /// Whether what is owed is given back at once, whatever batches came in.
    eager: bool,
}

impl Grants {
    pub(crate) fn new(window: usize, limit: Option<u64>, eager: bool) -> Self {
        Self {
            window,
            remaining: limit.unwrap_or(u64::MAX),
            owed: 0,
            unanswered: 0,
            opened: false,
            eager,
        }
    }

    /// Notes that a batch came in.
    pub(crate) fn arrived(&mut self) {
        self.unanswered += 1;
    }

    /// Notes that `items` left the queue for good.
    #[inline]
    pub(crate) fn owe(&mut self, items: usize) {
        self.owed += items;
    }

    /// What to ask for now: the window at first, later what is owed once that is half a window.
    #[inline]
    pub(crate) fn due(&mut self) -> Option<Grant> {
        if !self.opened {
            self.opened = true;
            return self.ask(self.window, 0);
        }
        if self.eager {
            return self.all();
        }
        if self.owed < (self.window / 2).max(1) || self.unanswered == 0 {
            return None;
        }
        self.unanswered -= 1;
        self.all()
    }

    /// All that is owed, however little.
    pub(crate) fn all(&mut self) -> Option<Grant> {
        if !self.opened {
            return self.due();
        }
        let owed = std::mem::take(&mut self.owed);
        self.ask(owed, owed)
    }

    fn ask(&mut self, items: usize, freed: usize) -> Option<Grant> {
        let items = items.min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        self.remaining -= items as u64;
        (items > 0 || self.eager && freed > 0).then_some(Grant { items, freed })
    }
}

/// The producer's half: what may be sent.
#[derive(Debug, Default)]
pub(crate) struct Credit {
    available: usize,
    /// The window, once it was granted.
    first: usize,
}

impl Credit {
    pub(crate) fn grant(&mut self, items: usize) {
        self.available += items;
        if self.first == 0 {
            self.first = items;
        }
    }

    /// Whether the consumer has granted its window.
    pub(crate) fn is_granted(&self) -> bool {
        self.first > 0
    }

    #[inline]
    pub(crate) fn available(&self) -> usize {
        self.available
    }

    /// Uses credit for a batch; gives how many items are in flight now.
    pub(crate) fn spend(&mut self, items: usize) -> usize {
        self.available -= items;
        self.first.saturating_sub(self.available)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(grant: Option<Grant>) -> Option<usize> {
        grant.map(|grant| grant.items)
    }

    #[test]
    fn a_window_opens_once_and_refills_by_halves() {
        let mut grants = Grants::new(8, None, false);
        assert_eq!(items(grants.due()), Some(8));
        assert_eq!(items(grants.due()), None);
        grants.arrived();
        grants.owe(3);
        assert_eq!(items(grants.due()), None);
        grants.owe(1);
        assert_eq!(items(grants.due()), Some(4));
        grants.owe(1);
        assert_eq!(items(grants.all()), Some(1));
        assert_eq!(items(grants.all()), None);
    }

    #[test]
    fn one_batch_is_answered_once_however_slowly_it_is_consumed() {
        let mut grants = Grants::new(8, None, false);
        assert_eq!(items(grants.due()), Some(8));
        grants.arrived();
        grants.owe(4);
        assert_eq!(items(grants.due()), Some(4));
        grants.owe(4);
        assert_eq!(items(grants.due()), None);
        grants.arrived();
        assert_eq!(items(grants.due()), Some(4));
    }

    #[test]
    fn r2_7_window_one_refills_after_each_item() {
        let mut grants = Grants::new(1, None, false);
        assert_eq!(items(grants.due()), Some(1));
        grants.arrived();
        grants.owe(1);
        assert_eq!(items(grants.due()), Some(1));
    }

    #[test]
    fn a_limit_is_never_exceeded() {
        let mut grants = Grants::new(8, Some(10), false);
        assert_eq!(items(grants.due()), Some(8));
        grants.arrived();
        grants.owe(8);
        assert_eq!(items(grants.due()), Some(2));
        grants.owe(2);
        assert_eq!(items(grants.all()), None);
        assert_eq!(Grants::new(8, Some(0), false).due(), None);
    }

    proptest! {
        #[test]
        fn r2_1_in_flight_never_exceeds_the_window(
            window in 1usize..64,
            limit in proptest::option::of(0u64..200),
            eager: bool,
            steps in proptest::collection::vec((any::<bool>(), 0usize..40, any::<bool>()), 0..200),
        ) {
            let mut grants = Grants::new(window, limit, eager);
            let mut credit = Credit::default();
            let (mut sent, mut freed, mut granted, mut told) = (0usize, 0usize, 0u64, 0usize);
            for (produce, most, probe) in steps {
                if produce {
                    let items = most.min(credit.available());
                    let in_flight = credit.spend(items);
                    prop_assert!(in_flight <= window);
                    sent += items;
                    if items > 0 {
                        grants.arrived();
                    }
                } else {
                    let items = most.min(sent - freed);
                    grants.owe(items);
                    freed += items;
                }
                let ask = if probe { grants.all() } else { grants.due() };
                if let Some(grant) = ask {
                    credit.grant(grant.items);
                    granted += grant.items as u64;
                    told += grant.freed;
                }
                prop_assert!(told <= freed);
                prop_assert!(!probe || !eager || told == freed || granted == 0);
                prop_assert!(sent - freed + credit.available() <= window);
                prop_assert!(limit.is_none_or(|limit| granted <= limit));
            }
        }
    }
}
