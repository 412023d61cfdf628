//! A sink that a test plays by hand.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::expect::{Look, Patience, Shared};
use super::played_sink::{Over, Played, Playing, State, WINDOW};
use crate::context::Cause;
use crate::edge::InPort;
use crate::flow::{Attrs, Blueprint, Kind, Source};

/// A `SinkProbe` is a sink that a test plays by hand: it asks for items, looks at them one by one, and
/// leaves.
///
/// [`Source::into_probe`] makes it. It asks for nothing by itself, so that a test sees what a stage
/// does with the demand that it has. Expectations wait for at most 5 seconds of the runtime's clock,
/// or what [`within`](Self::within) says; one that is not met fails the test with the place of the
/// call, what it waited for, and what it has seen.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing;
///
/// testing::system(|| async {
///     let (words, flow) = Source::from_iter(["one two", "three"])
///         .flat_map(|line| line.split(' '))
///         .into_probe();
///     let running = flow.run(&FlowContext::background()).expect("it starts");
///
///     words.expect_nothing().await;
///     words.request(2);
///     words.expect_next("one").await;
///     words.expect_next("two").await;
///     words.expect_nothing().await;
///     words.request(2);
///     words.expect_next("three").await;
///     words.expect_closed().await;
///     running.await.expect("it completes");
/// });
/// ```
#[must_use = "the flow waits for the probe"]
pub struct SinkProbe<T> {
    shared: Arc<Shared<State<T>>>,
    patience: Patience,
}

impl<T> fmt::Debug for SinkProbe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SinkProbe({})", self.shared.lock())
    }
}

impl<T: Send + 'static> SinkProbe<T> {
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

    /// Allows the stage before to send `items` more. Requests add up.
    pub fn request(&self, items: usize) {
        self.shared.order(|state| {
            state.asked = state.asked.saturating_add(items);
            state.requested = state.requested.saturating_add(items as u64);
        });
    }

    /// How many items were asked for so far.
    #[must_use]
    pub fn requested(&self) -> u64 {
        self.shared.lock().requested
    }

    /// How many items have come so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.shared.lock().received
    }

    /// Whether no item will come any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared.lock().over.is_some()
    }

    /// Takes no more items: what is above is cancelled. Once more does nothing.
    pub fn cancel(&self) {
        self.shared.order(|state| state.leaves = true);
    }

    /// Waits for the next item, and gives it.
    ///
    /// # Panics
    ///
    /// If none comes within the limit, or none can come any more.
    #[track_caller]
    pub fn next(&self) -> impl Future<Output = T> {
        let at = Location::caller();
        async move {
            let wanted = self.patience.wanted(format_args!("an item"), at);
            self.shared.expect(wanted, State::pop).await
        }
    }

    /// Waits for the next item; none where there is none any more.
    #[track_caller]
    pub(super) fn next_if_any(&self) -> impl Future<Output = Option<T>> {
        let at = Location::caller();
        async move {
            let wanted = self.patience.wanted(format_args!("an item or an end"), at);
            let look = |state: &mut State<T>| match state.items.pop_front() {
                None if state.over.is_none() => Look::NotYet,
                next => Look::Met(next),
            };
            self.shared.expect(wanted, look).await
        }
    }

    /// Asks for one item more, waits for the next, and gives it.
    ///
    /// # Panics
    ///
    /// If none comes within the limit, or none can come any more.
    #[track_caller]
    pub fn request_next(&self) -> impl Future<Output = T> {
        self.request(1);
        self.next()
    }

    /// Waits for the next item, which must be this.
    ///
    /// # Panics
    ///
    /// If it is another, none comes within the limit, or none can come any more.
    #[track_caller]
    pub fn expect_next(&self, item: T) -> impl Future<Output = ()>
    where
        T: PartialEq + fmt::Debug,
    {
        let at = Location::caller();
        async move {
            let what = format_args!("the item {item:?}");
            let look = |state: &mut State<T>| match state.pop() {
                Look::Met(found) if found != item => Look::Broken(format!("{found:?} came")),
                Look::Met(_) => Look::Met(()),
                Look::NotYet => Look::NotYet,
                Look::Broken(how) => Look::Broken(how),
            };
            self.shared
                .expect(self.patience.wanted(what, at), look)
                .await;
        }
    }

    /// Waits a while in which no item comes, nor an end.
    ///
    /// # Panics
    ///
    /// If one of both does, or an item had come that no expectation has looked at.
    #[track_caller]
    pub fn expect_nothing(&self) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let wanted = self.patience.wanted(format_args!("no item and no end"), at);
            let happened = |state: &State<T>| {
                (!state.items.is_empty() || state.over.is_some()).then(|| state.to_string())
            };
            self.shared.expect_quiet(wanted, happened).await;
        }
    }

    /// Waits for the end of the items: each was looked at, and no more come.
    ///
    /// # Panics
    ///
    /// If an item comes first, the end is another, or none comes within the limit.
    #[track_caller]
    pub fn expect_closed(&self) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let wanted = self
                .patience
                .wanted(format_args!("the end of the items"), at);
            let look = |state: &mut State<T>| match state.end() {
                Some(Ok(Over::Closed)) => Look::Met(()),
                Some(_) => Look::Broken(state.to_string()),
                None => Look::NotYet,
            };
            self.shared.expect(wanted, look).await;
        }
    }

    /// Waits for the end by a failure, or by anything else that is not the end of the items; gives
    /// its cause.
    ///
    /// A failure that nothing isolates ends the whole flow: then it comes before items that were
    /// asked for.
    ///
    /// # Panics
    ///
    /// If an item comes first, the items come to their end, or nothing happens within the limit.
    #[track_caller]
    pub fn expect_failed(&self) -> impl Future<Output = Cause> {
        let at = Location::caller();
        async move {
            let wanted = self
                .patience
                .wanted(format_args!("a failure or a cancel"), at);
            let look = |state: &mut State<T>| match state.end() {
                Some(Ok(Over::Failed(cause) | Over::Ended(cause))) => Look::Met(cause),
                Some(_) => Look::Broken(state.to_string()),
                None => Look::NotYet,
            };
            self.shared.expect(wanted, look).await
        }
    }
}

