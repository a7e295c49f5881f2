//! Examples as processes.
#![allow(unreachable_pub, reason = "a toolbox for the other files")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// A running example; it ends with the test.
pub struct Example {
    child: Child,
    /// Where it listens.
    pub base: String,
}

impl Example {
    pub fn server(switches: &[&str]) -> Self {
        let switches: Vec<_> = ["--listen", "127.0.0.1:0"].iter().chain(switches).copied().collect();
        Self::start("server", &switches)
    }

    pub fn blocking() -> Self {
        Self::start("blocking", &["127.0.0.1:0"])
    }

    fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child =
            command(name).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("listening on ").expect("it says where it listens").to_owned();
        Self { child, base }
    }

    /// Ends it, and gives what it wrote to standard error.
    pub fn end(mut self) -> String {
        self.child.kill().unwrap();
        let mut errors = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        std::io::Read::read_to_string(&mut pipe, &mut errors).unwrap();
        errors
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // It has ended already where the test took its output.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs an example that ends by itself, and gives what it wrote.
pub fn run(name: &str) -> String {
    let output = command(name).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Starts the example `server` with switches that it refuses, and so ends by itself.
pub fn refused(switches: &[&str]) -> Output {
    let mut command = command("server");
    command.args(["--listen", "127.0.0.1:0"]).args(switches).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    // It listens: it would not end by itself.
    if !line.is_empty() {
        child.kill().unwrap();
    }
    child.wait_with_output().unwrap()
}

/// Cargo builds examples beside the directory of tests.
fn command(example: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let path: PathBuf = tests.parent().unwrap().parent().unwrap().join("examples").join(example);
    let path = path.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.exists(), "{} is missing: build the examples first (`cargo build --examples`)", path.display());
    Command::new(path)
}

/// A file that is removed with the test.
pub struct Json(PathBuf);

impl Json {
    pub fn new(name: &str, content: &str) -> Self {
        let path = std::env::temp_dir().join(format!("grantor-{}-{name}.json", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
