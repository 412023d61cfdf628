//! A source that a test plays by hand.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::expect::{Look, Patience, Shared};
use super::played_source::{Over, Played, Playing, State, Step};
use crate::context::{BoxError, Cause};
use crate::flow::Source;

/// A `SourceProbe` is a source that a test plays by hand: it sees what was asked for, sends items and
/// ends.
///
/// [`Source::probe`] makes it, together with the source to put the stages behind that are tested.
/// Expectations wait for at most 5 seconds of the runtime's clock, or what [`within`](Self::within)
/// says; one that is not met fails the test with the place of the call, what it waited for, and what
/// it has seen.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing::{self, SourceProbe};
///
/// testing::system(|| async {
///     let (numbers, source) = Source::<u64>::probe();
///     let flow = source.filter(|n| n % 2 == 1).window(4).count();
///     let running = flow.run(&FlowContext::background()).expect("it starts");
///
///     numbers.expect_requested(4).await;
///     numbers.send_next(1).await;
///     numbers.send_next(2).await;
///     // Two of four are used up: the next request is for these.
///     numbers.expect_requested(6).await;
///     numbers.complete();
///     assert_eq!(running.await.expect("it completes"), 1);
/// });
/// ```
#[must_use = "the source waits for the probe"]
pub struct SourceProbe<T> {
    shared: Arc<Shared<State<T>>>,
    patience: Patience,
}

impl<T> fmt::Debug for SourceProbe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceProbe({})", self.shared.lock())
    }
}

