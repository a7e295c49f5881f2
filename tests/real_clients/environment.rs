//! What the clients need to run: their interpreter, and their packages at the versions that are written down.

use std::fmt;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A script of a client, ready to run.
#[derive(Debug)]
pub(super) struct Environment {
    interpreter: PathBuf,
    script: PathBuf,
}

/// Why a client cannot be had on this machine.
#[derive(Debug)]
pub(super) struct Unavailable {
    client: &'static str,
    reason: String,
}

impl Environment {
    /// Python with Authlib.
    pub(super) fn authlib() -> Result<Self, Unavailable> {
        let client = "authlib";
        let unavailable = |reason| Unavailable { client, reason };
        let source = clients().join(client);
        let requirements = source.join("requirements.txt");
        let version = output(Command::new("python3").arg("--version")).map_err(unavailable)?;
        let room = install(client, &[version, read(&requirements)], |room| {
            output(Command::new("python3").args(["-m", "venv"]).arg(room))?;
            output(Command::new(python_of(room)).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&requirements))
        });
        let interpreter = python_of(&room.map_err(unavailable)?);
        Ok(Self { interpreter, script: source.join("test_authlib.py") })
    }

    /// Node with oauth4webapi.
    pub(super) fn oauth4webapi() -> Result<Self, Unavailable> {
        Self::node("oauth4webapi", "oauth4webapi.test.mjs")
    }

    /// The same, with messages that the client or the server signs.
    #[cfg(feature = "jose")]
    pub(super) fn oauth4webapi_with_signatures() -> Result<Self, Unavailable> {
        Self::node("oauth4webapi", "signed.test.mjs")
    }

    /// The same, with assertions of an issuer that the server trusts.
    #[cfg(feature = "jose")]
    pub(super) fn oauth4webapi_with_assertions() -> Result<Self, Unavailable> {
        Self::node("oauth4webapi", "assertion.test.mjs")
    }

    /// The same, as the resource server of a server that signs its tokens.
    #[cfg(feature = "jose")]
    pub(super) fn oauth4webapi_as_a_resource() -> Result<Self, Unavailable> {
        Self::node("oauth4webapi", "issued.test.mjs")
    }

    /// The same, with client certificates.
    #[cfg(feature = "mtls")]
    pub(super) fn oauth4webapi_with_certificates() -> Result<Self, Unavailable> {
        Self::node("oauth4webapi", "mtls.test.mjs")
    }

    /// Node with openid-client.
    pub(super) fn openid_client() -> Result<Self, Unavailable> {
        Self::node("openid-client", "openid_client.test.mjs")
    }

    /// The same, through a whole flow of FAPI 2.0.
    #[cfg(feature = "jose")]
    pub(super) fn openid_client_with_fapi() -> Result<Self, Unavailable> {
        Self::node("openid-client", "fapi2.test.mjs")
    }

    /// Node with the SDK of the Model Context Protocol.
    pub(super) fn mcp() -> Result<Self, Unavailable> {
        Self::node("mcp", "mcp.test.mjs")
    }

    fn node(client: &'static str, script: &str) -> Result<Self, Unavailable> {
        let unavailable = |reason| Unavailable { client, reason };
        let source = clients().join(client);
        let version = output(Command::new("node").arg("--version")).map_err(unavailable)?;
        let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < 20) {
            return Err(unavailable(format!("node 20 or newer is needed, and this is {version}")));
        }
        let room = install(client, &[version, read(&source.join("package-lock.json"))], |room| {
            for name in ["package.json", "package-lock.json", ".npmrc"] {
                fs::copy(source.join(name), room.join(name)).unwrap();
            }
            output(Command::new("npm").arg("ci").current_dir(room))
        });
        let room = room.map_err(unavailable)?;
        // Node looks for packages beside the script.
        for name in ["browser.mjs", "fixtures.mjs", "loopback.mjs"] {
            fs::copy(clients().join("oauth4webapi").join(name), room.join(name)).unwrap();
        }
        fs::copy(source.join(script), room.join(script)).unwrap();
        Ok(Self { interpreter: "node".into(), script: room.join(script) })
    }

    /// The command that runs the client against the server at `base`, which was given `fixtures`.
    pub(super) fn command(&self, base: &str, fixtures: &Path) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg(&self.script).arg(base).arg(fixtures).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

impl Unavailable {
    /// Says so where everyone sees it: the test harness captures only what is printed by macros.
    pub(super) fn report(&self) {
        std::io::stderr().write_all(format!("SKIPPED: {self}\n").as_bytes()).unwrap();
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the client {} cannot be had: {}", self.client, self.reason)
    }
}

/// The clients and users that the server is given.
pub(super) fn fixtures() -> PathBuf {
    clients().join("fixtures")
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Makes a directory once for all that `wants` names, one process at a time.
fn install(
    client: &str,
    wants: &[String],
    fill: impl FnOnce(&Path) -> Result<String, String>,
) -> Result<PathBuf, String> {
    let mut hasher = DefaultHasher::new();
    wants.hash(&mut hasher);
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{client}-{:016x}", hasher.finish()));
    let lock = File::create(room.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let complete = room.join("complete");
    if !complete.exists() {
        let _ = fs::remove_dir_all(&room);
        fs::create_dir_all(&room).unwrap();
        fill(&room)?;
        File::create(complete).unwrap();
    }
    Ok(room)
}

fn python_of(room: &Path) -> PathBuf {
    room.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// What a command says, or why it cannot say it.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        return Ok(said);
    }
    Err(format!("{command:?}: {}\n{said}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}
