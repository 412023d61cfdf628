//! Items that are counted when they are made and when they are dropped.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::context::{Part, TestScope};

#[derive(Debug, Default)]
struct Counts {
    created: AtomicU64,
    dropped: AtomicU64,
    scope: Option<Arc<TestScope>>,
}

/// A `Census` counts the values that it tracks: how many were made, how many live.
///
/// What one that is made in a [`system`](super::system), or under a [`LeakCheck`](super::LeakCheck),
/// tracks must be dropped at the end of the test.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing::{self, Census};
///
/// testing::system(|| async {
///     let census = Census::new();
///     let items = census.clone();
///     let flow = Source::from_iter((0..9u64).map(move |n| items.track(n)))
///         .filter(|n| **n % 2 == 0)
///         .count();
///     let running = flow.run(&FlowContext::background()).expect("it starts");
///     assert_eq!(running.await.expect("it completes"), 5);
///     assert_eq!((census.created(), census.alive()), (9, 0));
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Census(Arc<Counts>);

impl Census {
    /// A census of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Counts {
            scope: TestScope::current(),
            ..Counts::default()
        }))
    }

    /// Counts a value from now on until it is dropped. Its clones count too.
    pub fn track<T>(&self, value: T) -> Tracked<T> {
        self.0.created.fetch_add(1, SeqCst);
        Tracked {
            value,
            entry: Entry {
                _part: Part::item(self.0.scope.as_ref()),
                census: self.clone(),
            },
        }
    }

    /// How many values it has tracked.
    #[must_use]
    pub fn created(&self) -> u64 {
        self.0.created.load(SeqCst)
    }

    /// How many of them were not dropped yet.
    #[must_use]
    pub fn alive(&self) -> u64 {
        self.created() - self.0.dropped.load(SeqCst)
    }

    /// Fails the test if one of them is alive.
    ///
    /// # Panics
    ///
    /// If one is.
    #[track_caller]
    pub fn assert_none_alive(&self) {
        let (alive, created) = (self.alive(), self.created());
        assert!(alive == 0, "{alive} of {created} tracked items are alive");
    }
}

impl Default for Census {
    fn default() -> Self {
        Self::new()
    }
}

/// What a tracked value has beside it.
struct Entry {
    _part: Part,
    census: Census,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.census.0.dropped.fetch_add(1, SeqCst);
    }
}

/// A `Tracked` value is counted by its [`Census`] until it is dropped.
///
/// It derefs to the value, and compares, hashes and prints as it does.
pub struct Tracked<T> {
    value: T,
    entry: Entry,
}

impl<T> Tracked<T> {
    /// Gives the value, which counts as dropped.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Tracked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Tracked<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Clone> Clone for Tracked<T> {
    fn clone(&self) -> Self {
        self.entry.census.track(self.value.clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Tracked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: PartialEq> PartialEq<T> for Tracked<T> {
    fn eq(&self, other: &T) -> bool {
        self.value == *other
    }
}

impl<T: Eq> Eq for Tracked<T> {}

impl<T: PartialOrd> PartialOrd for Tracked<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Tracked<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: Hash> Hash for Tracked<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}
