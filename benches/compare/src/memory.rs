//! Resident memory of this process.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::outcome::Sample;

/// Bytes of this process that are in memory.
pub fn resident() -> u64 {
    let mut system = System::new();
    resident_by(&mut system)
}

fn resident_by(system: &mut System) -> u64 {
    let own = Pid::from_u32(std::process::id());
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), false, memory);
    system.process(own).map_or(0, sysinfo::Process::memory)
}

/// A thread that notes every 10 ms how far resident memory has grown.
pub struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<Vec<Sample>>,
}

impl Watch {
    pub fn start() -> Self {
        let mut system = System::new();
        let (stop, stopped) = channel();
        let (ready, is_ready) = channel();
        let thread = std::thread::spawn(move || {
            let before = resident_by(&mut system);
            let start = Instant::now();
            let mut curve = Vec::with_capacity(1024);
            let _ = ready.send(());
            loop {
                let ended = stopped.recv_timeout(Duration::from_millis(10));
                curve.push(Sample {
                    ms: start.elapsed().as_secs_f64() * 1e3,
                    bytes: resident_by(&mut system).saturating_sub(before),
                });
                if !matches!(ended, Err(RecvTimeoutError::Timeout)) {
                    return curve;
                }
            }
        });
        let _ = is_ready.recv();
        Self { stop, thread }
    }

    pub fn stop(self) -> Vec<Sample> {
        drop(self.stop);
        self.thread.join().expect("the watch does not panic")
    }
}