impl<T: Send + 'static> SourceProbe<T> {
    /// Sets how long an expectation waits; 5 seconds where this is not said.
    ///
    /// On a clock that is paused this costs no time.
    pub fn within(mut self, limit: Duration) -> Self {
        self.patience.limit = limit;
        self
    }

    /// Sets how long nothing must happen where nothing is expected; 50 milliseconds where this is not
    /// said.
    pub fn quiet_for(mut self, quiet: Duration) -> Self {
        self.patience.quiet = quiet;
        self
    }

    /// How many items were asked for so far.
    #[must_use]
    pub fn requested(&self) -> u64 {
        self.shared.lock().requested
    }

    /// How many items were sent so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.shared.lock().sent
    }

    /// How many of the items asked for were not sent yet.
    #[must_use]
    pub fn room(&self) -> u64 {
        let state = self.shared.lock();
        state.requested - state.sent
    }

    /// Whether the source is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared.lock().over.is_some()
    }

    /// Waits until the source was asked for `total` items, since it started, and no more.
    ///
    /// # Panics
    ///
    /// If that does not come about within the limit.
    #[track_caller]
    pub fn expect_requested(&self, total: u64) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let what = format_args!("{total} items to be requested in all");
            let wanted = self.patience.wanted(what, at);
            let look = |state: &mut State<T>| {
                if state.requested > total {
                    return Look::Broken(format!("more were: {state}"));
                }
                state.met(state.requested == total)
            };
            self.shared.expect(wanted, look).await;
        }
    }

    /// Waits until more was asked for than at the last such expectation; gives how much more.
    ///
    /// # Panics
    ///
    /// If nothing is asked for within the limit.
    #[track_caller]
    pub fn expect_request(&self) -> impl Future<Output = u64> {
        let at = Location::caller();
        async move {
            let wanted = self.patience.wanted(format_args!("a request"), at);
            let look = |state: &mut State<T>| match state.requested - state.seen {
                0 => state.not_yet(),
                more => {
                    state.seen = state.requested;
                    Look::Met(more)
                }
            };
            self.shared.expect(wanted, look).await
        }
    }

    /// Sends an item, once it was asked for.
    ///
    /// # Panics
    ///
    /// If it is not asked for within the limit, or the source is over.
    #[track_caller]
    pub fn send_next(&self, item: T) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let number = self.push(item);
            let what = format_args!("item {number} to be taken");
            let wanted = self.patience.wanted(what, at);
            let look = |state: &mut State<T>| state.met(state.sent >= number);
            self.shared.expect(wanted, look).await;
        }
    }

    /// Sends an item once it is asked for; says whether it was before the source was over.
    pub(super) async fn offer(&self, item: T, at: &'static Location<'static>) -> bool {
        let number = self.push(item);
        let what = format_args!("item {number} to be taken");
        let look = |state: &mut State<T>| match state.sent >= number {
            true => Look::Met(true),
            false if state.over.is_some() => Look::Met(false),
            false => Look::NotYet,
        };
        self.shared
            .expect(self.patience.wanted(what, at), look)
            .await
    }

    fn push(&self, item: T) -> u64 {
        self.shared.order(|state| {
            state.steps.push_back(Step::Send(item));
            let waiting = state.steps.iter();
            let waiting = waiting.filter(|step| matches!(step, Step::Send(_)));
            state.sent + waiting.count() as u64
        })
    }

    /// Ends the source behind what was sent: there are no more items.
    pub fn complete(&self) {
        self.shared
            .order(|state| state.steps.push_back(Step::Complete));
    }

    /// Fails the source behind what was sent.
    pub fn fail(&self, error: impl Into<BoxError>) {
        let step = Step::Fail(error.into());
        self.shared.order(|state| state.steps.push_back(step));
    }

    /// Waits until the source was told to end, by its reader or by its flow; gives the cause.
    ///
    /// # Panics
    ///
    /// If it is not told within the limit, or has ended itself.
    #[track_caller]
    pub fn expect_cancelled(&self) -> impl Future<Output = Cause> {
        let at = Location::caller();
        async move {
            let wanted = self
                .patience
                .wanted(format_args!("the source to be cancelled"), at);
            let look = |state: &mut State<T>| match &state.over {
                None => Look::NotYet,
                Some(Over::Cancelled(cause)) => Look::Met(cause.clone()),
                Some(over) => Look::Broken(over.to_string()),
            };
            self.shared.expect(wanted, look).await
        }
    }

    /// Waits a while in which nothing more is asked for, and the source does not end.
    ///
    /// # Panics
    ///
    /// If one of both happens.
    #[track_caller]
    pub fn expect_nothing(&self) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let wanted = self
                .patience
                .wanted(format_args!("no request and no end"), at);
            let before = self.requested();
            let happened = |state: &State<T>| {
                (state.requested != before || state.over.is_some()).then(|| state.to_string())
            };
            self.shared.expect_quiet(wanted, happened).await;
        }
    }
}

impl<T: Send + 'static> Source<T> {
    /// A source that a test plays by hand, and the probe to play it with.
    ///
    /// # Examples
    ///
    /// A stage that fails, seen from the source:
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use actix_flow::testing;
    ///
    /// testing::system(|| async {
    ///     let (lines, source) = Source::<&str>::probe();
    ///     let flow = source.try_map(str::parse::<u64>).named("parse").count();
    ///     let running = flow.run(&FlowContext::background()).expect("it starts");
    ///
    ///     lines.send_next("x").await;
    ///     let cause = lines.expect_cancelled().await;
    ///     assert!(matches!(cause, Cause::Failed { .. }));
    ///     let error = running.await.expect_err("it was sent a word");
    ///     assert_eq!(error.stage(), Some("parse"));
    /// });
    /// ```
    pub fn probe() -> (SourceProbe<T>, Self) {
        let shared = Arc::new(Shared::new(State {
            steps: VecDeque::new(),
            requested: 0,
            sent: 0,
            seen: 0,
            over: None,
        }));
        let played = Played(Arc::clone(&shared));
        let source = Self::generate_with("probe", move |seat| Playing {
            played,
            out: seat.out,
        });
        let patience = Patience::default();
        (SourceProbe { shared, patience }, source)
    }
}
