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
            let ports = ups.into_iter().map(|up| InPort::new(up, seat.window));
            FanIn::new(ports.collect(), seat.out, pick(), seat.isolating)
        })
    }

    /// Passes the items of both, whoever has some, and completes after both.
    ///
    /// Each ready input is served in turn, with at most one batch. A failed input fails it, unless
    /// it is [`isolated`](Self::isolated).
    pub fn merge(self, other: Self) -> Self {
        Self::merge_all([self, other])
    }

    /// As [`merge`](Self::merge), of any number of sources; of none it completes at once.
    pub fn merge_all(sources: impl IntoIterator<Item = Self>) -> Self {
        Self::fan_in("merge", sources, Pick::merge)
    }

    /// Passes all items of this, then all of the other, which is asked for its first window at
    /// once and waits.
    pub fn concat(self, other: Self) -> Self {
        Self::fan_in("concat", [self, other], Pick::concat)
    }

    /// Passes `segment` items of each in turn, and of the one that is left when the other has
    /// ended.
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
    pub fn merge_sorted(self, other: Self) -> Self
    where
        T: Ord,
    {
        self.merge_sorted_by(other, T::cmp)
    }

    /// As [`merge_sorted`](Self::merge_sorted), by an order of the caller's.
    pub fn merge_sorted_by(
        self,
        other: Self,
        compare: impl FnMut(&T, &T) -> Ordering + Send + 'static,
    ) -> Self {
        let pick = move || Pick::Sorted(Box::new(compare));
        Self::fan_in("merge_sorted", [self, other], pick)
    }

    /// Passes pairs of an item of each, and completes with the first of them; what the other has
    /// sent beyond is discarded and counted.
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
            let left = InPort::new(left, seat.window);
            let right = InPort::new(right, seat.window);
            Zip::new(left, right, seat.out, seat.isolating)
        })
    }

    /// Keeps a failure of one input to that input: the fan-in written just before goes on with the
    /// others, the report lists the failure, and the flow completes.
    ///
    /// The failed stage ships what it had, and the stages above it stop. Stages above a fan-out whose
    /// branches lead elsewhere too are not isolated; nor is a panic in a factory, with which a stage
    /// never starts.
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
