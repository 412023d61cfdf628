//! The values a context carries, one per type.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

/// An immutable table, copied when a value is added: it holds one entry per type, so it is as short
/// as the program has value types, lookups follow no chain, and a shadowed value is freed with
/// the last context that shows it.
#[derive(Clone, Default)]
pub(super) struct Values(Option<Arc<[Entry]>>);

#[derive(Clone)]
struct Entry {
    id: TypeId,
    name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

impl Values {
    pub(super) fn with<V: Send + Sync + 'static>(&self, value: V) -> Self {
        let id = TypeId::of::<V>();
        let kept = self.entries().iter().filter(|entry| entry.id != id);
        let added = Entry {
            id,
            name: type_name::<V>(),
            value: Arc::new(value),
        };
        Self(Some(kept.cloned().chain([added]).collect()))
    }

    pub(super) fn get<V: Send + Sync + 'static>(&self) -> Option<Arc<V>> {
        let id = TypeId::of::<V>();
        let entry = self.entries().iter().find(|entry| entry.id == id)?;
        Arc::clone(&entry.value).downcast().ok()
    }

    fn entries(&self) -> &[Entry] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Shows the types alone: a value may be a secret.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.entries().iter().map(|entry| entry.name))
            .finish()
    }
}
