//! What the numbers were measured on, and with which versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, RefreshKind, System};

#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub system: String,
    /// Programs that wanted to run when the comparison began, in the mean of the last minute.
    pub load: f64,
}

impl Machine {
    pub fn look() -> Self {
        let cpus = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
        let seen = System::new_with_specifics(cpus);
        let cpu = seen.cpus().first().map(|cpu| cpu.brand().trim().to_owned());
        Self {
            cpu: cpu.unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: System::long_os_version().unwrap_or_else(|| "unknown".to_owned()),
            load: System::load_average().one,
        }
    }
}

/// The versions of the compiler and of every peer's crate.
pub fn versions() -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }

    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }

    const CRATES: [&str; 12] = [
        "actix",
        "actix-flow",
        "actix-rt",
        "async-channel",
        "crossbeam-channel",
        "futures",
        "kameo",
        "ractor",
        "rayon",
        "tokio",
        "tokio-util",
        "vuo",
    ];
    let lock: Lock = toml::from_str(include_str!("../Cargo.lock")).expect("cargo wrote it");
    let crates = lock.package.into_iter();
    let crates = crates.filter(|package| CRATES.contains(&package.name.as_str()));
    let mut versions: BTreeMap<_, _> = crates
        .map(|package| (package.name, package.version))
        .collect();
    let rustc = rustc_version_runtime::version().to_string();
    versions.insert("rustc".to_owned(), rustc);
    versions
}
