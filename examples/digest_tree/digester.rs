//! The worker: one file after the other through one buffer.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_flow::{CancelHandle, Cause, FlowContext};
use sha2::{Digest as _, Sha256};

use crate::tally::Tally;
use crate::walk::Failure;

/// How much is read between two looks at the context.
const CHUNK: usize = 128 * 1024;

/// A file and its digest.
#[derive(Debug)]
pub(crate) struct Digested {
    pub(crate) path: PathBuf,
    pub(crate) digest: [u8; 32],
}

pub(crate) struct Digester {
    context: FlowContext,
    tally: Arc<Tally>,
    cancel: Option<CancelHandle>,
    buffer: Box<[u8]>,
}

impl Digester {
    pub(crate) fn new(
        context: &FlowContext,
        tally: &Arc<Tally>,
        cancel: Option<&CancelHandle>,
    ) -> Self {
        Self {
            context: context.clone(),
            tally: Arc::clone(tally),
            cancel: cancel.cloned(),
            buffer: vec![0; CHUNK].into(),
        }
    }

    /// Digests a file, unless the walk has failed at it.
    pub(crate) fn digest(
        &mut self,
        file: Result<PathBuf, Failure>,
    ) -> Result<Digested, Arc<Failure>> {
        let digested = file.and_then(|path| match self.read(&path) {
            Ok(digest) => Ok(Digested { path, digest }),
            Err(error) => Err(Failure::new(path, error)),
        });
        match digested {
            Ok(digested) => {
                self.tally.digested();
                Ok(digested)
            }
            Err(failure) => Err(self.failed(Arc::new(failure))),
        }
    }

    /// Cancels the flow if one failure is enough.
    fn failed(&self, failure: Arc<Failure>) -> Arc<Failure> {
        if let Some(cancel) = &self.cancel {
            cancel.cancel(Cause::Failed {
                stage: "digest".into(),
                error: Arc::clone(&failure) as _,
            });
        }
        failure
    }

    fn read(&mut self, path: &Path) -> io::Result<[u8; 32]> {
        let mut file = File::open(path)?;
        let mut sha256 = Sha256::new();
        loop {
            // Whoever cancels the flow sees the file as failed, if anybody still looks at it.
            self.context.err().map_err(io::Error::other)?;
            match file.read(&mut self.buffer) {
                Ok(0) => return Ok(sha256.finalize().into()),
                Ok(length) => {
                    sha256.update(&self.buffer[..length]);
                    self.tally.read(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
