//! The cases of stages: rules 2.1 to 2.7, 5 and 7.

use std::fmt;
use std::sync::Arc;

use super::super::{Census, SinkProbe, SourceProbe, TestSystem, Tracked};
use super::endings::{Endings, UnderWay, quiet, running, start, within};
use super::feed::{Make, fed, play};
use super::numbers::Ledger;
use super::options::{Options, options};
use super::verdict::{Case, Found, LeftOut, Verdict, cases, run};
use crate::context::Cause;
use crate::flow::Source;
use crate::pipeline::Pipeline;

/// More than any case reads.
const MANY: usize = usize::MAX / 4;

/// How many items a case looks at.
const SOME: u64 = 20;

/// The window of each edge where a case counts what is held.
const WINDOW: usize = 16;

/// A `StageCheck` checks a stage of your own, or a function over several, against the rules of edges.
///
/// [`conformance::stage`](super::stage) makes it.
#[must_use = "nothing is checked before `check`"]
pub struct StageCheck<T: Send + 'static, U: Send + 'static> {
    options: Options,
    make: Make<T>,
    stage: Box<dyn Fn(Source<T>) -> Source<U>>,
    model: Option<Box<dyn Fn(u64) -> Vec<U>>>,
}

impl<T: Send + 'static, U: Send + 'static> fmt::Debug for StageCheck<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StageCheck").field(&self.options).finish()
    }
}

options!(StageCheck<T: Sized, U: fmt::Debug>);

/// A stage that runs behind a source that cannot wait, and the probe behind it.
struct Fed<U> {
    sink: SinkProbe<U>,
    running: Pipeline<()>,
    ledger: Ledger,
}

/// A stage that runs between two probes.
struct Played<T, U> {
    source: SourceProbe<T>,
    sink: SinkProbe<U>,
    running: Pipeline<()>,
    census: Census,
}

async fn read<U: fmt::Debug + Send + 'static>(sink: &SinkProbe<U>, items: u64) -> Vec<String> {
    let mut read = Vec::new();
    while (read.len() as u64) < items {
        match sink.next_if_any().await {
            Some(item) => read.push(format!("{item:?}")),
            None => break,
        }
    }
    read
}

impl<U: Send + 'static> Fed<U> {
    /// Waits until it takes no more; it must not hold more than its windows and hands do then.
    async fn assert_bounded(&self, window: usize, read: usize) {
        let mut taken = None;
        while taken.replace(self.ledger.taken()) != Some(self.ledger.taken()) {
            quiet().await;
        }
        let report = self.running.control().snapshot();
        let edges = report.edges().iter().rev().skip(1);
        // Each stage has some in its hands beside.
        let most = edges.map(|edge| 2 * edge.window as u64).sum::<u64>() + 2 * window as u64;
        let held = self.ledger.alive();
        assert!(
            held <= most,
            "{held} items are held when {read} have been read, its windows are {most}"
        );
    }
}

async fn completed(running: Pipeline<()>) {
    let ended = within("the end of the flow", running.wait()).await;
    let finished = ended.expect("the flow ends well");
    if let Err(imbalance) = finished.report.check() {
        panic!("{imbalance}");
    }
}

impl<T: Send + 'static, U: fmt::Debug + Send + 'static> StageCheck<T, U> {
    pub(super) fn new(
        name: &str,
        make: impl Fn(Tracked<u64>) -> T + Send + Sync + 'static,
        stage: impl Fn(Source<T>) -> Source<U> + 'static,
    ) -> Self {
        Self {
            options: Options::of(name),
            make: Arc::new(make),
            stage: Box::new(stage),
            model: None,
        }
    }

    /// Says what it is to make of the first so many numbers; else its own outputs, where all can be
    /// sent, are what it is to make under any demand, window and schedule.
    pub fn gives(mut self, outputs: impl Fn(u64) -> Vec<U> + 'static) -> Self {
        self.model = Some(Box::new(outputs));
        self
    }

    /// Says that it keeps the failure of its input to itself, as an isolating fan-in does.
    pub fn isolating(mut self) -> Self {
        self.options.isolates = true;
        self
    }

