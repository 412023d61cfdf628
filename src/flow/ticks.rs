//! A source that goes by the clock.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::Source;
use crate::context::BoxError;
use crate::stage::Supply;

/// The numbers of the periods that have passed.
struct Ticks {
    period: Duration,
    start: Instant,
    next: u64,
    timer: Pin<Box<Sleep>>,
}

impl Ticks {
    fn due(&self, tick: u64) -> Option<Instant> {
        let nanos = self.period.as_nanos().checked_mul(u128::from(tick))?;
        self.start
            .checked_add(Duration::from_nanos(u64::try_from(nanos).ok()?))
    }
}

impl Supply for Ticks {
    type Item = u64;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<u64, BoxError>>> {
        ready!(self.timer.as_mut().poll(cx));
        let passed = self.start.elapsed().as_nanos() / self.period.as_nanos();
        let tick = u64::try_from(passed).unwrap_or(u64::MAX).max(self.next);
        self.next = tick.saturating_add(1);
        if let Some(due) = self.due(self.next) {
            self.timer.as_mut().reset(due);
        }
        Poll::Ready(Some(Ok(tick)))
    }
}

impl Source<u64> {
    /// The numbers of the periods as they begin: 0 at once, 1 after one period, and so on.
    ///
    /// A tick that nobody asked for in time is missed, and leaves a gap in the numbers. The clock
    /// is that of tokio, which a test can pause. The idea is Go's `time.Tick`; there the tick is
    /// the time, here the number.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let ticks: Vec<u64> = Source::ticks(Duration::from_millis(1))
    ///     .take(3)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(ticks.len(), 3);
    /// assert!(ticks.is_sorted());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `period` is zero.
    pub fn ticks(period: Duration) -> Self {
        let mut source = Self::supplied("ticks", move || {
            let start = Instant::now();
            Ticks {
                period,
                start,
                next: 0,
                timer: Box::pin(tokio::time::sleep_until(start)),
            }
        });
        source.attrs.zero = period.is_zero().then_some("period");
        source
    }
}
