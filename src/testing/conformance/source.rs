//! The cases of sources: rules 2.1 to 2.5, 3.1 to 3.4, 5 and 7.

use std::fmt;

use super::super::{SinkProbe, TestSystem};
use super::endings::{Endings, UnderWay, quiet, running, settle, within};
use super::numbers::{Ledger, Numbers};
use super::options::{Options, options};
use super::verdict::{Case, Found, LeftOut, Verdict, cases, run};
use crate::flow::Source;
use crate::pipeline::Pipeline;

/// More than any case reads.
const MANY: usize = usize::MAX / 4;

/// How many items a case looks at.
const SOME: u64 = 20;

/// A `SourceCheck` checks a source of your own against the rules of edges and generators.
///
/// [`conformance::source`](super::source) makes it.
#[must_use = "nothing is checked before `check`"]
pub struct SourceCheck<T: Send + 'static> {
    options: Options,
    make: Box<dyn Fn(Numbers) -> Source<T>>,
}

impl<T> fmt::Debug for SourceCheck<T>
where
    T: Send + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceCheck").field(&self.options).finish()
    }
}

options!(SourceCheck<T: fmt::Debug>);

/// A source that runs, and the probe behind it.
struct Trial<T: Send + 'static> {
    sink: SinkProbe<T>,
    running: Pipeline<()>,
    ledger: Ledger,
}

impl<T: fmt::Debug + Send + 'static> Trial<T> {
    /// The next items, at most so many, as text; fewer where the source ends.
    async fn read(&self, items: u64) -> Vec<String> {
        let mut read = Vec::new();
        while (read.len() as u64) < items {
            match self.sink.next_if_any().await {
                Some(item) => read.push(format!("{item:?}")),
                None => break,
            }
        }
        read
    }

    /// Leaves, and waits until the flow is over.
    async fn leave(self) -> Ledger {
        self.sink.cancel();
        let ended = within("the end of the flow", self.running.wait()).await;
        ended.expect("a flow whose reader leaves completes");
        self.ledger
    }
}

