//! What must be gone at the end of a test, and what must not have happened in it.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, Once};
use std::time::Duration;

use super::limit::within;
use crate::context::{Entered, TestScope, panic_text};

/// How long what ends may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The same by the clock of the world: one that is paused stands still while a flow runs on.
const REAL_LIMIT: Duration = Duration::from_secs(2);

/// A `LeakCheck` fails a test that leaves an actor of a flow, a context or a tracked item alive, or in
/// which something panicked.
///
/// It counts what is made by its thread from its making to its end, and by the stages of flows that
/// were run from there, on whatever arbiter these live: the actors of flows (stages and supervisors),
/// [`FlowContext`](crate::FlowContext)s, and what a [`Census`](super::Census) tracks. Make it first, so
/// that the test's variables are dropped before it. [`system`](super::system) has one of its own.
///
/// A panic counts wherever it is caught: of a stage, of a plain actix actor, which actix lets die in
/// silence, of a future that was spawned. [`expecting_panics`](Self::expecting_panics) is for tests
/// of such failures.
///
/// # Limits
///
/// A plain actix actor, or a future, on another arbiter is not seen, nor is its panic; one that
/// panics in a closure of [`map_blocking`](crate::Source::map_blocking) is a failure of its stage
/// only. Plain actors are not counted: give them a [`Tracked`](super::Tracked) value to see them go.
/// Panics are seen by a hook: one that is set later, and does not call the hook that it replaced, hides
/// them.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing::LeakCheck;
///
/// #[actix_rt::test]
/// # async fn not_run() {}
/// # fn main() { actix_rt::System::new().block_on(a_dropped_flow_goes()); }
/// async fn a_dropped_flow_goes() {
///     let check = LeakCheck::new();
///     let flow = Source::repeat_with(|| 1u64).drain();
///     drop(flow.run(&FlowContext::background()).expect("it starts"));
///     check.assert_clean().await;
/// }
/// ```
///
/// # Panics
///
/// Its drop fails the test as [`assert_clean`](Self::assert_clean) does, without waiting.
#[must_use = "its drop is the check"]
#[derive(Debug)]
pub struct LeakCheck {
    scope: Arc<TestScope>,
    entered: Option<Entered>,
    panics_expected: bool,
    /// It is of its thread.
    thread: PhantomData<*const ()>,
}

impl LeakCheck {
    /// Counts from now on.
    pub fn new() -> Self {
        watch_panics();
        let scope = Arc::<TestScope>::default();
        Self {
            entered: Some(scope.enter()),
            scope,
            panics_expected: false,
            thread: PhantomData,
        }
    }

    /// Lets panics pass: the test is about them.
    pub fn expecting_panics(mut self) -> Self {
        self.panics_expected = true;
        self
    }

    /// The panics that it has seen so far, each with its place.
    #[must_use]
    pub fn panics(&self) -> Vec<String> {
        self.scope.panics()
    }

    /// Waits until all is gone, and fails the test if something stays for 10 seconds, or if
    /// something has panicked.
    ///
    /// # Panics
    ///
    /// If so.
    #[track_caller]
    pub fn assert_clean(self) -> impl Future<Output = ()> {
        self.clean(Location::caller())
    }

    pub(super) async fn clean(mut self, at: &'static Location<'static>) {
        let _ = within(LIMIT, REAL_LIMIT, self.scope.all_gone()).await;
        self.entered = None;
        if let Some(found) = self.found() {
            panic!("{at}: {found}");
        }
    }

    fn found(&self) -> Option<String> {
        let panics = self.scope.panics();
        if !panics.is_empty() && !self.panics_expected {
            return Some(format!("the test saw panics:\n  {}", panics.join("\n  ")));
        }
        let survivors = self.scope.survivors()?;
        Some(format!("the test has left alive:{survivors}"))
    }
}

impl Default for LeakCheck {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LeakCheck {
    fn drop(&mut self) {
        let asserted = self.entered.take().is_none();
        if !asserted
            && !std::thread::panicking()
            && let Some(found) = self.found()
        {
            panic!("{found}");
        }
    }
}

/// Has the panics of threads in a scope be noted there, before they are told as usual.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if let Some(scope) = TestScope::current() {
                let text = panic_text(info.payload());
                scope.note_panic(match info.location() {
                    Some(place) => format!("{place}: {text}"),
                    None => text.to_owned(),
                });
            }
            usual(info);
        }));
    });
}
