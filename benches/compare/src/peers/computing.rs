//! Computing beside tasks of tokio.

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::work;

/// As many computations at a time as there are cores. `spawn_blocking` has up to 512 threads: its
/// documentation says to limit what computes, and names a semaphore for it.
#[derive(Clone)]
pub struct Computing(Arc<Semaphore>);

impl Default for Computing {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }
}

impl Computing {
    pub async fn digest(self, n: u64) -> u64 {
        let permit = self.0.acquire_owned().await;
        let permit = permit.expect("nobody closes it");
        let digest = spawn_blocking(move || {
            let _until_it_is_done = permit;
            work::digest(n)
        });
        digest.await.expect("it does not panic")
    }
}
