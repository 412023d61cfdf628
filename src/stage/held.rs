//! A value that a loop over items uses: its own for as long as that runs.

/// A value taken out of where it lives, so that a loop over many items can keep it in registers: where it
/// lives, what the loop writes could overlay it for all that the compiler knows. Whatever ends the
/// loop, a panic too, gives back what is left of it.
pub(crate) struct Held<'a, A> {
    pub(crate) value: Option<A>,
    home: &'a mut Option<A>,
}

impl<'a, A> Held<'a, A> {
    #[inline]
    pub(crate) fn of(home: &'a mut Option<A>) -> Self {
        let value = home.take();
        Self { value, home }
    }
}

impl<A> Drop for Held<'_, A> {
    #[inline]
    fn drop(&mut self) {
        *self.home = self.value.take();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn what_is_left_is_given_back_after_a_panic_too() {
        let mut home = Some(1);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut held = Held::of(&mut home);
            held.value = held.value.map(|value| value + 1);
            panic!("in the middle");
        }));
        assert!(panicked.is_err());
        assert_eq!(home, Some(2));
        Held::of(&mut home).value = None;
        assert_eq!(home, None);
    }
}
