//! Verbs that pass only the first items, or all but the first.

use super::Source;
use super::graph::{Attrs, Kind};
use super::logic::{Step, Until};

impl<T: Send + 'static> Source<T> {
    /// Passes all but the first `items`.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let rest: Vec<u64> = Source::from_iter(1..=5u64)
    ///     .skip(3)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(rest, [4, 5]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn skip(self, items: u64) -> Self {
        let mut left = items;
        self.each("skip", move |item| {
            let skipped = left > 0;
            left -= u64::from(skipped);
            Ok(Some(item).filter(|_| !skipped).into_iter())
        })
    }

    /// Passes all from the first item on for which `skip` is false.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let rest: Vec<u64> = Source::from_iter([1, 2, 9, 1])
    ///     .skip_while(|n| *n < 5)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(rest, [9, 1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn skip_while(self, mut skip: impl FnMut(&T) -> bool + Send + 'static) -> Self {
        let mut skipping = true;
        self.each("skip_while", move |item| {
            skipping = skipping && skip(&item);
            Ok(Some(item).filter(|_| !skipping).into_iter())
        })
    }

    fn until<U: Send + 'static>(
        self,
        verb: &'static str,
        limit: Option<u64>,
        f: impl FnMut(T) -> Step<U> + Send + 'static,
    ) -> Source<U> {
        let done = limit == Some(0);
        let attrs = Attrs::of(verb, Kind::Stage);
        self.logic(attrs, limit, move |_| Until::new(done, f))
    }

    /// Passes the first `items`, then cancels what is upstream; it never asks for more than these.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let three: Vec<u64> = Source::unfold(0u64, |n| { *n += 1; Some(*n) })
    ///     .take(3)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(three, [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn take(self, items: u64) -> Self {
        let mut left = items;
        self.until("take", Some(items), move |item| {
            left = left.saturating_sub(1);
            if left == 0 {
                Step::Last(Some(item))
            } else {
                Step::More(Some(item))
            }
        })
    }

    /// Passes items up to the first for which `keep` is false, then cancels what is upstream.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let small: Vec<u64> = Source::from_iter([1, 2, 9, 1])
    ///     .take_while(|n| *n < 5)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(small, [1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    ///
    /// What has been sent behind that item is discarded and counted: up to a window.
    pub fn take_while(self, mut keep: impl FnMut(&T) -> bool + Send + 'static) -> Self {
        self.until("take_while", None, move |item| {
            if keep(&item) {
                Step::More(Some(item))
            } else {
                Step::Last(None)
            }
        })
    }
}