impl<T: fmt::Debug + Send + 'static> SourceCheck<T> {
    pub(super) fn new(name: &str, make: impl Fn(Numbers) -> Source<T> + 'static) -> Self {
        Self {
            options: Options::of(name),
            make: Box::new(make),
        }
    }

    /// Says that it never ends by itself.
    pub fn endless(mut self) -> Self {
        self.options.endless = true;
        self
    }

    /// Says that it makes no more than so many items, however many numbers there are.
    pub fn at_most(mut self, items: u64) -> Self {
        self.options.most = items;
        self
    }

    fn cases(&self) -> Vec<Case<Self>> {
        cases![
            r2_1_sends_no_more_than_was_asked_for,
            r2_1_any_number_can_be_asked_for,
            r2_2_items_do_not_depend_on_demand,
            r2_2_items_do_not_depend_on_the_schedule,
            r2_3_ends_behind_the_last_of_its_items,
            r2_3_ends_where_there_is_no_item,
            r2_5_requests_add_up,
            r2_5_a_second_cancel_and_a_late_request_do_nothing,
            r3_1_computes_nothing_before_it_is_asked,
            r3_1_computes_no_more_than_was_asked_for,
            r3_2_a_cancel_stops_it_and_drops_what_it_has,
            r3_3_yields_the_arbiter_between_turns,
            r3_4_the_first_item_does_not_wait_for_others,
            r5_1_a_close_delivers_what_was_made,
            r5_2_a_quit_answers_when_it_is_over,
            r5_4_a_cancel_ends_it_within_one_item,
            r5_7_a_dropped_handle_ends_it,
            r7_1_sums_hold_however_it_ends,
            r7_4_items_created_are_dropped_however_it_ends,
        ]
    }

    fn fed_with(&self, ledger: Ledger, numbers: Numbers) -> Trial<T> {
        let (sink, flow) = (self.make)(numbers).into_probe();
        let running = running(flow);
        Trial {
            sink,
            running,
            ledger,
        }
    }

    fn trial(&self, items: u64) -> Trial<T> {
        let ledger = Ledger::default();
        let numbers = ledger.numbers(items);
        self.fed_with(ledger, numbers)
    }

    /// How many items it makes of so many numbers.
    fn length(&self, numbers: u64) -> u64 {
        numbers.min(self.options.most)
    }

    /// Its items, where all can be sent.
    async fn items(&self, numbers: u64) -> Vec<String> {
        let trial = self.trial(numbers);
        trial.sink.request(MANY);
        let items = trial.read(numbers).await;
        trial.leave().await;
        self.options.comparable(items)
    }

    async fn r2_1_sends_no_more_than_was_asked_for(&self) -> Result<(), LeftOut> {
        let trial = self.trial(SOME);
        let mut asked = 0;
        for more in [1, 2, 3] {
            trial.sink.request(more);
            asked += more as u64;
            trial.read(more as u64).await;
            quiet().await;
            let received = trial.sink.received();
            assert_eq!(received, self.length(asked), "{asked} items were asked for");
        }
        trial.leave().await;
        Ok(())
    }

    async fn r2_1_any_number_can_be_asked_for(&self) -> Result<(), LeftOut> {
        let trial = self.trial(SOME);
        trial.sink.request(usize::MAX);
        trial.sink.request(usize::MAX);
        let read = trial.read(SOME).await.len() as u64;
        assert_eq!(read, self.length(SOME), "items came");
        trial.leave().await;
        Ok(())
    }

    async fn r2_2_items_do_not_depend_on_demand(&self) -> Result<(), LeftOut> {
        let expected = self.items(SOME).await;
        let trial = self.trial(SOME);
        let mut items = Vec::new();
        for _ in 0..expected.len() {
            trial.sink.request(1);
            items.extend(trial.read(1).await);
        }
        trial.leave().await;
        let items = self.options.comparable(items);
        assert_eq!(items, expected, "asked for one by one, and at once");
        Ok(())
    }

    async fn r2_2_items_do_not_depend_on_the_schedule(&self) -> Result<(), LeftOut> {
        if self.options.real {
            return Err(LeftOut("a seeded schedule is of one arbiter"));
        }
        let expected = self.items(SOME).await;
        for seed in 0..8 {
            let items = TestSystem::schedule(seed, self.items(SOME)).await;
            assert_eq!(items, expected, "on schedule {seed}");
        }
        Ok(())
    }

    async fn r2_3_ends_behind_the_last_of_its_items(&self) -> Result<(), LeftOut> {
        if self.options.endless {
            return Err(LeftOut("it has no end"));
        }
        for numbers in [1, 3, SOME] {
            let trial = self.trial(numbers);
            trial.sink.request(MANY);
            let read = trial.read(u64::MAX).await.len() as u64;
            let length = self.length(numbers);
            assert_eq!(read, length, "items were made of {numbers} numbers");
            trial.sink.expect_closed().await;
            let ended = within("the end of the flow", trial.running.wait()).await;
            ended.expect("the flow completes");
        }
        Ok(())
    }

    async fn r2_3_ends_where_there_is_no_item(&self) -> Result<(), LeftOut> {
        if self.options.endless || self.options.most < u64::MAX {
            return Err(LeftOut("its items are not of the numbers"));
        }
        let trial = self.trial(0);
        trial.sink.request(1);
        trial.sink.expect_closed().await;
        trial.leave().await;
        Ok(())
    }

    async fn r2_5_requests_add_up(&self) -> Result<(), LeftOut> {
        let trial = self.trial(SOME);
        trial.sink.request(1);
        trial.sink.request(0);
        trial.sink.request(2);
        settle().await;
        trial.read(3).await;
        quiet().await;
        let received = trial.sink.received();
        assert_eq!(received, self.length(3), "3 items were asked for");
        trial.leave().await;
        Ok(())
    }

    async fn r2_5_a_second_cancel_and_a_late_request_do_nothing(&self) -> Result<(), LeftOut> {
        let trial = self.trial(SOME);
        trial.sink.request(1);
        trial.read(1).await;
        trial.sink.cancel();
        trial.sink.cancel();
        trial.sink.request(5);
        quiet().await;
        let received = trial.sink.received();
        assert_eq!(received, self.length(1), "items came");
        trial.leave().await;
        Ok(())
    }

    async fn r3_1_computes_nothing_before_it_is_asked(&self) -> Result<(), LeftOut> {
        let trial = self.trial(u64::MAX);
        quiet().await;
        assert_eq!(trial.ledger.taken(), 0, "numbers were taken, unasked");
        trial.leave().await;
        Ok(())
    }

    async fn r3_1_computes_no_more_than_was_asked_for(&self) -> Result<(), LeftOut> {
        let trial = self.trial(u64::MAX);
        for asked in [1, 2, 3] {
            trial.sink.request(1);
            trial.read(1).await;
            quiet().await;
            let taken = trial.ledger.taken();
            assert!(taken <= asked, "{taken} numbers taken, {asked} asked for");
        }
        trial.leave().await;
        Ok(())
    }

    async fn r3_2_a_cancel_stops_it_and_drops_what_it_has(&self) -> Result<(), LeftOut> {
        let trial = self.trial(u64::MAX);
        trial.sink.request(2);
        trial.read(2).await;
        let ledger = trial.leave().await;
        assert!(ledger.is_dropped(), "what makes its items was not dropped");
        let taken = ledger.taken();
        quiet().await;
        assert_eq!(ledger.taken(), taken, "numbers taken after the end");
        assert_eq!(ledger.alive(), 0, "its items are alive after the end");
        Ok(())
    }

    async fn r3_3_yields_the_arbiter_between_turns(&self) -> Result<(), LeftOut> {
        const NUMBERS: u64 = 20_000;
        if self.options.varies {
            return Err(LeftOut("its items are of time"));
        }
        let trial = self.trial(NUMBERS);
        let other = actix_rt::spawn(trial.ledger.other_task());
        trial.sink.request(MANY);
        trial.read(NUMBERS).await;
        let most = trial.ledger.most_in_turn();
        other.abort();
        let _ = other.await;
        let text = "numbers taken in a turn that left no other task one";
        assert!(most <= NUMBERS / 2, "{most} {text}");
        trial.leave().await;
        Ok(())
    }

    async fn r3_4_the_first_item_does_not_wait_for_others(&self) -> Result<(), LeftOut> {
        let ledger = Ledger::default();
        let numbers = ledger.slow_numbers(u64::MAX);
        let trial = self.fed_with(ledger, numbers);
        const ASKED: u64 = 500;
        trial.sink.request(ASKED as usize);
        trial.read(1).await;
        // The test is one task of many: some are made before it has its turn.
        let taken = trial.ledger.taken();
        assert!(
            taken <= ASKED / 2,
            "{taken} slow items were made before one came"
        );
        trial.leave().await;
        Ok(())
    }

    async fn r5_1_a_close_delivers_what_was_made(&self) -> Result<(), LeftOut> {
        let trial = self.trial(u64::MAX);
        trial.sink.request(3);
        trial.read(3).await;
        drop(trial.running.control().close());
        trial.sink.request(MANY);
        trial.read(u64::MAX).await;
        trial.sink.expect_closed().await;
        let (taken, received) = (trial.ledger.taken(), trial.sink.received());
        assert!(taken <= received, "{taken} were made, {received} delivered");
        trial.leave().await;
        Ok(())
    }
}

impl<T: fmt::Debug + Send + 'static> Endings for SourceCheck<T> {
    async fn under_way(&self) -> UnderWay {
        let trial = self.trial(u64::MAX);
        trial.sink.request(MANY);
        trial.read(3).await;
        let Trial {
            sink,
            running,
            ledger,
        } = trial;
        UnderWay::new(running, ledger, sink)
    }
}
