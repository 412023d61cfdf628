//! The processing of one item in segments: split, work in parallel, put together in order.

use std::marker::PhantomData;
use std::sync::Arc;

use super::Source;
use super::graph::{Attrs, Composite, Kind, Part};
use super::logic::Each;
use super::workers::Workers;
use crate::context::BoxError;
use crate::stage::Logic;

/// A segment on its way, or the end of its item.
struct Piece<S> {
    /// The number of the item.
    item: u64,
    /// The number of the segment; of the end, how many there were.
    index: u64,
    segment: Option<S>,
}

/// Puts the results of an item's segments together.
struct Regroup<U, R, F> {
    join: F,
    item: u64,
    results: Vec<U>,
    /// Whether no segment of this item is missing so far.
    whole: bool,
    made: PhantomData<fn() -> R>,
}

impl<U, R, F> Logic for Regroup<U, R, F>
where
    U: Send + 'static,
    R: Send + 'static,
    F: FnMut(Vec<U>) -> R + 'static,
{
    type In = Piece<U>;
    type Out = R;
    type Outs = std::option::IntoIter<R>;

    fn accept(&mut self, piece: Piece<U>) -> Result<Self::Outs, BoxError> {
        if piece.item != self.item {
            // The end of the item before was lost with a worker that was quit.
            self.item = piece.item;
            self.results.clear();
            self.whole = true;
        }
        self.whole &= piece.index == self.results.len() as u64;
        let Some(result) = piece.segment else {
            let results = std::mem::take(&mut self.results);
            self.item += 1;
            let whole = std::mem::replace(&mut self.whole, true);
            return Ok(whole.then(|| (self.join)(results)).into_iter());
        };
        self.results.push(result);
        Ok(None.into_iter())
    }
}

impl<T: Send + 'static> Source<T> {
    /// Processes each item in segments: `split` takes it apart, `jobs` workers `work` on the
    /// segments in parallel, `join` puts the results of one item together, in order.
    ///
    /// One result per item; for an item without segments `join` is called with an empty vector. The
    /// segments of one item are taken from `split` only as the workers can take them. An item of
    /// which a segment was discarded, since its worker was quit, gives no result.
    ///
    /// The parts are stages of their own, here of the name `count`: `count/cut`, `count/split`,
    /// `count/1` .. , `count/join`, `count/regroup`; an item travels as its segments and one end.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let lengths: Vec<usize> = Source::from_iter(["split me", "", "apart"])
    ///     .segmented(
    ///         2,
    ///         |text| text.split(' ').filter(|word| !word.is_empty()),
    ///         |word| word.len(),
    ///         |lengths| lengths.iter().sum::<usize>(),
    ///     )
    ///     .named("count")
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(lengths, [7, 0, 5]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, as for [`map_parallel`](Self::map_parallel).
    ///
    /// # Ordering
    ///
    /// Results come in the order of the items, and `join` gets its vector in the order of the
    /// segments.
    ///
    /// # Cost
    ///
    /// That of [`map_parallel`](Self::map_parallel), for each segment. `join` gets all results of
    /// an item at once: they are not bounded by the window.
    pub fn segmented<I, U, R>(
        self,
        jobs: usize,
        mut split: impl FnMut(T) -> I + Send + 'static,
        work: impl Fn(I::Item) -> U + Send + Sync + 'static,
        join: impl FnMut(Vec<U>) -> R + Send + 'static,
    ) -> Source<R>
    where
        I: IntoIterator<Item: Send + 'static, IntoIter: 'static>,
        U: Send + 'static,
        R: Send + 'static,
    {
        let verb = "segmented";
        let composite = Arc::new(Composite::default());
        let part = |suffix: &str, last: bool| {
            let mut attrs = Attrs::of(verb, Kind::Stage);
            attrs.concurrency = Some(jobs);
            attrs.part = Some(Box::new(Part {
                last,
                ..Part::of(&composite, suffix)
            }));
            attrs
        };
        let mut items = 0u64..;
        let cut = self.logic(part("cut", false), None, move |_| {
            Each::new(move |item| {
                let number = items.next().unwrap_or(u64::MAX);
                Ok(Pieces {
                    item: number,
                    next: 0,
                    segments: Some(split(item).into_iter()),
                })
            })
        });
        let work = Arc::new(work);
        let inner = Some(Arc::clone(&composite));
        let attrs = Attrs::of(verb, Kind::Stage);
        let worked = cut.workers(attrs, Workers::Own(jobs), true, inner, move |_| {
            let work = Arc::clone(&work);
            Each::new(move |piece: Piece<I::Item>| {
                let piece = Piece {
                    item: piece.item,
                    index: piece.index,
                    segment: piece.segment.map(&*work),
                };
                Ok(Some(piece).into_iter())
            })
        });
        worked.logic(part("regroup", true), None, move |_| Regroup {
            join,
            item: 0,
            results: Vec::new(),
            whole: true,
            made: PhantomData,
        })
    }
}

/// The segments of one item, then its end.
struct Pieces<I> {
    item: u64,
    next: u64,
    segments: Option<I>,
}

impl<I: Iterator> Iterator for Pieces<I> {
    type Item = Piece<I::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let segments = self.segments.as_mut()?;
        let index = self.next;
        self.next += 1;
        let segment = segments.next();
        if segment.is_none() {
            self.segments = None;
        }
        Some(Piece {
            item: self.item,
            index,
            segment,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.segments {
            Some(_) => (1, None),
            None => (0, Some(0)),
        }
    }
}
