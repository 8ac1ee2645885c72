//! A program that answers a line of JSON with a line of JSON; for checkers that answer otherwise than engines do.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// Where `setup.sh` put the engines.
pub fn directory() -> PathBuf {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/engines");
    std::env::var_os("SIGMAGLOT_ENGINES_DIR").map_or_else(default, PathBuf::from)
}

/// A file of this folder.
pub fn program(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/engines").join(name).display().to_string()
}

/// How much of a program's last words is told, in characters.
const SAID: usize = 2000;

/// The running program.
pub struct Pipe {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Pipe {
    /// Starts it; `None` where there is no such program. The error says in the program's own words why it does not start.
    pub fn start(command: &[String]) -> Result<Option<Pipe>, String> {
        let [program, arguments @ ..] = command else { return Err("no program".into()) };
        let mut start = Command::new(program);
        start.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match start.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(mut stderr)) = (stdin, stdout, stderr) else {
            return Err("no pipes".into());
        };
        let said = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stderr.read_to_end(&mut said); // what came before an error counts
            String::from_utf8_lossy(&said).chars().take(SAID).collect::<String>()
        });
        let mut pipe = Pipe { child, stdin, stdout: BufReader::new(stdout) };
        match pipe.answer() {
            Ok(_) => Ok(Some(pipe)),
            Err(words) => {
                drop(pipe); // which ends it, and so its words
                Err(format!("{words}; it said: {}", said.join().unwrap_or_default().trim()))
            }
        }
    }

    /// Sends a line and reads one.
    pub fn ask(&mut self, request: &Value) -> Result<Value, String> {
        writeln!(self.stdin, "{request}").and_then(|()| self.stdin.flush()).map_err(|e| e.to_string())?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).map_err(|e| e.to_string())?;
        let answer: Value = serde_json::from_str(&line).map_err(|e| format!("{e}: {line:?}"))?;
        match answer.get("error") {
            Some(error) => Err(error.to_string()),
            None => Ok(answer),
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}
