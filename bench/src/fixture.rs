//! What the measured processes find around them: emulators with data, a caller, and ways to the emulators.
//! What must stay out: measuring.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use local::environment::Variables;
use local::stack::{Binaries, Options, Stack};
use serde_json::Value;
use tempfile::TempDir;
use testing::{Authority, RecordingProxy, TlsProxy, workspace};

use crate::environment::{Answer, Environment, Launch};
use crate::event::{ORGANIZATION, Request, of};
use crate::target::{CREATE, Target, Workload};

/// How many projects the organization has: more than a page.
const PROJECTS: usize = 30;
/// How long the tap keeps a call, so that what is under way together overlaps on any machine.
const PACE: Duration = Duration::from_millis(20);
/// What is trusted: the functions' own choice and the benchmark's authority, and for what trusts the system, its choice.
const AUTHORITIES: &str = "authorities.pem";
const SYSTEM_AUTHORITIES: &str = "system-authorities.pem";
/// Where systems have theirs.
const SYSTEM: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// The emulators and what is in them.
pub(crate) struct Fixture {
    pub(crate) stack: Stack,
    pub(crate) proxy: RecordingProxy,
    pub(crate) token: String,
    /// A project of the organization.
    pub(crate) project: String,
    authority: Authority,
    folder: TempDir,
    creator: PathBuf,
    numbers: AtomicUsize,
}

/// A way from a process to the emulators on which connections are counted.
pub(crate) struct Way {
    dynamodb: TlsProxy,
    s3: TlsProxy,
    tls: bool,
}

/// How a process gets to the emulators.
pub(crate) enum Network<'w> {
    /// As fast as can be.
    Direct,
    /// Through the tap, which makes each call take some time.
    Proxied,
    /// Through what counts connections.
    By(&'w Way),
}

impl Fixture {
    /// Starts emulators, and makes some projects in them.
    ///
    /// # Errors
    /// When an emulator does not start, or the function that creates projects does not create any.
    pub(crate) async fn set(targets: &[Target]) -> Result<Self> {
        let proxy = RecordingProxy::new().request_capacity().pace(PACE);
        let folder = TempDir::new().context("can't create a folder")?;
        let mut options = Options::new(workspace().join("template.yaml"));
        // The functions are started here, one by one, and not by the stack.
        options.binaries = Binaries::Dir(folder.path().to_owned());
        options.interceptor = Some(Arc::new(proxy.clone()));
        options.variables = Variables::from([("RATE_LIMIT".to_owned(), "1000000/10s".to_owned())]);
        let stack = Stack::start(options).await?;
        let creator =
            targets.iter().find(|target| target.name == CREATE).context("nothing creates projects")?;
        let authority = Authority::like_amazons()?;
        let system = SYSTEM.iter().find_map(|file| std::fs::read_to_string(file).ok());
        let own = std::fs::read_to_string(workspace().join("shared/src/storage/amazon-roots.pem"))?;
        for (file, others) in [(AUTHORITIES, own), (SYSTEM_AUTHORITIES, system.unwrap_or_default())] {
            std::fs::write(folder.path().join(file), others + authority.certificate())?;
        }
        let mut fixture = Self {
            token: stack.token("alice", &[ORGANIZATION])?,
            project: String::new(),
            creator: creator.executable.clone(),
            numbers: AtomicUsize::default(),
            stack,
            proxy,
            authority,
            folder,
        };
        fixture.project = fixture.fill().await?;
        Ok(fixture)
    }

    /// A new way to the emulators, over TLS or not.
    ///
    /// # Errors
    /// When no port is free.
    pub(crate) async fn way(&self, tls: bool) -> Result<Way> {
        let authority = tls.then_some(&self.authority);
        Ok(Way {
            dynamodb: TlsProxy::start(self.stack.dynamodb_endpoint(), authority).await?,
            s3: TlsProxy::start(self.stack.s3_endpoint(), authority).await?,
            tls,
        })
    }

    /// How to start `subject`.
    ///
    /// # Errors
    /// When the template has no such function.
    pub(crate) fn launch(&self, target: &Target, reach: &Network<'_>) -> Result<Launch> {
        self.launch_as(target.function, target.executable.clone(), reach)
    }

    /// The request of a work, like none before it.
    pub(crate) fn request(&self, workload: Workload) -> Request {
        of(workload, &self.project, self.number()).token(&self.token)
    }

    /// A number that no request has had yet.
    pub(crate) fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::SeqCst)
    }

    /// Asks for a work.
    ///
    /// # Errors
    /// When it is not done.
    pub(crate) async fn ask(&self, environment: &mut Environment, workload: Workload) -> Result<Answer> {
        let response = environment.ask(self.request(workload).event()).await?;
        // The floor knows no work, and answers all of it alike.
        ensure!(
            [200, workload.status()].contains(&response.status),
            "{workload:?} was answered {response:?}"
        );
        Ok(response)
    }

    fn launch_as(&self, function: &str, executable: PathBuf, reach: &Network<'_>) -> Result<Launch> {
        let mut variables = self.stack.variables(function)?.clone();
        let mut set = |name: &str, value: String| drop(variables.insert(name.to_owned(), value));
        match reach {
            Network::Proxied => {}
            Network::Direct => {
                set("AWS_ENDPOINT_URL_DYNAMODB", self.stack.dynamodb_endpoint().to_owned());
                set("AWS_ENDPOINT_URL_S3", self.stack.s3_endpoint().to_owned());
            }
            Network::By(way) => {
                set("AWS_ENDPOINT_URL_DYNAMODB", way.dynamodb.url());
                set("AWS_ENDPOINT_URL_S3", way.s3.url());
                // Of the functions, the peer in Rust and Node.js, which has its own beside it.
                let trusted = [
                    ("AWS_CA_BUNDLE", AUTHORITIES),
                    ("SSL_CERT_FILE", SYSTEM_AUTHORITIES),
                    ("NODE_EXTRA_CA_CERTS", AUTHORITIES),
                ];
                for (name, file) in trusted.into_iter().filter(|_| way.tls) {
                    set(name, self.folder.path().join(file).display().to_string());
                }
            }
        }
        Ok(Launch { executable, variables, under: Vec::new() })
    }

    /// Makes projects. Gives the id of the last one.
    async fn fill(&self) -> Result<String> {
        let launch = self.launch_as(CREATE, self.creator.clone(), &Network::Direct)?;
        let mut environment = Environment::start(&launch).await?;
        let mut last = String::new();
        for _ in 0..PROJECTS {
            last = self.ask(&mut environment, Workload::Create).await?.body;
        }
        environment.stop().await?;
        let project: Value = serde_json::from_str(&last).context("a new project is JSON")?;
        project["data"]["id"].as_str().map(str::to_owned).context("a new project has an id")
    }
}

impl Way {
    /// How many connections were opened on it so far.
    pub(crate) fn opened(&self) -> usize {
        self.dynamodb.opened() + self.s3.opened()
    }

    /// How long setting up connections to the tables took so far: of TLS, as seen from the server.
    pub(crate) fn set_ups(&self) -> Vec<Duration> {
        self.dynamodb.set_ups()
    }
}
