//! How often each peer runs: all rounds, unless its runs take long.

use std::time::Duration;

use crate::peers::OURS;

/// What a peer may spend on the rounds of one job. Without a limit a few of them, such as a thread per
/// stage at window 1, which changes threads for each item, would take most of the command's time.
pub const BUDGET: Duration = Duration::from_secs(20);

/// The runs that one peer has had at one job.
#[derive(Debug, Default)]
pub struct Budget {
    runs: u32,
    spent: Duration,
}

impl Budget {
    pub fn spend(&mut self, run: Duration) {
        self.runs += 1;
        self.spent += run;
    }

    /// Whether there is time for one more run that takes as long as those before. The first is
    /// always had, and ours are all had, as every ratio rests on them.
    pub fn allows_another(&self, peer: &str) -> bool {
        let Some(mean) = self.spent.checked_div(self.runs) else {
            return true;
        };
        peer == OURS || self.spent + mean <= BUDGET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many rounds a peer has whose runs all take the same time.
    fn runs(peer: &str, rounds: usize, run: Duration) -> usize {
        let mut budget = Budget::default();
        let rounds = (0..rounds).take_while(|_| {
            let allowed = budget.allows_another(peer);
            budget.spend(run);
            allowed
        });
        rounds.count()
    }

    #[test]
    fn a_quick_peer_has_all_rounds() {
        assert_eq!(runs("go", 5, BUDGET / 5), 5);
        assert_eq!(runs("go", 9, Duration::ZERO), 9);
    }

    #[test]
    fn a_slow_peer_has_as_many_as_its_time_is_enough_for() {
        assert_eq!(runs("go", 5, BUDGET / 3), 3);
        assert_eq!(runs("go", 5, BUDGET / 2 + Duration::from_millis(1)), 1);
    }

    #[test]
    fn a_peer_whose_first_run_takes_too_long_has_that_one() {
        assert_eq!(runs("crossbeam", 5, BUDGET * 4), 1);
    }

    #[test]
    fn ours_has_all_rounds() {
        assert_eq!(runs(OURS, 5, BUDGET * 4), 5);
    }
}