    fn cases(&self) -> Vec<Case<Self>> {
        cases![
            r2_1_sends_no_more_than_was_asked_for,
            r2_1_holds_no_more_than_its_windows,
            r2_2_outputs_are_those_it_is_to_give,
            r2_2_outputs_do_not_depend_on_demand,
            r2_2_outputs_do_not_depend_on_how_items_come,
            r2_2_outputs_do_not_depend_on_the_schedule,
            r2_3_ends_where_no_item_comes,
            r2_5_a_second_cancel_and_a_late_request_do_nothing,
            r2_6_a_cancel_below_reaches_the_source,
            r2_6_a_failure_above_reaches_the_sink,
            r2_7_outputs_do_not_depend_on_the_window,
            r5_1_a_close_loses_nothing,
            r5_2_a_quit_answers_when_it_is_over,
            r5_4_a_cancel_ends_it_within_one_item,
            r5_7_a_dropped_handle_ends_it,
            r7_1_sums_hold_however_it_ends,
            r7_4_items_created_are_dropped_however_it_ends,
        ]
    }

    fn fed_with(&self, items: u64, window: Option<usize>) -> Fed<U> {
        let (source, ledger) = fed(&self.make, items);
        let (sink, mut flow) = (self.stage)(source).into_probe();
        if let Some(window) = window {
            flow = flow.default_window(window);
        }
        let running = running(flow);
        Fed {
            sink,
            running,
            ledger,
        }
    }

    fn fed(&self, items: u64) -> Fed<U> {
        self.fed_with(items, None)
    }

    fn played(&self) -> Played<T, U> {
        let (source, items) = Source::probe();
        let (sink, flow) = (self.stage)(items).into_probe();
        let running = running(flow);
        Played {
            source,
            sink,
            running,
            census: Census::new(),
        }
    }

    /// What it makes of the first so many numbers.
    async fn expected(&self, items: u64) -> Vec<String> {
        match &self.model {
            Some(model) => {
                let outputs = model(items).into_iter();
                let outputs = outputs.map(|output| format!("{output:?}"));
                self.options.comparable(outputs.collect())
            }
            None => self.outputs(self.fed(items)).await,
        }
    }

    /// All that it makes, where all can be sent.
    async fn outputs(&self, fed: Fed<U>) -> Vec<String> {
        fed.sink.request(MANY);
        let outputs = read(&fed.sink, u64::MAX).await;
        fed.sink.expect_closed().await;
        completed(fed.running).await;
        self.options.comparable(outputs)
    }

    async fn r2_1_sends_no_more_than_was_asked_for(&self) -> Result<(), LeftOut> {
        let fed = self.fed(SOME);
        for asked in 1..=3 {
            fed.sink.request(1);
            quiet().await;
            let received = fed.sink.received();
            assert!(received <= asked, "{received} came, {asked} asked for");
        }
        fed.sink.cancel();
        completed(fed.running).await;
        Ok(())
    }

    async fn r2_1_holds_no_more_than_its_windows(&self) -> Result<(), LeftOut> {
        let window = self.options.window.max(WINDOW);
        let fed = self.fed_with(200 * window as u64, Some(window));
        fed.assert_bounded(window, 0).await;
        // What is handed on must be given up, not only what nobody has asked for be left.
        for read_so_far in (1..=8).map(|step| step * 16 * window) {
            fed.sink.request(16 * window);
            read(&fed.sink, 16 * window as u64).await;
            fed.assert_bounded(window, read_so_far).await;
        }
        fed.sink.cancel();
        completed(fed.running).await;
        Ok(())
    }

    async fn r2_2_outputs_are_those_it_is_to_give(&self) -> Result<(), LeftOut> {
        if self.model.is_none() {
            return Err(LeftOut("nobody has said what it gives"));
        }
        for items in [1, 3, SOME, 1000] {
            let expected = self.expected(items).await;
            let outputs = self.outputs(self.fed(items)).await;
            assert_eq!(outputs, expected, "of {items} items");
        }
        Ok(())
    }

    async fn r2_2_outputs_do_not_depend_on_demand(&self) -> Result<(), LeftOut> {
        let expected = self.expected(SOME).await;
        let fed = self.fed(SOME);
        let mut outputs = Vec::new();
        for _ in 0..expected.len() {
            fed.sink.request(1);
            outputs.extend(read(&fed.sink, 1).await);
        }
        fed.sink.request(1);
        fed.sink.expect_closed().await;
        completed(fed.running).await;
        let outputs = self.options.comparable(outputs);
        assert_eq!(outputs, expected, "asked for one by one, and at once");
        Ok(())
    }

