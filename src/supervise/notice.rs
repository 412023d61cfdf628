//! Whether anybody sees how a flow ended: a failure that nobody sees must not be silent.

use std::sync::atomic::{AtomicU8, Ordering};

const OVER: u8 = 1;
const UNWATCHED: u8 = 2;
const OBSERVED: u8 = 4;

/// Who has looked at the outcome of a flow, and who will.
#[derive(Debug, Default)]
pub(super) struct Notice(AtomicU8);

impl Notice {
    /// Sets a mark; says whether it is the second of the two that make an outcome unseen.
    fn set(&self, mark: u8) -> bool {
        // AcqRel: of a conclusion and a drop at once exactly one sees both marks.
        let before = self.0.fetch_or(mark, Ordering::AcqRel);
        before & mark == 0 && before & OBSERVED == 0 && (before | mark) == (OVER | UNWATCHED)
    }

    /// The flow is over; says whether nobody will see how.
    pub(super) fn conclude(&self) -> bool {
        self.set(OVER)
    }

    /// Nobody waits for the flow any more; says whether it is over and was not seen.
    pub(super) fn unwatch(&self) -> bool {
        self.set(UNWATCHED)
    }

    pub(super) fn observe(&self) {
        self.set(OBSERVED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_unseen_once_whichever_comes_first() {
        let notice = Notice::default();
        assert!(!notice.conclude());
        assert!(notice.unwatch());
        assert!(!notice.unwatch());
        let notice = Notice::default();
        assert!(!notice.unwatch());
        assert!(notice.conclude());
        assert!(!notice.conclude());
    }

    #[test]
    fn an_outcome_that_was_seen_is_not_unseen() {
        let notice = Notice::default();
        notice.conclude();
        notice.observe();
        assert!(!notice.unwatch());
    }
}
