//! What parts that are wrong on purpose have in common.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};

use actix_flow::testing::conformance::{Finding, Verdict};

/// Fails unless a wrong part failed at least these cases; gives all that it failed.
#[track_caller]
pub(crate) fn fails(verdict: &Verdict, cases: &[&str]) -> BTreeSet<String> {
    let failed: BTreeSet<_> = verdict.failed().into_iter().map(String::from).collect();
    for case in cases {
        assert!(failed.contains(*case), "{case} was to fail: {verdict}");
        let Some(Finding::Failed(how)) = verdict.finding(case) else {
            panic!("{case} has no finding");
        };
        assert!(!how.is_empty());
    }
    failed
}

/// Fails unless a wrong part failed a case for this reason.
#[track_caller]
pub(crate) fn fails_since(verdict: &Verdict, case: &str, reason: &str) {
    match verdict.finding(case) {
        Some(Finding::Failed(how)) if how.contains(reason) => {}
        found => panic!("{case} found {found:?}, and not: {reason}"),
    }
}

/// A wrong part, checked once for all tests that look at it.
pub(crate) type Wrong = LazyLock<Verdict>;

/// Fails unless each case was failed by one of these wrong parts, but those that the library keeps
/// whatever a part does.
#[track_caller]
pub(crate) fn each_case_is_failed(verdicts: &[&Wrong], kept: &[&str]) {
    let failed: BTreeSet<_> = verdicts.iter().flat_map(|part| fails(part, &[])).collect();
    let cases = verdicts[0].findings().iter().map(|(case, _)| *case);
    let unfailed: Vec<_> = cases.filter(|case| !failed.contains(*case)).collect();
    assert!(
        unfailed.iter().all(|case| kept.contains(case)),
        "{unfailed:?}"
    );
}

/// Counts the turns that others had, as long as somebody looks.
pub(crate) fn turns() -> Arc<AtomicU64> {
    let turns = Arc::new(AtomicU64::new(0));
    let counted = Arc::downgrade(&turns);
    actix_rt::spawn(async move {
        // Not for ever: the clock would not move.
        for _ in 0..300 {
            let Some(turns) = counted.upgrade() else {
                break;
            };
            turns.fetch_add(1, SeqCst);
            drop(turns);
            tokio::task::yield_now().await;
        }
    });
    turns
}
