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

/// Drops items one by one, each caught, so that one bad drop neither loses the count nor aborts.
pub(crate) fn drop_each<T>(items: &mut Vec<T>) -> u64 {
    let mut dropped = 0;
    while let Some(item) = items.pop() {
        dropped += 1;
        drop_caught(item);
    }
    dropped
}
