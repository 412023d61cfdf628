//! Failures of the stages of one flow that are answered, and when.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::time::Instant;

use super::{Directive, History, StageState};
use crate::context::{Cause, discard_payload, panic_text};

/// What is known of the failures of a flow's stages, and what is due.
#[derive(Debug, Default)]
pub(super) struct Recoveries {
    histories: HashMap<u32, History>,
    /// A suspended stage has one directive at most.
    due: BTreeMap<(Instant, u32), Directive>,
}

impl Recoveries {
    /// Asks the policy of a stage about a failure; says whether the stage will go on.
    pub(super) fn admit(&mut self, stage: &StageState, cause: &Cause, now: Instant) -> bool {
        let Some(supervision) = &stage.supervision else {
            return false;
        };
        let policy = &supervision.policy;
        let asked = catch_unwind(AssertUnwindSafe(|| policy.directive(cause)));
        let directive = asked.unwrap_or_else(|panic| {
            let text = panic_text(&*panic);
            log::error!("the policy of stage `{}` panicked: {text}", stage.name);
            discard_payload(panic);
            Directive::Stop
        });
        if !supervision.can(directive) {
            log::error!(
                "the policy of stage `{}` says {directive:?}, which needs {}",
                stage.name,
                match directive {
                    Directive::Restart => "a factory: use a verb that has one",
                    _ => "copies: use `retried`",
                }
            );
            return false;
        }
        let history = self.histories.entry(stage.index).or_default();
        let endless = stage.source && directive == Directive::Resume;
        let delay = policy.delay(history, directive, endless, now, fastrand::f64());
        let Some(due) = delay.and_then(|delay| now.checked_add(delay)) else {
            return false;
        };
        stage.counters.add_recovered();
        self.due.insert((due, stage.index), directive);
        true
    }

    /// When the next stage goes on.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((due, _), _)| *due)
    }

    /// A stage whose time has come.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(u32, Directive)> {
        let first = self.due.first_entry()?;
        let (due, stage) = *first.key();
        (due <= now).then(|| (stage, first.remove()))
    }
}
