//! Fan-in: several open ends, one aggregator.

use std::cmp::Ordering;

use super::Source;
use super::graph::{Attrs, Graph, Kind, mailbox};
use crate::edge::{InPort, Port};
use crate::stage::{FanIn, Pick, StageActor, Zip};

impl<T: Send + 'static> Source<T> {
    fn fan_in(
        verb: &'static str,
        sources: impl IntoIterator<Item = Self>,
        pick: impl FnOnce() -> Pick<T> + Send + 'static,
    ) -> Self {
        let mailbox = mailbox::<StageActor<FanIn<T>>>();
        let mut graph = Graph::default();
        let mut ups = Vec::new();
        for (n, source) in sources.into_iter().enumerate() {
            let port = Port::<_, 0> {
                address: mailbox.0.clone(),
                port: u32::try_from(n).unwrap_or(u32::MAX),
            };
            let (more, up) = source.connect(Box::new(port));
            graph.extend(more);
            ups.push(up);
        }
        let inputs = ups
            .iter()
            .map(|up| std::sync::Arc::clone(&up.link))
            .collect();
        let attrs = Attrs::of(verb, Kind::FanIn);
        Self::open(graph, attrs, inputs, mailbox, move |seat| {
            let ports = ups.into_iter().map(InPort::new);
            FanIn::new(ports.collect(), seat.out, pick(), seat.isolating)
        })
    }

    /// Passes the items of both, whoever has some, and completes after both.
    ///
    /// Each ready input is served in turn, with at most one batch. A failed input fails it, unless
    /// it is [`isolated`](Self::isolated). The idea is Go's fan-in, where goroutines send into one
    /// channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let low = Source::from_iter(0..3u64);
    /// let high = Source::from_iter(10..13u64);
    /// let mut all: Vec<u64> = low.merge(high)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// all.sort_unstable();
    /// assert_eq!(all, [0, 1, 2, 10, 11, 12]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Ordering
    ///
    /// The items of one source keep their order; between sources there is none.
    pub fn merge(self, other: Self) -> Self {
        Self::merge_all([self, other])
    }

    /// As [`merge`](Self::merge), of any number of sources; of none it completes at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let sources = (0..4u64).map(|n| Source::from_iter(0..n));
    /// let count = Source::merge_all(sources).count();
    /// assert_eq!(count.run(&FlowContext::background())?.await?, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn merge_all(sources: impl IntoIterator<Item = Self>) -> Self {
        Self::fan_in("merge", sources, Pick::merge)
    }

    /// Passes all items of this, then all of the other.
    ///
    /// The other is asked for its first window at once, and waits with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let all: Vec<u64> = Source::from_iter([1, 2])
    ///     .concat(Source::from_iter([3, 4]))
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(all, [1, 2, 3, 4]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn concat(self, other: Self) -> Self {
        Self::fan_in("concat", [self, other], Pick::concat)
    }

    /// Passes `segment` items of each in turn, and of the one that is left when the other has
    /// ended.
    ///
    /// The idea is `interleave` of Akka Streams.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let all: Vec<u64> = Source::from_iter([1, 2, 3, 4])
    ///     .interleave(Source::from_iter([10, 20]), 2)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(all, [1, 2, 10, 20, 3, 4]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `segment` is 0.
    pub fn interleave(self, other: Self, segment: usize) -> Self {
        let pick = move || Pick::interleave(segment);
        let mut source = Self::fan_in("interleave", [self, other], pick);
        source.attrs.zero = (segment == 0).then_some("segment");
        source
    }

    /// Passes the items of two sorted sources in their order; of equal ones, those of this first.
    ///
    /// Sources that are not sorted give an order that is not either.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let all: Vec<u64> = Source::from_iter([1, 4, 6])
    ///     .merge_sorted(Source::from_iter([2, 4, 5]))
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(all, [1, 2, 4, 4, 5, 6]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn merge_sorted(self, other: Self) -> Self
    where
        T: Ord,
    {
        self.merge_sorted_by(other, T::cmp)
    }

    /// As [`merge_sorted`](Self::merge_sorted), by an order of the caller's.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let falling: Vec<u64> = Source::from_iter([6, 4, 1])
    ///     .merge_sorted_by(Source::from_iter([5, 2]), |a, b| b.cmp(a))
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(falling, [6, 5, 4, 2, 1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn merge_sorted_by(
        self,
        other: Self,
        compare: impl FnMut(&T, &T) -> Ordering + Send + 'static,
    ) -> Self {
        let pick = move || Pick::Sorted(Box::new(compare));
        Self::fan_in("merge_sorted", [self, other], pick)
    }

    /// Passes pairs of an item of each, and completes with the first of them that ends.
    ///
    /// What the other has sent beyond is discarded and counted, and its source is cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let pairs: Vec<(u64, &str)> = Source::from_iter(1u64..)
    ///     .zip(Source::from_iter(["one", "two"]))
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(pairs, [(1, "one"), (2, "two")]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn zip<U: Send + 'static>(self, other: Source<U>) -> Source<(T, U)> {
        let mailbox = mailbox::<StageActor<Zip<T, U>>>();
        let left = Port::<_, 0> {
            address: mailbox.0.clone(),
            port: 0,
        };
        let right = Port::<_, 1> {
            address: mailbox.0.clone(),
            port: 0,
        };
        let (mut graph, left) = self.connect(Box::new(left));
        let (more, right) = other.connect(Box::new(right));
        graph.extend(more);
        let inputs = vec![
            std::sync::Arc::clone(&left.link),
            std::sync::Arc::clone(&right.link),
        ];
        let attrs = Attrs::of("zip", Kind::FanIn);
        Source::open(graph, attrs, inputs, mailbox, move |seat| {
            let left = InPort::new(left);
            let right = InPort::new(right);
            Zip::new(left, right, seat.out, seat.isolating)
        })
    }

    /// Keeps a failure of one input to that input: the fan-in written just before goes on with the
    /// others, the report lists the failure, and the flow completes.
    ///
    /// The failed stage ships what it had, and the stages above it stop. Not isolated are a
    /// [`broadcast`](Self::broadcast), [`partition`](Self::partition) or [`balance`](Self::balance)
    /// above the fan-in and what is above that, whose failure would reach other readers too; nor a
    /// panic in a factory, with which a stage never starts.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let good = Source::from_iter(["1", "2"]).try_map(str::parse::<u64>);
    /// let bad = Source::from_iter(["3", "four"]).try_map(str::parse::<u64>);
    /// let flow = good.merge(bad).isolated().fold(0, |sum, n| sum + n);
    ///
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert_eq!(finished.value, Some(6));
    /// assert_eq!(finished.report.isolated().len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if the stage written just before is no fan-in.
    pub fn isolated(mut self) -> Self {
        self.attrs.set_isolating();
        for node in &mut self.graph.stages {
            node.attrs.isolated = true;
        }
        self
    }
}
