//! The digests as `sha256sum` prints them.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::digester::Digested;

/// Digests in the order of their paths' bytes.
pub(crate) struct Listing(Vec<Digested>);

/// Not the order of [`Path`], which compares component by component.
fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

impl Listing {
    pub(crate) fn new(mut list: Vec<Digested>) -> Self {
        list.sort_unstable_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
        Self(list)
    }

    pub(crate) fn write(&self, out: impl Write) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(64 * 1024, out);
        for Digested { path, digest } in &self.0 {
            write_line(&mut out, bytes(path), digest)?;
        }
        out.flush()
    }
}

/// `HASH  PATH`, where a backslash before the line says that the path holds escapes.
fn write_line(out: &mut impl Write, path: &[u8], digest: &[u8; 32]) -> io::Result<()> {
    let special = |byte: &u8| matches!(byte, b'\\' | b'\n' | b'\r');
    let escaped = path.iter().any(special);
    if escaped {
        out.write_all(b"\\")?;
    }
    let mut hash = [0; 64];
    for (pair, byte) in hash.chunks_exact_mut(2).zip(digest) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    out.write_all(&hash)?;
    out.write_all(b"  ")?;
    if escaped {
        for byte in path {
            match byte {
                b'\\' => out.write_all(b"\\\\")?,
                b'\n' => out.write_all(b"\\n")?,
                b'\r' => out.write_all(b"\\r")?,
                _ => out.write_all(&[*byte])?,
            }
        }
    } else {
        out.write_all(path)?;
    }
    out.write_all(b"\n")
}
