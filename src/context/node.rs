//! The tree of done marks.
//!
//! Invariants:
//!
//! 1. A mark goes up only: live, marked, settled. The cause is set before the mark, both under the
//!    node's lock, so whoever sees the mark finds the cause there, and the first cause stays.
//! 2. A live node is listed by its parent. Listing checks the parent's mark under the parent's
//!    lock: a child is either in the list that the ender reads after marking, or born done.
//! 3. A marked node keeps its list until its whole subtree is marked, then it is settled: at once where
//!    there is none. A second ender that comes upon a node not settled walks its subtree too, so that
//!    an ending which returns has marked every descendant, whoever began.
//! 4. Nobody is woken or called before the subtree is marked.
//! 5. A node leaves its parent's list once: taken out by the call that marked it, by its drop if it
//!    was never marked, or with the whole list when the parent settles. No child enters the list of
//!    a marked node, so a slot is not reused while its former owner may still try to leave it.
//! 6. Parents list children weakly, children hold their parents: the way down from a live context
//!    to a live descendant is never broken. A callback of a node that is dropped moves up to the
//!    parent, if anybody can end that, so it lasts as long as anything that could still end it.
//!
//! Lock order: none is needed, as no thread ever holds two locks of this room, and no foreign code
//! (callbacks, wakers, drops of values) runs under one.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::futures::OwnedNotified;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::cause::Cause;
use super::links::{Inner, Links, Watcher};
use super::test_scope::Part;
use super::values::Values;

const LIVE: u8 = 0;
const MARKED: u8 = 1;
const SETTLED: u8 = 2;

pub(super) struct Node {
    mark: AtomicU8,
    /// Whether anybody can ever end it, or one above it. A root of values alone lasts as long as it is held.
    mortal: bool,
    /// The nearest deadline of this node and its ancestors.
    deadline: Option<Instant>,
    values: Values,
    parent: Option<Arc<Node>>,
    /// The slot in the parent's list.
    slot: usize,
    inner: Mutex<Inner>,
    pub(super) part: Part,
}

/// What a node was found to be when it was marked.
struct Marked {
    /// Whether it was live.
    first: bool,
    /// The cause that its children end with, and these; none where it has none, and is settled.
    below: Option<(Cause, Vec<Arc<Node>>)>,
    /// Who is to be told of the end of a node that is settled.
    told: Option<Box<Links>>,
}

impl Node {
    pub(super) fn root(values: Values) -> Arc<Self> {
        Self::root_that(false, values)
    }

    fn root_that(mortal: bool, values: Values) -> Arc<Self> {
        Arc::new(Self {
            mark: AtomicU8::new(LIVE),
            mortal,
            deadline: None,
            values,
            parent: None,
            slot: 0,
            inner: Mutex::default(),
            part: Part::context(),
        })
    }

    /// A root, and what resolves (with an error) once all children and callbacks it had are gone.
    pub(super) fn watched_root() -> (Arc<Self>, oneshot::Receiver<()>) {
        let root = Self::root_that(true, Values::default());
        let (deserted, gone) = oneshot::channel();
        root.lock().links().deserted = Some(deserted);
        (root, gone)
    }

    /// A child with more values, which ends with this node alone.
    pub(super) fn child_with(self: &Arc<Self>, values: Values) -> Arc<Self> {
        self.child_that(self.mortal, None, values)
    }

    /// A child that somebody can end.
    pub(super) fn child(self: &Arc<Self>, deadline: Option<Instant>, values: Values) -> Arc<Self> {
        self.child_that(true, deadline, values)
    }

    fn child_that(
        self: &Arc<Self>,
        mortal: bool,
        deadline: Option<Instant>,
        values: Values,
    ) -> Arc<Self> {
        let deadline = match (self.deadline, deadline) {
            (Some(theirs), Some(own)) => Some(theirs.min(own)),
            (theirs, own) => theirs.or(own),
        };
        let mut inner = self.lock();
        if let Some(cause) = inner.cause.clone() {
            drop(inner);
            return Arc::new(Self {
                mark: AtomicU8::new(SETTLED),
                mortal,
                deadline,
                values,
                parent: None,
                slot: 0,
                inner: Inner::ended(cause),
                part: self.part.another(),
            });
        }
        let vacant = inner.links().children.vacant_entry();
        let child = Arc::new(Self {
            mark: AtomicU8::new(LIVE),
            mortal,
            deadline,
            values,
            parent: Some(Arc::clone(self)),
            slot: vacant.key(),
            inner: Mutex::default(),
            part: self.part.another(),
        });
        vacant.insert(Arc::downgrade(&child));
        child
    }

