//! What was said of the items of one edge: how they are copied, weighed and buried.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use actix::{Message, Recipient};

use crate::context::{Cause, discard_payload, panic_text};

/// A `DeadLetter` is an item that a stage was sent and did not pass on, or what is known of it.
///
/// [`Source::dead_letters`](crate::Source::dead_letters) sends them to an actor.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadLetter<T> {
    /// The stage that was to get it, or got it and failed.
    pub stage: Arc<str>,
    /// The item; of one that failed only where copies are kept, as
    /// [`retried`](crate::Source::retried) does.
    pub item: Option<T>,
    /// How the stage failed at it; none where it was discarded.
    pub cause: Option<Cause>,
}

impl<T: Send + 'static> Message for DeadLetter<T> {
    type Result = ();
}

type Hook<T> = Arc<dyn Fn(&T) + Send + Sync>;
type Weigh<T> = Arc<dyn Fn(&T) -> usize + Send + Sync>;

/// What was said of the items of one edge.
pub(crate) struct Terms<T: Send + 'static> {
    pub(crate) copy: Option<fn(&T) -> T>,
    hook: Option<Hook<T>>,
    letters: Option<Recipient<DeadLetter<T>>>,
    /// How items are weighed, and the most that those in flight may weigh.
    pub(super) weight: Option<(Weigh<T>, usize)>,
}

impl<T: Send + 'static> Default for Terms<T> {
    fn default() -> Self {
        Self {
            copy: None,
            hook: None,
            letters: None,
            weight: None,
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Terms<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terms")
            .field("copies", &self.copy.is_some())
            .field("buries", &self.buries())
            .field("most", &self.weight.as_ref().map(|(_, most)| most))
            .finish()
    }
}

impl<T: Send + 'static> Terms<T> {
    pub(crate) fn weigh(&mut self, weigh: Weigh<T>, most: usize) {
        self.weight = Some((weigh, most));
    }

    /// Shows discarded items to a closure.
    pub(crate) fn on_discard(&mut self, hook: Hook<T>) {
        self.hook = Some(hook);
    }

    /// Sends items that were discarded, or at which a stage failed, to an actor.
    pub(crate) fn letters_to(&mut self, recipient: Recipient<DeadLetter<T>>) {
        self.letters = Some(recipient);
    }

    /// What holds of the edges between a split and its workers too.
    pub(crate) fn inner(&self) -> Self {
        Self {
            copy: self.copy,
            hook: self.hook.clone(),
            letters: self.letters.clone(),
            weight: None,
        }
    }

    pub(super) fn buries(&self) -> bool {
        self.hook.is_some() || self.letters.is_some()
    }

    /// Gives an item up that was discarded, or at which a stage failed. Code of a user runs here.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is sent was in memory before, within a window"
    )]
    pub(super) fn bury(&self, stage: &Arc<str>, item: Option<T>, cause: Option<&Cause>) {
        let bury = || {
            if let (Some(hook), Some(item), None) = (&self.hook, &item, cause) {
                hook(item);
            }
            match &self.letters {
                Some(letters) => letters.do_send(DeadLetter {
                    stage: Arc::clone(stage),
                    item,
                    cause: cause.cloned(),
                }),
                None => drop(item),
            }
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(bury)) {
            let text = panic_text(&*panic);
            log::error!("giving up an item of stage `{stage}` panicked: {text}");
            discard_payload(panic);
        }
    }
}
