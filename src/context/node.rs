//! The tree of done marks.
//!
//! Invariants:
//!
//! 1. A mark goes up only: live, marked, settled. The cause is set before the mark, both under the
//!    node's lock, so whoever sees the mark sees the cause, and the first cause stays.
//! 2. A live node is listed by its parent. Listing checks the parent's mark under the parent's
//!    lock: a child is either in the list that the ender reads after marking, or born done.
//! 3. A marked node keeps its list until its whole subtree is marked, then it is settled. A second
//!    ender that comes upon a node not settled walks its subtree too, so that an ending which
//!    returns has marked every descendant, whoever began.
//! 4. Nobody is woken or called before the subtree is marked.
//! 5. A node leaves its parent's list once: taken out by the call that marked it, by its drop if it
//!    was never marked, or with the whole list when the parent settles. No child enters the list of
//!    a marked node, so a slot is not reused while its former owner may still try to leave it.
//! 6. Parents list children weakly, children hold their parents: the way down from a live context
//!    to a live descendant is never broken. A callback of a node that is dropped moves up to the
//!    parent, so it lasts as long as anything that could still end it.
//!
//! Lock order: none is needed, as no thread ever holds two locks of this room, and no foreign code
//! (callbacks, wakers, drops of values) runs under one.

use std::mem;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use slab::Slab;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::callback::Callback;
use super::cause::Cause;
use super::test_scope::Part;
use super::values::Values;

const LIVE: u8 = 0;
const MARKED: u8 = 1;
const SETTLED: u8 = 2;

/// A callback, and the node and slot where it hangs.
pub(super) type Watcher = Callback<(Weak<Node>, usize)>;

pub(super) struct Node {
    mark: AtomicU8,
    cause: OnceLock<Cause>,
    /// The nearest deadline of this node and its ancestors.
    deadline: Option<Instant>,
    values: Values,
    parent: Option<Arc<Node>>,
    /// The slot in the parent's list.
    slot: usize,
    links: Mutex<Links>,
    pub(super) part: Part,
}

#[derive(Default)]
struct Links {
    children: Slab<Weak<Node>>,
    watchers: Slab<Arc<Watcher>>,
    /// Made by the first that waits.
    waiters: Option<Arc<Notify>>,
    /// Dropped when the last child and the last watcher have left.
    deserted: Option<oneshot::Sender<()>>,
}

/// Beyond this many slots an emptied list gives its memory back.
const SLOTS_KEPT: usize = 64;

impl Links {
    fn remove_child(&mut self, slot: usize) {
        remove(&mut self.children, slot);
    }

    fn remove_watcher(&mut self, slot: usize) {
        remove(&mut self.watchers, slot);
    }

    /// To be dropped after the lock: it wakes a task.
    #[must_use]
    fn if_deserted(&mut self) -> Option<oneshot::Sender<()>> {
        (self.children.is_empty() && self.watchers.is_empty())
            .then(|| self.deserted.take())
            .flatten()
    }
}

fn remove<T>(list: &mut Slab<T>, slot: usize) {
    list.try_remove(slot);
    if list.is_empty() && list.capacity() > SLOTS_KEPT {
        *list = Slab::new();
    }
}

impl Node {
    pub(super) fn root(values: Values) -> Arc<Self> {
        Arc::new(Self {
            mark: AtomicU8::new(LIVE),
            cause: OnceLock::new(),
            deadline: None,
            values,
            parent: None,
            slot: 0,
            links: Mutex::default(),
            part: Part::context(),
        })
    }

    /// A root, and what resolves (with an error) once all children and callbacks it had are gone.
    pub(super) fn watched_root() -> (Arc<Self>, oneshot::Receiver<()>) {
        let root = Self::root(Values::default());
        let (deserted, gone) = oneshot::channel();
        root.lock().deserted = Some(deserted);
        (root, gone)
    }

