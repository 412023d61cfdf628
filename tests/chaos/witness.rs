//! Says of which flow a panic or a hang is.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long one flow may take, with all that is done about it.
const LIMIT: Duration = Duration::from_secs(180);

/// Knows a flow while it runs; one that hangs ends the process, whatever hangs.
pub(super) struct Witness {
    said: Arc<Mutex<String>>,
    _over: Sender<()>,
}

impl Witness {
    pub(super) fn of(seed: u64) -> Self {
        let said = format!("ACTIX_FLOW_SEED={seed} ACTIX_FLOW_FLOWS=1:");
        let said = Arc::new(Mutex::new(said));
        let (over, watch) = channel();
        let watched = Arc::clone(&said);
        std::thread::spawn(move || {
            if watch.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                eprintln!("no end: {}", watched.lock().unwrap());
                std::process::abort();
            }
        });
        Self { said, _over: over }
    }

    pub(super) fn note(&self, more: &str) {
        self.said.lock().unwrap().push_str(more);
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.said.lock().unwrap());
        }
    }
}