impl<T: Send + 'static> Source<T> {
    /// Ends the blueprint with a sink that a test plays by hand, and gives the probe to play it with.
    ///
    /// The probe asks for items by [`request`](SinkProbe::request) alone; a window of the blueprint
    /// means nothing to it.
    ///
    /// # Examples
    ///
    /// A stage between two probes:
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use actix_flow::testing;
    ///
    /// testing::system(|| async {
    ///     let (numbers, source) = Source::<u64>::probe();
    ///     let (squares, flow) = source.map(|n| n * n).into_probe();
    ///     let running = flow.run(&FlowContext::background()).expect("it starts");
    ///
    ///     squares.request(1);
    ///     numbers.send_next(3).await;
    ///     numbers.send_next(4).await;
    ///     squares.expect_next(9).await;
    ///     squares.expect_nothing().await;
    ///     squares.cancel();
    ///     numbers.expect_cancelled().await;
    ///     let finished = running.wait().await.expect("it completes");
    ///     finished.report.check().expect("the sums hold");
    /// });
    /// ```
    pub fn into_probe(self) -> (SinkProbe<T>, Blueprint<()>) {
        let shared = Arc::new(Shared::new(State {
            items: VecDeque::new(),
            asked: 0,
            requested: 0,
            received: 0,
            leaves: false,
            over: None,
        }));
        let played = Played(Arc::clone(&shared));
        let mut attrs = Attrs::of("into_probe", Kind::Stage);
        attrs.window = Some(WINDOW);
        let blueprint = self.seal(attrs, move |up, _, outcome| {
            // There is nothing to fold: the value is that the sink has run.
            outcome.set(());
            // It asks for nothing by itself.
            let input = InPort::limited(up, Some(0));
            Playing {
                played,
                input,
                granted: 0,
            }
        });
        let patience = Patience::default();
        (SinkProbe { shared, patience }, blueprint)
    }
}
