//! Failures of those that one supervisor watches which are answered, and when.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::time::Instant;

use super::{Directive, History, Supervision};
use crate::context::{Cause, discard_payload, panic_text};

/// What is known of the failures of those that one supervisor watches, and what is due.
#[derive(Debug, Default)]
pub(crate) struct Recoveries {
    histories: HashMap<u64, History>,
    /// One that is suspended has one directive at most.
    due: BTreeMap<(Instant, u64), Directive>,
}

impl Recoveries {
    /// Asks the policy of one that failed; says whether it will go on.
    ///
    /// `endless` is said of one that a resume brings no further.
    pub(crate) fn admit(
        &mut self,
        key: u64,
        name: &str,
        supervision: &Supervision,
        endless: bool,
        cause: &Cause,
        now: Instant,
    ) -> bool {
        let policy = &supervision.policy;
        let asked = catch_unwind(AssertUnwindSafe(|| policy.directive(cause)));
        let directive = asked.unwrap_or_else(|panic| {
            let text = panic_text(&*panic);
            log::error!("the policy of `{name}` panicked: {text}");
            discard_payload(panic);
            Directive::Stop
        });
        if !supervision.can(directive) {
            log::error!(
                "the policy of `{name}` says {directive:?}, which needs {}",
                match directive {
                    Directive::Restart => "a factory: use a verb that has one",
                    Directive::Retry => "copies of its items",
                    _ => "a stage",
                }
            );
            return false;
        }
        let history = self.histories.entry(key).or_default();
        let endless = endless && directive == Directive::Resume;
        let delay = policy.delay(history, directive, endless, now, fastrand::f64());
        let Some(due) = delay.and_then(|delay| now.checked_add(delay)) else {
            return false;
        };
        self.due.insert((due, key), directive);
        true
    }

    /// When the next one goes on.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((due, _), _)| *due)
    }

    /// One whose time has come.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<(u64, Directive)> {
        let first = self.due.first_entry()?;
        let (due, key) = *first.key();
        (due <= now).then(|| (key, first.remove()))
    }

    /// Forgets one that will not go on.
    pub(crate) fn forget(&mut self, key: u64) {
        self.histories.remove(&key);
        self.due.retain(|(_, other), _| *other != key);
    }

    /// Forgets all failures so far.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
