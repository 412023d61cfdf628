//! What the cases found.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::time::Duration;

use super::super::TestSystem;
use super::options::Options;
use crate::context::panic_text;

/// The longest that a case may take by the clock of the world, which a paused one never is by its own
/// where something runs for ever.
const LIMIT: Duration = Duration::from_secs(40);

/// Why a case says nothing of a part.
pub(super) struct LeftOut(pub(super) &'static str);

pub(super) type Found<'a> = Pin<Box<dyn Future<Output = Result<(), LeftOut>> + 'a>>;

/// A case: what it checks of a `P`.
pub(super) type Case<P> = (&'static str, for<'a> fn(&'a P) -> Found<'a>);

/// What a case found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The rule is kept.
    Passed,
    /// It is not, as the text says.
    Failed(String),
    /// The case says nothing of this part, for the reason given.
    LeftOut(String),
}

/// A `Verdict` says what each case of a conformance check found.
///
/// It prints as a table of the cases that did not pass.
#[derive(Clone, Debug)]
#[must_use = "it says what failed"]
pub struct Verdict {
    part: String,
    findings: Vec<(&'static str, Finding)>,
}

impl Verdict {
    /// Each case and what it found, in the order in which they were run.
    #[must_use]
    pub fn findings(&self) -> &[(&'static str, Finding)] {
        &self.findings
    }

    /// What a case found; none if there is no such case.
    #[must_use]
    pub fn finding(&self, case: &str) -> Option<&Finding> {
        let mut findings = self.findings.iter();
        findings
            .find(|(name, _)| *name == case)
            .map(|(_, found)| found)
    }

    /// The names of the cases that failed.
    #[must_use]
    pub fn failed(&self) -> Vec<&'static str> {
        let failed = self.findings.iter();
        let failed = failed.filter(|(_, finding)| matches!(finding, Finding::Failed(_)));
        failed.map(|(name, _)| *name).collect()
    }

    /// Fails the test if a case failed, with all that failed.
    ///
    /// # Panics
    ///
    /// If so.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.failed().is_empty(), "{self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = self.findings.iter();
        let passed = passed.filter(|(_, finding)| *finding == Finding::Passed);
        let (passed, all) = (passed.count(), self.findings.len());
        write!(f, "`{}`: {passed} of {all} cases passed", self.part)?;
        for (name, finding) in &self.findings {
            match finding {
                Finding::Passed => {}
                Finding::Failed(how) => write!(f, "\n  {name}: FAILED: {how}")?,
                Finding::LeftOut(why) => write!(f, "\n  {name}: left out: {why}")?,
            }
        }
        Ok(())
    }
}

/// Runs cases of a part, each in a System of its own.
pub(super) fn run<P>(part: &P, options: &Options, cases: &[Case<P>]) -> Verdict {
    let findings = cases.iter().map(|(name, case)| {
        let left_out = options.left_out.iter().find(|(case, _)| case == name);
        let finding = match left_out {
            Some((_, reason)) => Finding::LeftOut(reason.clone()),
            None => tried(options, || case(part)),
        };
        (*name, finding)
    });
    Verdict {
        part: options.name.clone(),
        findings: findings.collect(),
    }
}

fn tried<'a>(options: &Options, trial: impl FnOnce() -> Found<'a>) -> Finding {
    let system = if options.real {
        TestSystem::real()
    } else {
        TestSystem::paused().within_real(LIMIT)
    };
    match catch_unwind(AssertUnwindSafe(|| system.run(trial))) {
        Ok(Ok(())) => Finding::Passed,
        Ok(Err(LeftOut(why))) => Finding::LeftOut(why.to_owned()),
        Err(panic) => Finding::Failed(panic_text(&*panic).to_owned()),
    }
}

/// The cases of a part, by the names of its methods.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        vec![$({
            fn found<P>(case: for<'a> fn(&'a P) -> Found<'a>) -> Case<P> {
                (stringify!($case), case)
            }
            found(|part: &Self| Box::pin(part.$case()))
        }),*]
    };
}

pub(super) use cases;
