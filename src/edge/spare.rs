//! An emptied buffer that is kept for a batch to come.

/// Room for one: of two the larger is kept.
#[derive(Debug)]
pub(super) struct Spare<T>(Vec<T>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Spare<T> {
    /// Keeps a buffer in which there is nothing.
    pub(super) fn keep(&mut self, buffer: Vec<T>) {
        if buffer.capacity() > self.0.capacity() {
            self.0 = buffer;
        }
    }

    /// The buffer, or one without memory.
    pub(super) fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.0)
    }
}
