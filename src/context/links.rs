//! What hangs at a node: its children, its callbacks and who waits for it. Behind the node's lock.

use std::sync::{Arc, Mutex, Weak};

use slab::Slab;
use tokio::sync::{Notify, oneshot};

use super::callback::Callback;
use super::cause::Cause;
use super::node::Node;

/// A callback, and the node and slot where it hangs.
pub(super) type Watcher = Callback<(Weak<Node>, usize)>;

/// What is dropped after the lock: it wakes a task.
type Deserted = Option<oneshot::Sender<()>>;

/// What changes of a node. A tree is mostly leaves, which nobody waits for: they have no links.
#[derive(Default)]
pub(super) struct Inner {
    pub(super) cause: Option<Cause>,
    pub(super) links: Option<Box<Links>>,
}

impl Inner {
    pub(super) fn links(&mut self) -> &mut Links {
        self.links.get_or_insert_default()
    }

    pub(super) fn ended(cause: Cause) -> Mutex<Self> {
        let cause = Some(cause);
        Mutex::new(Self { cause, links: None })
    }

    #[must_use]
    pub(super) fn remove_child(&mut self, slot: usize) -> Deserted {
        let links = self.links.as_mut()?;
        remove(&mut links.children, slot);
        links.if_deserted()
    }

    #[must_use]
    pub(super) fn remove_watcher(&mut self, slot: usize) -> Deserted {
        let links = self.links.as_mut()?;
        remove(&mut links.watchers, slot);
        links.if_deserted()
    }
}

#[derive(Default)]
pub(super) struct Links {
    pub(super) children: Slab<Weak<Node>>,
    pub(super) watchers: Slab<Arc<Watcher>>,
    /// Made by the first that waits.
    pub(super) waiters: Option<Arc<Notify>>,
    /// Dropped when the last child and the last watcher have left.
    pub(super) deserted: Option<oneshot::Sender<()>>,
}

/// Beyond this many slots an emptied list gives its memory back.
const SLOTS_KEPT: usize = 64;

impl Links {
    fn if_deserted(&mut self) -> Deserted {
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
