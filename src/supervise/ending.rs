//! The ladder of endings, as data: close < quit < cancel < abort, raised and never lowered.

use std::time::Duration;

use crate::context::{Cause, FlowContext};

/// How far an ending has risen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Level {
    #[default]
    Running,
    Close,
    Quit,
    Cancel,
    Abort,
}

impl Level {
    pub(crate) fn from_mark(mark: u8) -> Self {
        match mark {
            0 => Self::Running,
            1 => Self::Close,
            2 => Self::Quit,
            3 => Self::Cancel,
            _ => Self::Abort,
        }
    }

    /// The cause of an ending that rises to here. A cancel marks the context first, so that all who
    /// work under it see it when this returns; the context decides which of several causes came
    /// first.
    pub(crate) fn mark(self, context: &FlowContext, cause: Cause) -> Cause {
        if self < Self::Cancel {
            return cause;
        }
        let cause = cause.into_cancel();
        let first = context.end(cause.clone());
        match context.cause() {
            Some(earlier) if !first && self == Self::Cancel => earlier.into_cancel(),
            _ => cause,
        }
    }

    /// What follows when an ending took too long; nothing is above an abort.
    pub(crate) fn next(self) -> Option<Self> {
        match self {
            Self::Running | Self::Abort => None,
            Self::Close | Self::Quit => Some(Self::Cancel),
            Self::Cancel => Some(Self::Abort),
        }
    }
}

/// How long each ending may take before the next follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) grace: Duration,
    pub(crate) drain: Option<Duration>,
}

impl Patience {
    /// An aborted task is dropped as soon as its thread is free, but not before: even a flow
    /// without grace gives the other threads this long.
    const LEAST: Duration = Duration::from_millis(200);

    pub(crate) fn of(&self, level: Level) -> Option<Duration> {
        match level {
            Level::Running => None,
            Level::Close => self.drain,
            Level::Quit | Level::Cancel => Some(self.grace),
            Level::Abort => Some(self.grace.max(Self::LEAST)),
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(5),
            drain: None,
        }
    }
}

/// The ending of a flow or a stage: the highest level asked for, with its first cause.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending {
    level: Level,
    /// Boxed, as most stages have none: each has an ending in it.
    cause: Option<Box<Cause>>,
}

impl Ending {
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// Raises the ending; an equal or lower one changes nothing.
    pub(crate) fn raise(&mut self, level: Level, cause: Cause) -> bool {
        let rises = level > self.level;
        if rises {
            self.level = level;
            self.cause = Some(Box::new(cause));
        }
        rises
    }

    /// Why it ended, or [`Cause::Completed`] where nobody asked for an end.
    pub(crate) fn cause(&self) -> Cause {
        self.cause.as_deref().cloned().unwrap_or(Cause::Completed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r5_5_endings_only_rise_and_the_first_cause_of_the_highest_stays() {
        let mut ending = Ending::default();
        assert!(matches!(ending.cause(), Cause::Completed));
        assert!(ending.raise(Level::Quit, Cause::Quit));
        assert!(!ending.raise(Level::Close, Cause::Closed));
        assert!(!ending.raise(Level::Quit, "late".into()));
        assert!(matches!(ending.cause(), Cause::Quit));
        assert!(ending.raise(Level::Cancel, "first".into()));
        assert!(!ending.raise(Level::Cancel, "second".into()));
        assert_eq!(ending.cause().to_string(), "cancelled: first");
        assert!(ending.raise(Level::Abort, Cause::GraceExpired));
        assert_eq!(ending.level(), Level::Abort);
    }

    #[test]
    fn r5_5_a_late_ending_rises_to_the_next() {
        assert_eq!(Level::Running.next(), None);
        assert_eq!(Level::Close.next(), Some(Level::Cancel));
        assert_eq!(Level::Quit.next(), Some(Level::Cancel));
        assert_eq!(Level::Cancel.next(), Some(Level::Abort));
        assert_eq!(Level::Abort.next(), None);
    }

    #[test]
    fn close_waits_without_limit_unless_it_is_given_one() {
        let mut patience = Patience::default();
        assert_eq!(patience.of(Level::Close), None);
        patience.drain = Some(Duration::from_secs(1));
        assert_eq!(patience.of(Level::Close), Some(Duration::from_secs(1)));
        assert_eq!(patience.of(Level::Cancel), Some(Duration::from_secs(5)));
    }
}
