//! Which input of a fan-in is served next: decisions as functions of what is ready.

use std::cmp::Ordering;
use std::collections::VecDeque;

/// What a pick sees of the inputs.
pub(crate) trait Ready<T> {
    fn len(&self) -> usize;
    fn is_ready(&self, input: usize) -> bool;
    fn is_over(&self, input: usize) -> bool;
    fn peek(&self, input: usize) -> Option<&T>;
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Take up to so many items of an input.
    Take(usize, usize),
    /// Wait for this input, or for any.
    Wait(Option<usize>),
    /// Every input has come to its end.
    Over,
}

type Compare<T> = Box<dyn FnMut(&T, &T) -> Ordering + Send>;

/// The order in which a fan-in takes from its inputs.
pub(crate) enum Pick<T> {
    /// Whoever is ready, in turns of at most one batch.
    Merge { next: usize },
    /// One after the other.
    Concat { current: usize },
    /// So many of each in turn; who has ended is passed over.
    Interleave {
        current: usize,
        taken: usize,
        segment: usize,
    },
    /// The least of all heads.
    Sorted(Compare<T>),
    /// By a log of who got the next item.
    Ordered(VecDeque<u32>),
}

impl<T> Pick<T> {
    pub(crate) fn merge() -> Self {
        Self::Merge { next: 0 }
    }

    pub(crate) fn concat() -> Self {
        Self::Concat { current: 0 }
    }

    pub(crate) fn interleave(segment: usize) -> Self {
        Self::Interleave {
            current: 0,
            taken: 0,
            segment,
        }
    }

    pub(crate) fn ordered() -> Self {
        Self::Ordered(VecDeque::new())
    }

    pub(crate) fn choose(&mut self, inputs: &impl Ready<T>) -> Choice {
        match self {
            Self::Merge { next } => merge(next, inputs),
            Self::Concat { current } => concat(current, inputs),
            Self::Interleave {
                current,
                taken,
                segment,
            } => interleave(current, taken, *segment, inputs),
            Self::Sorted(compare) => sorted(compare, inputs),
            Self::Ordered(log) => ordered(log, inputs),
        }
    }

    /// Notes how many items were taken of the input that was chosen.
    pub(crate) fn took(&mut self, items: usize) {
        match self {
            Self::Merge { next } => *next += usize::from(items > 0),
            Self::Interleave { taken, .. } => *taken += items,
            Self::Ordered(log) => drop(log.drain(..items)),
            Self::Concat { .. } | Self::Sorted(_) => {}
        }
    }
}

fn all_over<T>(inputs: &impl Ready<T>) -> bool {
    (0..inputs.len()).all(|input| inputs.is_over(input))
}

fn merge<T>(next: &mut usize, inputs: &impl Ready<T>) -> Choice {
    let len = inputs.len();
    let ready = (0..len)
        .map(|step| (*next + step) % len)
        .find(|&input| inputs.is_ready(input));
    match ready {
        Some(input) => {
            // Its turn is over when something was taken: there can be no room yet.
            *next = input;
            Choice::Take(input, usize::MAX)
        }
        None if all_over(inputs) => Choice::Over,
        None => Choice::Wait(None),
    }
}

fn concat<T>(current: &mut usize, inputs: &impl Ready<T>) -> Choice {
    while *current < inputs.len() {
        if inputs.is_ready(*current) {
            return Choice::Take(*current, usize::MAX);
        }
        if !inputs.is_over(*current) {
            return Choice::Wait(Some(*current));
        }
        *current += 1;
    }
    Choice::Over
}

fn interleave<T>(
    current: &mut usize,
    taken: &mut usize,
    segment: usize,
    inputs: &impl Ready<T>,
) -> Choice {
    let len = inputs.len();
    for _ in 0..=len {
        if len == 0 {
            break;
        }
        if *taken >= segment || inputs.is_over(*current) {
            *current = (*current + 1) % len;
            *taken = 0;
            continue;
        }
        return if inputs.is_ready(*current) {
            Choice::Take(*current, segment - *taken)
        } else {
            Choice::Wait(Some(*current))
        };
    }
    if all_over(inputs) {
        Choice::Over
    } else {
        Choice::Wait(Some(*current))
    }
}

fn sorted<T>(compare: &mut Compare<T>, inputs: &impl Ready<T>) -> Choice {
    let mut least: Option<(usize, &T)> = None;
    for input in 0..inputs.len() {
        match inputs.peek(input) {
            Some(head) => {
                let less = match &least {
                    None => true,
                    Some((_, other)) => compare(head, other) == Ordering::Less,
                };
                if less {
                    least = Some((input, head));
                }
            }
            None if inputs.is_over(input) => {}
            None => return Choice::Wait(Some(input)),
        }
    }
    match least {
        Some((input, _)) => Choice::Take(input, 1),
        None => Choice::Over,
    }
}

