//! What a supervisor's tree looks like, as data, text and DOT.

use std::fmt;
use std::sync::Arc;

use super::roster::{ChildState, Row};
use super::state::ServiceState;
use crate::context::Cause;
use crate::supervise::{Forsaken, Level};

/// One supervisor, actor or flow of a [`Tree`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TreeRow {
    /// The names from the root down to it. That of a root without a name is empty, and is left out
    /// of those below it.
    pub path: Arc<str>,
    /// Its own name.
    pub name: Arc<str>,
    /// How many supervisors are above it.
    pub depth: usize,
    /// What it is: `supervisor`, `actor` or `flow`.
    pub kind: &'static str,
    /// What it is about.
    pub state: ChildState,
    /// How often it was started again.
    pub restarts: u64,
    /// Its last failure.
    pub failure: Option<Cause>,
    /// Why it has ended, once it has.
    pub ending: Option<Cause>,
}

/// The `Tree` of a supervisor: what it owned when it was looked at, and what became of it.
///
/// It prints as text, a line for each, and as [DOT](Self::dot). Of the children that have ended, the
/// last 64 of each supervisor are in it.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = SupervisorSpec::new().named("service").start(&FlowContext::background())?;
/// let pool = service.nest("pool", SupervisorSpec::new())?;
/// pool.run_with("import", |_| Source::repeat_with(|| 1u64).drain())?;
/// assert_eq!(
///     service.tree().to_string(),
///     "service: supervisor, running\n  pool: supervisor, running\n    import: flow, running\n",
/// );
/// assert!(service.tree().row("service/pool/import").is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tree {
    rows: Vec<TreeRow>,
    forgotten: u64,
}

fn row(row: &Row, depth: usize) -> TreeRow {
    TreeRow {
        path: Arc::clone(&row.path),
        name: Arc::clone(&row.name),
        depth,
        kind: row.kind,
        state: row.state,
        restarts: row.starts.saturating_sub(1),
        failure: row.failure.clone(),
        ending: row.ending.clone(),
    }
}

/// The supervisor that was asked.
fn root(state: &ServiceState) -> TreeRow {
    let ending = state.outcome().cause().cloned();
    let (level, _) = state.ending();
    let name = state.path.rsplit('/').next().unwrap_or_default();
    TreeRow {
        path: Arc::clone(&state.path),
        name: Arc::from(name),
        depth: 0,
        kind: "supervisor",
        state: match ending {
            Some(_) => ChildState::Ended,
            None if level > Level::Running => ChildState::Ending,
            None => ChildState::Running,
        },
        restarts: 0,
        failure: ending.clone().filter(Cause::is_fault),
        ending,
    }
}

impl Tree {
    pub(super) fn of(state: &Arc<ServiceState>) -> Self {
        let mut forgotten = 0;
        let mut rows = Vec::new();
        // What is still to be written, the next last; a loop, since depth costs no stack.
        let mut ahead = vec![(root(state), Some(Arc::clone(state)))];
        while let Some((next, nested)) = ahead.pop() {
            let depth = next.depth + 1;
            rows.push(next);
            if let Some(state) = nested {
                let roster = state.roster();
                let below = roster.all().into_iter().rev();
                ahead.extend(below.map(|child| (row(child, depth), child.nested.clone())));
                forgotten += roster.forgotten();
            }
        }
        Self { rows, forgotten }
    }

    /// The supervisor that was asked, and all below it; each before those below it, children in the
    /// order in which they were started first.
    #[must_use]
    pub fn rows(&self) -> &[TreeRow] {
        &self.rows
    }

    /// The last one of this path.
    #[must_use]
    pub fn row(&self, path: &str) -> Option<&TreeRow> {
        self.rows.iter().rfind(|row| &*row.path == path)
    }

    /// How many children have ended that are not in it any more.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The tree in the language of Graphviz: one node each, an edge from each supervisor to its
    /// children.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = SupervisorSpec::new().named("service").start(&FlowContext::background())?;
    /// service.run_with("import", |_| Source::repeat_with(|| 1u64).drain())?;
    /// let dot = service.tree().dot();
    /// assert!(dot.contains("0 [label=\"service\\nsupervisor, running\"]"));
    /// assert!(dot.contains("0 -> 1"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn dot(&self) -> String {
        let mut dot = String::from("digraph supervision {\n  node [shape=box]\n");
        // The supervisors from the root to where the loop is.
        let mut above: Vec<usize> = Vec::new();
        for (n, row) in self.rows.iter().enumerate() {
            let label = format!("{}\n{}", shown(row), row.status());
            let label: String = label
                .chars()
                .map(|c| match c {
                    '"' => "\\\"".to_owned(),
                    '\\' => "\\\\".to_owned(),
                    '\n' => "\\n".to_owned(),
                    c => c.to_string(),
                })
                .collect();
            dot += &format!("  {n} [label=\"{label}\"]\n");
            above.truncate(row.depth);
            if let Some(parent) = above.last() {
                dot += &format!("  {parent} -> {n}\n");
            }
            above.push(n);
        }
        dot + "}\n"
    }
}

fn shown(row: &TreeRow) -> &str {
    if row.name.is_empty() {
        "supervisor"
    } else {
        &row.name
    }
}

impl TreeRow {
    /// Kind, state, restarts and the last failure.
    fn status(&self) -> String {
        let state = match self.state {
            ChildState::Running => "running",
            ChildState::Restarting => "restarting",
            ChildState::Ending => "ending",
            ChildState::Ended => "ended",
        };
        let mut status = format!("{}, {state}", self.kind);
        if let Some(ending) = &self.ending {
            status += &format!(": {ending}");
        }
        match self.restarts {
            0 => {}
            1 => status += ", 1 restart",
            more => status += &format!(", {more} restarts"),
        }
        let last = self.failure.as_ref().map(ToString::to_string);
        let told = self.ending.as_ref().map(ToString::to_string);
        if let Some(failure) = last.filter(|last| told.as_ref() != Some(last)) {
            status += &format!(", last: {failure}");
        }
        status
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let indent = 2 * row.depth;
            writeln!(f, "{:indent$}{}: {}", "", shown(row), row.status())?;
        }
        if self.forgotten > 0 {
            writeln!(f, "and {} more that have ended", self.forgotten)?;
        }
        Ok(())
    }
}
