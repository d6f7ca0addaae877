//! AWS's Runtime Interface Emulator, which runs in the containers of `sam local`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use local::environment;
use local::stack::Stack;
use serde_json::Value;
use tempfile::NamedTempFile;
use testing::{Client, binaries, neighboring_ports, options};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Path of invocations, the same for every function.
const INVOCATIONS: &str = "/2015-03-31/functions/function/invocations";
/// Longest time until the emulator listens, in steps of [`STEP`].
const STEPS: u32 = 500;
const STEP: Duration = Duration::from_millis(20);

/// Variables of a function, by name.
type Variables = BTreeMap<String, String>;

/// Tools that `scripts/replay-events` provides.
pub(crate) struct Tools {
    emulator: PathBuf,
    /// Variables that `sam local invoke` gives each function, by its logical id.
    variables: BTreeMap<String, Variables>,
}

impl Tools {
    pub(crate) fn from_environment() -> Result<Self> {
        let path = |name| environment::variable(name).with_context(|| format!("{name} is not set"));
        let variables = std::fs::read(path("SAM_VARIABLES")?).context("can't read SAM_VARIABLES")?;
        Ok(Self { emulator: path("LAMBDA_RIE")?.into(), variables: serde_json::from_slice(&variables)? })
    }

    /// Invokes a function in an emulator of its own, on tables and a bucket of its own.
    pub(crate) async fn response(&self, function: &str, event: &Value) -> Result<Value> {
        let stack = Stack::start(options(&[])?).await?;
        let variables = self.variables(function, &stack)?;
        let executable = binaries()?.join(function);
        let emulator = Emulator::start(self, &executable, &variables).await?;
        stack.seed(stack.template()).await?;
        let response = emulator.invoke(event.to_string()).await;
        emulator.stop().await?;
        stack.stop().await;
        response
    }

    /// Returns `sam`'s variables for the function, with the addresses of this stack's emulators.
    fn variables(&self, function: &str, stack: &Stack) -> Result<Variables> {
        let function = stack.template().function(function).context("there is no function")?;
        let mut variables = self.variables.get(&function.id).context("sam knows no such function")?.clone();
        for (name, endpoint) in [
            ("AWS_ENDPOINT_URL_DYNAMODB", stack.dynamodb_endpoint()),
            ("AWS_ENDPOINT_URL_S3", stack.s3_endpoint()),
        ] {
            if let Some(value) = variables.get_mut(name) {
                endpoint.clone_into(value);
            }
        }
        Ok(variables)
    }
}

/// A running emulator.
struct Emulator {
    process: Child,
    client: Client,
    log: NamedTempFile,
}

impl Emulator {
    async fn start(tools: &Tools, executable: &Path, variables: &Variables) -> Result<Self> {
        let [own, runtime_api] = neighboring_ports()?.map(|port| format!("127.0.0.1:{port}"));
        let log = NamedTempFile::new()?;
        let mut command = Command::new(&tools.emulator);
        command.args(["--log-level", "info", "--runtime-interface-emulator-address", &own]);
        command.args(["--runtime-api-address", &runtime_api]).arg(executable);
        command.env_clear().envs(variables).stdin(Stdio::null());
        command.stdout(log.reopen()?).stderr(log.reopen()?);
        let process = command.spawn().context("can't run the emulator")?;
        let emulator = Self { process, client: Client::new(&format!("http://{own}")), log };
        emulator.wait_for(&own).await?;
        Ok(emulator)
    }

    async fn wait_for(&self, address: &str) -> Result<()> {
        for _ in 0..STEPS {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(STEP).await;
        }
        bail!("the emulator does not listen: {}", self.log()?)
    }

    async fn invoke(&self, event: String) -> Result<Value> {
        let response = self.client.post(INVOCATIONS).body("application/json", event).send().await?.json();
        // The emulator returns 200 for a failed function too.
        if response.get("statusCode").is_none() {
            bail!("the function returned {response}: {}", self.log()?);
        }
        Ok(response)
    }

    fn log(&self) -> Result<String> {
        let mut text = String::new();
        File::open(self.log.path())?.read_to_string(&mut text)?;
        Ok(text)
    }

    async fn stop(mut self) -> Result<()> {
        self.end()?;
        self.process.wait().await?;
        Ok(())
    }

    /// Terminates the emulator, which then ends the function. If it were killed, the function would remain.
    fn end(&self) -> Result<()> {
        let id = self.process.id().context("the emulator has ended")?.to_string();
        std::process::Command::new("kill").args(["-TERM", &id]).status()?;
        Ok(())
    }
}

/// Ends the emulator of a failed test too.
impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.end());
    }
}
