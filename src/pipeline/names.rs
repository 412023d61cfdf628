//! Which stages the names of a flow stand for.

use std::collections::HashMap;
use std::sync::Arc;

use super::StartError;
use crate::flow::Node;

/// Which stages a name or a group stands for.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(super) stages: HashMap<Arc<str>, Vec<u32>>,
    pub(super) groups: HashMap<Arc<str>, Vec<u32>>,
}

impl Names {
    pub(super) fn add(
        &mut self,
        index: u32,
        name: &Arc<str>,
        whole: Option<&Arc<str>>,
        node: &Node,
    ) -> Result<(), StartError> {
        let taken = self.stages.insert(Arc::clone(name), vec![index]);
        if taken.is_some() {
            // A name with a slash that is that of a part.
            let name = Arc::clone(name);
            return Err(StartError::DuplicateName { name });
        }
        let part = node.attrs.part.as_ref();
        if let (Some(whole), Some(part)) = (whole, part)
            && part.worker
        {
            let workers = self.stages.entry(Arc::clone(whole)).or_default();
            workers.push(index);
            let workers = self.groups.entry(Arc::clone(whole)).or_default();
            workers.push(index);
        }
        // Of a composite it is the workers that a group quits.
        if let Some(group) = &node.said().group
            && part.is_none_or(|part| part.worker)
        {
            let group = self.groups.entry(Arc::clone(group)).or_default();
            group.push(index);
        }
        Ok(())
    }
}
