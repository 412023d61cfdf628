//! Policies where they can do nothing are refused before anything starts.

use actix_flow::prelude::*;

use crate::kit::{failure, quiet_panics, refusal, system};

#[test]
fn a_restart_of_a_stage_without_a_factory_is_refused() {
    system(async {
        let map = Source::once(1u64).map(|n| n).named("plain");
        let refused = refusal(map.supervised(RestartPolicy::restart()).count());
        assert_eq!(
            refused.to_string(),
            "the policy of stage `plain` says Restart, which needs a factory: use a verb that has one"
        );
        assert_eq!(refused.stage(), Some("plain"));
        let crew = Source::once(1u64).map_parallel(2, |n| n).named("crew");
        let refused = refusal(crew.supervised(RestartPolicy::restart()).count());
        assert_eq!(refused.stage(), Some("crew"));
    });
}

#[test]
fn a_retry_without_copies_is_refused() {
    system(async {
        let map = Source::once(1u64).map(|n| n).named("plain");
        let refused = refusal(map.supervised(RestartPolicy::retry()).count());
        assert_eq!(
            refused.to_string(),
            "the policy of stage `plain` says Retry, which needs copies of its items: write `retried` \
             before it"
        );
    });
}

#[test]
fn a_policy_at_a_fan_in_a_branch_or_before_a_fan_out_is_refused() {
    system(async {
        let policy = RestartPolicy::resume;
        let merged = Source::once(1u64).merge(Source::once(2));
        let refused = refusal(merged.supervised(policy()).count());
        assert_eq!(
            refused.to_string(),
            "`supervised` was written at `merge-1`, where it means nothing: leave it out"
        );
        let [left, right] = Source::once(1u64).broadcast(2).into_array();
        let refused = refusal(left.supervised(policy()).count().and(right.count()));
        assert!(refused.to_string().contains("`supervised`"), "{refused}");
        let branches = Source::once(1u64)
            .retried(RestartPolicy::retry())
            .broadcast(1);
        let [branch] = branches.into_array();
        let refused = refusal(branch.count());
        assert!(refused.to_string().contains("`retried`"), "{refused}");
    });
}

#[test]
fn a_policy_that_asks_for_the_impossible_later_lets_the_failure_go_up() {
    quiet_panics();
    system(async {
        for directive in [Directive::Restart, Directive::Retry] {
            let flow = Source::once(1u64)
                .map(|_| -> u64 { panic!("expected: broken") })
                .named("plain")
                .supervised(RestartPolicy::decide(move |_| directive))
                .count();
            assert_eq!(failure(flow).await.stage(), Some("plain"));
        }
    });
}
