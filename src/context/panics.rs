//! What is left of a panic, and drops that do not let one out: a value of the user's can panic
//! when it is dropped, and so can the payload of its panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of a panic, as far as it is text.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

/// Drops the payload of a panic.
pub(crate) fn discard_payload(panic: Box<dyn Any + Send>) {
    let mut payload = Some(panic);
    while let Some(panic) = payload.take() {
        payload = catch_unwind(AssertUnwindSafe(|| drop(panic))).err();
    }
}

/// Drops what a stage had in its hands.
pub(crate) fn drop_caught<T>(value: T) {
    drop_caught_by(|| drop(value));
}

/// As [`drop_caught`], for what is dropped where it is.
pub(crate) fn drop_caught_by(drop: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(drop)) {
        let text = panic_text(&*panic);
        log::error!("dropping a discarded item panicked: {text}");
        discard_payload(panic);
    }
}

/// Drops items one by one, the first of them first, each caught, so that one bad drop neither loses the count
/// nor aborts.
pub(crate) fn drop_each<T>(items: &mut Vec<T>) -> u64 {
    let mut dropped = 0;
    for item in items.drain(..) {
        dropped += 1;
        drop_caught(item);
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// Notes its drop, and panics in it if it is even.
    struct Noting(u32, Rc<RefCell<Vec<u32>>>);

    impl Drop for Noting {
        fn drop(&mut self) {
            self.1.borrow_mut().push(self.0);
            assert!(self.0 % 2 == 1, "an even one");
        }
    }

    #[test]
    fn each_item_is_dropped_and_counted_in_order_though_drops_panic() {
        let dropped = Rc::default();
        let mut items: Vec<_> = (1..=5).map(|n| Noting(n, Rc::clone(&dropped))).collect();
        assert_eq!(drop_each(&mut items), 5);
        assert_eq!(*dropped.borrow(), [1, 2, 3, 4, 5]);
    }
}
