//! What belongs to a test, counted: without the feature `testing` a part is nothing and counts nothing.
//!
//! 1. A thread is in one scope at most; a test enters it, and whoever polls an actor of the test does.
//! 2. Parts count with atomics and take no lock when they are made, so that they can be made under one.

/// Something that must be gone when its test is.
#[cfg(not(feature = "testing"))]
#[derive(Clone, Debug, Default)]
pub(crate) struct Part;

#[cfg(not(feature = "testing"))]
impl Part {
    #[inline]
    pub(crate) fn context() -> Self {
        Self
    }

    #[inline]
    pub(crate) fn another(&self) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn actor(&self, _: impl FnOnce() -> String) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn enter(&self) -> Self {
        Self
    }
}

#[cfg(feature = "testing")]
pub(crate) use counted::{Entered, Part, TestScope};

#[cfg(feature = "testing")]
mod counted {
    use std::cell::RefCell;
    use std::fmt::{self, Write as _};
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::{Arc, Mutex, PoisonError};

    use slab::Slab;
    use tokio::sync::Notify;

    thread_local! {
        static CURRENT: RefCell<Option<Arc<TestScope>>> = const { RefCell::new(None) };
    }

    /// All that belongs to one test.
    #[derive(Debug, Default)]
    pub(crate) struct TestScope {
        contexts: AtomicUsize,
        items: AtomicUsize,
        actors: Mutex<Slab<String>>,
        panics: Mutex<Vec<String>>,
        changed: Notify,
    }

    fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    impl TestScope {
        pub(crate) fn current() -> Option<Arc<Self>> {
            CURRENT.try_with(|current| current.borrow().clone()).ok()?
        }

        /// Notes a panic of the thread that is in it.
        pub(crate) fn note_panic(&self, text: String) {
            lock(&self.panics).push(text);
        }

        pub(crate) fn panics(&self) -> Vec<String> {
            lock(&self.panics).clone()
        }

        /// What is alive still, none if nothing is.
        pub(crate) fn survivors(&self) -> Option<String> {
            let mut found = String::new();
            let actors: Vec<_> = lock(&self.actors).iter().map(|(_, a)| a.clone()).collect();
            if !actors.is_empty() {
                let _ = write!(found, "\n  {} actors: {}", actors.len(), actors.join(", "));
            }
            for (count, what) in [(&self.contexts, "contexts"), (&self.items, "tracked items")] {
                let count = count.load(SeqCst);
                if count > 0 {
                    let _ = write!(found, "\n  {count} {what}");
                }
            }
            (!found.is_empty()).then_some(found)
        }

        /// Waits until nothing of it is alive.
        pub(crate) async fn all_gone(&self) {
            loop {
                let mut changed = std::pin::pin!(self.changed.notified());
                changed.as_mut().enable();
                if self.survivors().is_none() {
                    return;
                }
                changed.await;
            }
        }
    }

    enum Kind {
        Context,
        Actor(usize),
        Item,
    }

    /// Something that must be gone when its test is.
    #[derive(Default)]
    pub(crate) struct Part(Option<(Arc<TestScope>, Kind)>);

    impl fmt::Debug for Part {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "Part({})", self.0.is_some())
        }
    }

    impl Part {
        fn of(scope: Option<&Arc<TestScope>>, kind: impl FnOnce(&TestScope) -> Kind) -> Self {
            Self(scope.map(|scope| (Arc::clone(scope), kind(scope))))
        }

        fn scope(&self) -> Option<&Arc<TestScope>> {
            self.0.as_ref().map(|(scope, _)| scope)
        }

        fn counted_context(scope: &TestScope) -> Kind {
            scope.contexts.fetch_add(1, SeqCst);
            Kind::Context
        }

        /// A root context, of the scope that this thread is in.
        pub(crate) fn context() -> Self {
            Self::of(TestScope::current().as_ref(), Self::counted_context)
        }

        /// Another context, of the same scope.
        pub(crate) fn another(&self) -> Self {
            Self::of(self.scope(), Self::counted_context)
        }

        /// An actor of the same scope.
        pub(crate) fn actor(&self, name: impl FnOnce() -> String) -> Self {
            Self::of(self.scope(), |scope| {
                Kind::Actor(lock(&scope.actors).insert(name()))
            })
        }

        /// An item, of the scope given.
        pub(crate) fn item(scope: Option<&Arc<TestScope>>) -> Self {
            Self::of(scope, |scope| {
                scope.items.fetch_add(1, SeqCst);
                Kind::Item
            })
        }

        /// Has this thread be in its scope.
        pub(crate) fn enter(&self) -> Entered {
            Entered::into(self.scope().cloned())
        }
    }

    impl Drop for Part {
        fn drop(&mut self) {
            let Some((scope, kind)) = self.0.take() else {
                return;
            };
            let last = match kind {
                Kind::Context => scope.contexts.fetch_sub(1, SeqCst) == 1,
                Kind::Item => scope.items.fetch_sub(1, SeqCst) == 1,
                Kind::Actor(number) => {
                    let mut actors = lock(&scope.actors);
                    actors.try_remove(number);
                    actors.is_empty()
                }
            };
            if last {
                scope.changed.notify_waiters();
            }
        }
    }

    /// A thread in a scope, for as long as this lives.
    pub(crate) struct Entered {
        before: Option<Option<Arc<TestScope>>>,
    }

    impl Entered {
        fn into(scope: Option<Arc<TestScope>>) -> Self {
            // None leaves the thread where it is.
            let before = scope.and_then(|scope| {
                let enter = |current: &RefCell<_>| current.replace(Some(scope));
                CURRENT.try_with(enter).ok()
            });
            Self { before }
        }
    }

    impl TestScope {
        /// Has this thread be in it.
        pub(crate) fn enter(self: &Arc<Self>) -> Entered {
            Entered::into(Some(Arc::clone(self)))
        }
    }

    impl fmt::Debug for Entered {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Entered")
        }
    }

    impl Drop for Entered {
        fn drop(&mut self) {
            if let Some(before) = self.before.take() {
                let _ = CURRENT.try_with(|current| current.replace(before));
            }
        }
    }
}