    pub(super) fn child(self: &Arc<Self>, deadline: Option<Instant>, values: Values) -> Arc<Self> {
        let deadline = match (self.deadline, deadline) {
            (Some(theirs), Some(own)) => Some(theirs.min(own)),
            (theirs, own) => theirs.or(own),
        };
        let mut links = self.lock();
        if let Some(cause) = self.marked_cause() {
            drop(links);
            return Arc::new(Self {
                mark: AtomicU8::new(SETTLED),
                cause: OnceLock::from(cause),
                deadline,
                values,
                parent: None,
                slot: 0,
                links: Mutex::default(),
                part: self.part.another(),
            });
        }
        let vacant = links.children.vacant_entry();
        let child = Arc::new(Self {
            mark: AtomicU8::new(LIVE),
            cause: OnceLock::new(),
            deadline,
            values,
            parent: Some(Arc::clone(self)),
            slot: vacant.key(),
            links: Mutex::default(),
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
        // Acquire: pairs with the store in `mark`, so that the cause is there for whoever looks.
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
            .then(|| self.cause.get().cloned())
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
        let mut subtree = vec![Arc::clone(self)];
        let first = self.mark(cause, &mut subtree);
        let mut next = 1;
        while let Some(node) = subtree.get(next).cloned() {
            if let Some(cause) = node.inherited_cause() {
                node.mark(cause, &mut subtree);
            }
            next += 1;
        }
        if first && let Some(parent) = &self.parent {
            let mut links = parent.lock();
            links.remove_child(self.slot);
            let deserted = links.if_deserted();
            drop(links);
            drop(deserted);
        }
        let mut calls = Vec::new();
        for node in &subtree {
            let links = mem::take(&mut *node.settle());
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

    /// Sets cause and mark, if none is set, and adds the children to `found`.
    fn mark(&self, cause: Cause, found: &mut Vec<Arc<Self>>) -> bool {
        let links = self.lock();
        let first = !self.is_marked();
        if first {
            // Under the lock and before the mark, so it was empty.
            let _ = self.cause.set(cause);
            // Release: publishes the cause to those who read the mark without the lock.
            self.mark.store(MARKED, Ordering::Release);
        }
        // An upgraded child goes to `found`, not out of scope: nothing is dropped under the lock.
        found.extend(
            links
                .children
                .iter()
                .filter_map(|(_, child)| child.upgrade()),
        );
        first
    }

    fn settle(&self) -> MutexGuard<'_, Links> {
        let links = self.lock();
        // Release: who sees it relies on the marks set below before.
        self.mark.store(SETTLED, Ordering::Release);
        links
    }

    /// What a node ends with when its parent has ended: the parent's cause, unless a nearer
    /// deadline of its own had passed before, unseen.
    fn inherited_cause(&self) -> Option<Cause> {
        let parent = self.parent.as_ref()?;
        let own = self.deadline.filter(|_| self.deadline != parent.deadline);
        if own.is_some_and(|deadline| deadline <= Instant::now()) {
            return Some(Cause::DeadlineExceeded);
        }
        parent.marked_cause()
    }

    /// What resolves when the node is marked; nothing if it is marked already.
    pub(super) fn notified(&self) -> Option<OwnedNotified> {
        let mut links = self.lock();
        // Made under the lock that the mark is set under: if the node is live here, then the ender
        // finds these waiters, and a future made now counts as waiting though nobody polled it.
        (!self.is_marked()).then(|| {
            let waiters = links.waiters.get_or_insert_default();
            Arc::clone(waiters).notified_owned()
        })
    }

    /// Hangs a watcher up, to be run at the end; gives the cause instead if that was before.
    pub(super) fn watch(self: &Arc<Self>, watcher: &Arc<Watcher>) -> Result<(), Cause> {
        let slot = {
            let mut links = self.lock();
            if let Some(cause) = self.marked_cause() {
                return Err(cause);
            }
            links.watchers.insert(Arc::clone(watcher))
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
        let mut links = self.lock();
        links.remove_watcher(slot);
        let deserted = links.if_deserted();
        drop(links);
        drop(deserted);
    }

    /// The numbers of children and of callbacks.
    pub(super) fn counts(&self) -> (usize, usize) {
        let links = self.lock();
        (links.children.len(), links.watchers.len())
    }

    fn lock(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a node that is being dropped out of the tree; gives its hold on the parent.
    fn leave(&mut self) -> Option<Arc<Self>> {
        let parent = self.parent.take()?;
        if *self.mark.get_mut() != LIVE {
            return Some(parent);
        }
        let links = self.links.get_mut();
        let watchers = mem::take(&mut links.unwrap_or_else(PoisonError::into_inner).watchers);
        // The watchers first: with the child gone as well the parent could look deserted.
        for (_, watcher) in watchers {
            if let Err(cause) = parent.watch(&watcher) {
                watcher.run(cause);
            }
        }
        let mut links = parent.lock();
        links.remove_child(self.slot);
        let deserted = links.if_deserted();
        drop(links);
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
