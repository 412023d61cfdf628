//! Counts of stretches of bytes, which can be put together.

use std::io::{self, Write};

/// What a stretch of bytes has in it; `opens` and `closes`: a word may reach out of it there.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) lines: u64,
    pub(crate) words: u64,
    pub(crate) bytes: u64,
    spaced: bool,
    opens: bool,
    closes: bool,
}

impl Count {
    fn of(bytes: &[u8]) -> Self {
        let mut count = Self {
            bytes: bytes.len() as u64,
            ..Self::default()
        };
        for byte in bytes {
            match byte {
                b' ' | b'\t'..=b'\r' => {
                    count.lines += u64::from(*byte == b'\n');
                    count.spaced = true;
                    count.closes = false;
                }
                b'!'..=b'~' if !count.closes => {
                    count.words += 1;
                    count.opens |= !count.spaced;
                    count.closes = true;
                }
                _ => {}
            }
        }
        count
    }

    /// This stretch and the one behind it: a word that ends one and begins the other is one word.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            lines: self.lines + next.lines,
            words: self.words + next.words - u64::from(self.closes && next.opens),
            bytes: self.bytes + next.bytes,
            spaced: self.spaced || next.spaced,
            opens: self.opens || (!self.spaced && next.opens),
            closes: next.closes || (!next.spaced && self.closes),
        }
    }
}

/// Counts what is written to it.
impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self = self.then(Self::of(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