    async fn r2_2_outputs_do_not_depend_on_how_items_come(&self) -> Result<(), LeftOut> {
        let expected = self.expected(SOME).await;
        let played = self.played();
        played.sink.request(MANY);
        play(&played.source, &self.make, &played.census, SOME).await;
        played.source.complete();
        let outputs = read(&played.sink, u64::MAX).await;
        played.sink.expect_closed().await;
        completed(played.running).await;
        let outputs = self.options.comparable(outputs);
        assert_eq!(outputs, expected, "of items that come one by one");
        Ok(())
    }

    async fn r2_2_outputs_do_not_depend_on_the_schedule(&self) -> Result<(), LeftOut> {
        if self.options.real {
            return Err(LeftOut("a seeded schedule is of one arbiter"));
        }
        let expected = self.expected(SOME).await;
        for seed in 0..8 {
            let outputs = self.outputs(self.fed(SOME));
            let outputs = TestSystem::schedule(seed, outputs).await;
            assert_eq!(outputs, expected, "on schedule {seed}");
        }
        Ok(())
    }

    async fn r2_3_ends_where_no_item_comes(&self) -> Result<(), LeftOut> {
        let played = self.played();
        played.source.complete();
        let expected = self.expected(0).await.len() as u64;
        played.sink.request(MANY);
        let outputs = read(&played.sink, u64::MAX).await.len() as u64;
        played.sink.expect_closed().await;
        completed(played.running).await;
        assert_eq!(outputs, expected, "outputs of no item");
        Ok(())
    }

    async fn r2_5_a_second_cancel_and_a_late_request_do_nothing(&self) -> Result<(), LeftOut> {
        let fed = self.fed(SOME);
        fed.sink.request(1);
        quiet().await;
        let received = fed.sink.received();
        fed.sink.cancel();
        fed.sink.cancel();
        fed.sink.request(5);
        quiet().await;
        assert_eq!(fed.sink.received(), received, "items came after a cancel");
        completed(fed.running).await;
        Ok(())
    }

    async fn r2_6_a_cancel_below_reaches_the_source(&self) -> Result<(), LeftOut> {
        let played = self.played();
        played.sink.request(1);
        play(&played.source, &self.make, &played.census, 3).await;
        played.sink.cancel();
        if !played.source.is_over() {
            played.source.expect_cancelled().await;
        }
        completed(played.running).await;
        Ok(())
    }

    async fn r2_6_a_failure_above_reaches_the_sink(&self) -> Result<(), LeftOut> {
        let played = self.played();
        played.sink.request(MANY);
        played.source.fail("torn above");
        if self.options.isolates {
            read(&played.sink, u64::MAX).await;
            played.sink.expect_closed().await;
            completed(played.running).await;
            return Ok(());
        }
        read(&played.sink, u64::MAX).await;
        let cause = played.sink.expect_failed().await;
        let text = cause.to_string();
        assert!(
            text.contains("torn above"),
            "the cause seen below is: {text}"
        );
        let ended = within("the end of the flow", played.running.wait()).await;
        let error = ended.expect_err("the flow fails");
        let report = error.report().expect("it ran");
        report.check().expect("its sums hold");
        Ok(())
    }

    async fn r2_7_outputs_do_not_depend_on_the_window(&self) -> Result<(), LeftOut> {
        let expected = self.expected(SOME).await;
        let window = self.options.window;
        let outputs = self.outputs(self.fed_with(SOME, Some(window))).await;
        assert_eq!(outputs, expected, "with windows of {window}");
        Ok(())
    }

    async fn r5_1_a_close_loses_nothing(&self) -> Result<(), LeftOut> {
        let played = self.played();
        played.sink.request(MANY);
        let sent = play(&played.source, &self.make, &played.census, 7).await;
        let closed = played.running.control().close();
        within("the end by a close", closed).await;
        let cause = match within("the end of the flow", played.running.wait()).await {
            Ok(finished) => finished.ending,
            Err(error) => error.cause().cloned().unwrap_or(Cause::Completed),
        };
        let outputs = read(&played.sink, u64::MAX).await;
        assert!(cause.is_success(), "a close became: {cause}");
        let expected = self.expected(sent).await;
        let outputs = self.options.comparable(outputs);
        assert_eq!(outputs, expected, "of {sent} items sent before a close");
        Ok(())
    }
}

impl<T: Send + 'static, U: fmt::Debug + Send + 'static> Endings for StageCheck<T, U> {
    async fn under_way(&self) -> UnderWay {
        let fed = self.fed(u64::MAX);
        fed.sink.request(MANY);
        // One that makes nothing of its items is under way too.
        start(&fed.ledger).await;
        UnderWay::new(fed.running, fed.ledger, fed.sink)
    }
}
