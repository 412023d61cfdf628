//! What is said of a part that is checked, since no one can see it from outside.

/// What is said of a part.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) name: String,
    /// Whether the order of its outputs is its own.
    pub(super) unordered: bool,
    /// Whether its outputs depend on time.
    pub(super) varies: bool,
    pub(super) endless: bool,
    /// The most items that it makes.
    pub(super) most: u64,
    /// The smallest window that it works with.
    pub(super) window: usize,
    /// Whether it has other threads.
    pub(super) real: bool,
    pub(super) isolates: bool,
    pub(super) left_out: Vec<(String, String)>,
}

impl Options {
    pub(super) fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            unordered: false,
            varies: false,
            endless: false,
            most: u64::MAX,
            window: 1,
            real: false,
            isolates: false,
            left_out: Vec::new(),
        }
    }

    /// Outputs, as they are to be compared.
    pub(super) fn comparable(&self, mut outputs: Vec<String>) -> Vec<String> {
        if self.unordered {
            outputs.sort();
        }
        if self.varies {
            outputs.fill("an item".to_owned());
        }
        outputs
    }
}

/// The options that each kind of part has.
macro_rules! options {
    ($part:ident<$($type:ident $(: $bound:path)?),*>) => {
        impl<$($type $(: $bound + Send + 'static)?),*> $part<$($type),*> {
            /// Says that the order of its outputs is its own: they are compared as a set.
            pub fn unordered(mut self) -> Self {
                self.options.unordered = true;
                self
            }

            /// Says that its outputs depend on time: only their number is compared.
            pub fn varying(mut self) -> Self {
                self.options.varies = true;
                self
            }

            /// Says the smallest window that it works with, as that of a stage with `n` futures at
            /// once is `n`; 1 where this is not said.
            pub fn smallest_window(mut self, items: usize) -> Self {
                self.options.window = items;
                self
            }

            /// Says that it has arbiters or threads of its own: the clock is that of the world, and
            /// no case has a seeded schedule.
            pub fn on_real_clock(mut self) -> Self {
                self.options.real = true;
                self
            }

            /// Leaves a case out, for a reason that the verdict will say.
            pub fn without(mut self, case: &str, reason: &str) -> Self {
                self.options.left_out.push((case.to_owned(), reason.to_owned()));
                self
            }

            /// Runs all cases, each in a System of its own.
            pub fn check(&self) -> Verdict {
                run(self, &self.options, &self.cases())
            }
        }
    };
}

pub(super) use options;