/// Follows the log; an entry whose input has ended stands for an item that will never come.
fn ordered<T>(log: &mut VecDeque<u32>, inputs: &impl Ready<T>) -> Choice {
    while let Some(&input) = log.front() {
        let port = input as usize;
        if inputs.is_ready(port) {
            let run = log.iter().take_while(|&&next| next == input).count();
            return Choice::Take(port, run);
        }
        if !inputs.is_over(port) {
            return Choice::Wait(Some(port));
        }
        log.pop_front();
    }
    if all_over(inputs) {
        Choice::Over
    } else {
        Choice::Wait(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inputs as a test sees them: items still to come, and whether the end is known.
    struct Inputs(Vec<(Vec<u32>, bool)>);

    impl Ready<u32> for Inputs {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn is_ready(&self, input: usize) -> bool {
            !self.0[input].0.is_empty()
        }
        fn is_over(&self, input: usize) -> bool {
            self.0[input].1 && self.0[input].0.is_empty()
        }
        fn peek(&self, input: usize) -> Option<&u32> {
            self.0[input].0.first()
        }
    }

    fn drain(mut pick: Pick<u32>, mut inputs: Inputs) -> (Vec<u32>, Choice) {
        let mut out = Vec::new();
        loop {
            match pick.choose(&inputs) {
                Choice::Take(input, most) => {
                    let items = &mut inputs.0[input].0;
                    let n = most.min(items.len()).min(2);
                    out.extend(items.drain(..n));
                    pick.took(n);
                }
                end => return (out, end),
            }
        }
    }

    #[test]
    fn r4_3_merge_serves_each_ready_input_within_k_picks() {
        let mut pick = Pick::merge();
        let inputs = Inputs((0..5).map(|n| (vec![n; 9], false)).collect());
        for start in 0..20 {
            let mut served = [false; 5];
            for _ in 0..5 {
                let choice = pick.choose(&inputs);
                assert_eq!(pick.choose(&inputs), choice, "no turn is lost without room");
                match choice {
                    Choice::Take(input, _) => served[input] = true,
                    other => panic!("pick {start}: {other:?}"),
                }
                pick.took(1);
            }
            assert_eq!(served, [true; 5]);
        }
    }

    #[test]
    fn r4_2_concat_goes_on_only_after_the_end_of_an_input() {
        let inputs = Inputs(vec![(vec![1, 2, 3], true), (vec![4], true)]);
        assert_eq!(
            drain(Pick::concat(), inputs),
            (vec![1, 2, 3, 4], Choice::Over)
        );
        let inputs = Inputs(vec![(vec![1], false), (vec![4], true)]);
        assert_eq!(
            drain(Pick::concat(), inputs),
            (vec![1], Choice::Wait(Some(0)))
        );
    }

    #[test]
    fn interleave_takes_a_segment_of_each_and_passes_over_the_ended() {
        let inputs = Inputs(vec![
            (vec![1, 2, 3, 4, 5], true),
            (vec![], true),
            (vec![10, 11], true),
        ]);
        let (items, end) = drain(Pick::interleave(2), inputs);
        assert_eq!(items, [1, 2, 10, 11, 3, 4, 5]);
        assert_eq!(end, Choice::Over);
    }

    #[test]
    fn sorted_waits_for_every_head_and_prefers_the_first_of_equals() {
        let by = || Pick::Sorted(Box::new(|a: &u32, b: &u32| a.cmp(b)));
        let inputs = Inputs(vec![(vec![1, 4, 4], true), (vec![2, 4, 9], true)]);
        let (items, end) = drain(by(), inputs);
        assert_eq!((items, end), (vec![1, 2, 4, 4, 4, 9], Choice::Over));
        let inputs = Inputs(vec![(vec![1], true), (vec![], false)]);
        assert_eq!(drain(by(), inputs).1, Choice::Wait(Some(1)));
    }

    #[test]
    fn r4_7_the_log_decides_the_order_and_skips_what_was_lost() {
        let inputs = Inputs(vec![(vec![1, 3], true), (vec![2], true), (vec![], true)]);
        let pick = Pick::Ordered(VecDeque::from([0, 2, 1, 1, 0]));
        assert_eq!(drain(pick, inputs), (vec![1, 2, 3], Choice::Over));
    }

    #[test]
    fn r4_5_no_input_is_over_at_once() {
        for pick in [
            Pick::merge(),
            Pick::concat(),
            Pick::interleave(3),
            Pick::ordered(),
        ] {
            let inputs = Inputs(Vec::new());
            assert_eq!(drain(pick, inputs), (vec![], Choice::Over));
        }
    }
}