    pub(super) fn values(&self) -> &Values {
        &self.values
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    #[inline]
    pub(super) fn is_marked(&self) -> bool {
        // Acquire: pairs with the stores in `mark`, so that who sees it sees what was done before.
        self.mark.load(Ordering::Acquire) != LIVE
    }

    #[inline]
    pub(super) fn shows_mark(&self) -> bool {
        // Relaxed: for the loop over items, which an acquire would keep in memory; who then wants
        // the cause looks again.
        self.mark.load(Ordering::Relaxed) != LIVE
    }

    /// The cause if the mark is set; does not read the clock.
    pub(super) fn marked_cause(&self) -> Option<Cause> {
        self.is_marked()
            .then(|| self.lock().cause.clone())
            .flatten()
    }

    /// Whether the node has ended, by its mark or by the clock.
    pub(super) fn is_done(self: &Arc<Self>) -> bool {
        self.check_deadline();
        self.is_marked()
    }

    /// Marks if the deadline has passed. Reads the clock where there is a deadline to come.
    pub(super) fn check_deadline(self: &Arc<Self>) {
        if let Some(deadline) = self.deadline
            && !self.is_marked()
        {
            let now = Instant::now();
            if deadline <= now {
                self.expire(now);
            }
        }
    }

    /// Ends the highest ancestor whose deadline has passed by `now`: the deadline is its own, and
    /// all who share it end together.
    pub(super) fn expire(self: &Arc<Self>, now: Instant) {
        let mut owner = self;
        while let Some(parent) = &owner.parent
            && parent.deadline.is_some_and(|deadline| deadline <= now)
        {
            owner = parent;
        }
        owner.end(Cause::DeadlineExceeded);
    }

    /// Marks this node and all below it; true if this call was the first here.
    pub(super) fn end(self: &Arc<Self>, cause: Cause) -> bool {
        if self.mark.load(Ordering::Acquire) == SETTLED {
            return false;
        }
        let mut first = None;
        // With the cause of their parent, level by level; the first one has the cause that was given.
        let mut level = vec![(cause, vec![Arc::clone(self)])];
        // In the order of the walk, which is that in which they are told.
        let mut told = Vec::new();
        let mut unsettled = Vec::new();
        let mut place = 0;
        while !level.is_empty() {
            let mut below = Vec::new();
            for (cause, nodes) in level {
                for node in nodes {
                    let cause = match first {
                        None => cause.clone(),
                        Some(_) => node.inherited(&cause),
                    };
                    let marked = node.mark(cause);
                    first.get_or_insert(marked.first);
                    told.extend(marked.told.map(|links| (place, Arc::clone(&node), links)));
                    if let Some(children) = marked.below {
                        below.push(children);
                        unsettled.push((place, node));
                    }
                    place += 1;
                }
            }
            level = below;
        }
        let first = first.unwrap_or(false);
        if first && let Some(parent) = &self.parent {
            let deserted = parent.lock().remove_child(self.slot);
            drop(deserted);
        }
        for (place, node) in unsettled {
            let links = node.settle();
            told.extend(links.map(|links| (place, node, links)));
        }
        told.sort_unstable_by_key(|(place, ..)| *place);
        let mut calls = Vec::new();
        for (_, node, links) in told {
            if let Some(waiters) = &links.waiters {
                waiters.notify_waiters();
            }
            if let Some(cause) = node.marked_cause() {
                let watchers = links.watchers.into_iter();
                calls.extend(watchers.map(|(_, watcher)| (watcher, cause.clone())));
            }
        }
        for (watcher, cause) in calls {
            watcher.run(cause);
        }
        first
    }

    /// Sets cause and mark, if none is set.
    fn mark(&self, cause: Cause) -> Marked {
        let mut inner = self.lock();
        let Inner {
            cause: known,
            links,
        } = &mut *inner;
        let first = known.is_none();
        let cause = known.get_or_insert(cause);
        let children = |links: &Links| {
            // An upgraded child is given away, not dropped: nothing is under the lock.
            let children = links.children.iter();
            let children = children.filter_map(|(_, child)| child.upgrade());
            (cause.clone(), children.collect())
        };
        let with_children = |links: &&Links| !links.children.is_empty();
        let below = links.as_deref().filter(with_children).map(children);
        let (mark, told) = match below {
            Some(_) => (MARKED, None),
            None => (SETTLED, links.take()),
        };
        // Release: publishes what was done before to those who see the mark. It goes up only: who was
        // settled has no links, so that it is settled again.
        self.mark.store(mark, Ordering::Release);
        Marked { first, below, told }
    }

    /// Notes that all below it is marked; gives who is to be told.
    fn settle(&self) -> Option<Box<Links>> {
        let mut inner = self.lock();
        // Release: who sees it relies on the marks set below before.
        self.mark.store(SETTLED, Ordering::Release);
        inner.links.take()
    }

    /// What a node ends with when its parent has ended: the parent's cause, unless a nearer
    /// deadline of its own had passed before, unseen.
    fn inherited(&self, cause: &Cause) -> Cause {
        let theirs = self.parent.as_ref().and_then(|parent| parent.deadline);
        let own = self.deadline.filter(|_| self.deadline != theirs);
        if own.is_some_and(|deadline| deadline <= Instant::now()) {
            return Cause::DeadlineExceeded;
        }
        cause.clone()
    }

    /// What resolves when the node is marked; nothing if it is marked already.
    pub(super) fn notified(&self) -> Option<OwnedNotified> {
        let mut inner = self.lock();
        // Made under the lock that the mark is set under: if the node is live here, then the ender
        // finds these waiters, and a future made now counts as waiting though nobody polled it.
        inner.cause.is_none().then(|| {
            let waiters = inner.links().waiters.get_or_insert_default();
            Arc::clone(waiters).notified_owned()
        })
    }

    /// Hangs a watcher up, to be run at the end; gives the cause instead if that was before.
    pub(super) fn watch(self: &Arc<Self>, watcher: &Arc<Watcher>) -> Result<(), Cause> {
        let slot = {
            let mut inner = self.lock();
            if let Some(cause) = &inner.cause {
                return Err(cause.clone());
            }
            inner.links().watchers.insert(Arc::clone(watcher))
        };
        // A stop in between did not know the place: it is taken down here.
        if !watcher.hangs_at((Arc::downgrade(self), slot)) {
            self.unwatch(slot);
        }
        Ok(())
    }

    /// Takes a stopped watcher down. Called once for a place: by the stop, if it found the place
    /// noted, else by who hung it up. A node whose watchers moved up is no more, and one that
    /// has ended takes no new ones, so the slot is the watcher's own still, or free.
    pub(super) fn unwatch(&self, slot: usize) {
        let deserted = self.lock().remove_watcher(slot);
        drop(deserted);
    }

    /// The numbers of children and of callbacks.
    pub(super) fn counts(&self) -> (usize, usize) {
        let inner = self.lock();
        let links = inner.links.as_ref();
        links.map_or((0, 0), |links| (links.children.len(), links.watchers.len()))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a node that is being dropped out of the tree; gives its hold on the parent.
    fn leave(&mut self) -> Option<Arc<Self>> {
        let parent = self.parent.take()?;
        if *self.mark.get_mut() != LIVE {
            return Some(parent);
        }
        let inner = self.inner.get_mut();
        let links = inner.unwrap_or_else(PoisonError::into_inner).links.take();
        // The watchers first: with the child gone as well the parent could look deserted. Where nothing is
        // left that could end it they go with it: the parent can live as long as its process.
        let watchers = links.map(|links| links.watchers).filter(|_| parent.mortal);
        for (_, watcher) in watchers.into_iter().flatten() {
            if let Err(cause) = parent.watch(&watcher) {
                watcher.run(cause);
            }
        }
        let deserted = parent.lock().remove_child(self.slot);
        drop(deserted);
        Some(parent)
    }
}

impl Drop for Node {
    /// A loop, as the last child of a chain would drop its ancestors by recursion.
    fn drop(&mut self) {
        let mut above = self.leave();
        while let Some(parent) = above {
            above = Arc::into_inner(parent).and_then(|mut parent| parent.leave());
        }
    }
}
