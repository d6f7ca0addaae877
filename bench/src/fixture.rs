//! Fixture of the measured processes: emulators with data, a caller, and proxies of the emulators.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use local::client::Client;
use local::emulators::{Interceptor, Service};
use local::environment::Variables;
use local::stack::{Binaries, Options, Stack};
use local::streams::Mode;
use local::tasks::Task;
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::{Authority, Prepared, RecordingProxy, TlsProxy, workspace};
use tokio::net::TcpListener;

use crate::changes::changes;
use crate::environment::{Environment, Launch, Response};
use crate::event::{ORGANIZATION, of};
use crate::target::{CREATE, Target, Workload};

/// Number of the organization's projects: more than a page.
const PROJECTS: usize = 30;
/// Shortest time of a call through the recording proxy, so that concurrent calls overlap on any machine.
const PACE: Duration = Duration::from_millis(20);
/// File with the benchmark's authority.
const AUTHORITY: &str = "authority.pem";
/// File with the system's trusted roots and the benchmark's authority.
const SYSTEM_AUTHORITIES: &str = "system-authorities.pem";
/// Paths of systems' trusted roots.
const SYSTEM: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// Emulators and their data.
pub(crate) struct Fixture {
    pub(crate) stack: Stack,
    pub(crate) proxy: RecordingProxy,
    pub(crate) token: String,
    /// Id of a project of the organization.
    pub(crate) project: String,
    /// Recorded endpoints of DynamoDB and S3, with delays and without.
    recorded: [(String, Task); 2],
    watched: [(String, Task); 2],
    authority: Authority,
    folder: TempDir,
    creator: PathBuf,
    numbers: AtomicUsize,
}

/// Proxies in front of the emulators that count connections.
pub(crate) struct Proxies {
    dynamodb: TlsProxy,
    s3: TlsProxy,
    tls: bool,
}

/// Route from a process to the emulators.
pub(crate) enum Network<'p> {
    /// Without a proxy.
    Direct,
    /// Through the recording proxy, which delays each call.
    Recorded,
    /// Through the recording proxy, without delays.
    Watched,
    /// Through proxies that count connections.
    Counted(&'p Proxies),
}

impl Fixture {
    /// Starts emulators and creates projects in them.
    ///
    /// # Errors
    /// An emulator does not start, or no project can be created.
    pub(crate) async fn start(targets: &[Target]) -> Result<Self> {
        let proxy = RecordingProxy::new().request_capacity().pace(PACE);
        let folder = TempDir::new().context("can't create a folder")?;
        let mut options = Options::new(workspace().join("template.yaml"));
        // The stack's own functions only create what examples need. The benchmark starts the measured ones itself.
        for target in targets.iter().filter(|target| target.name == target.function) {
            std::fs::copy(&target.executable, folder.path().join(&target.name))?;
        }
        options.binaries = Binaries::Dir(folder.path().to_owned());
        options.streams = Mode::Manual;
        options.variables = Variables::from([("RATE_LIMIT".to_owned(), "1000000/10s".to_owned())]);
        let stack = Stack::start(options).await?;
        let creator =
            targets.iter().find(|target| target.name == CREATE).context("nothing creates projects")?;
        let authority = Authority::like_amazons()?;
        let system = SYSTEM.iter().find_map(|file| std::fs::read_to_string(file).ok());
        for (file, others) in [(AUTHORITY, None), (SYSTEM_AUTHORITIES, system)] {
            let others = others.unwrap_or_default();
            std::fs::write(folder.path().join(file), others + authority.certificate())?;
        }
        let mut fixture = Self {
            token: stack.token("alice", &[ORGANIZATION])?,
            project: String::new(),
            creator: creator.executable.clone(),
            numbers: AtomicUsize::default(),
            recorded: record(&proxy, &stack).await?,
            watched: record(&proxy.clone().pace(Duration::ZERO), &stack).await?,
            stack,
            proxy,
            authority,
            folder,
        };
        fixture.project = fixture.fill().await?;
        Ok(fixture)
    }

    /// Starts new proxies of the emulators, with or without TLS.
    ///
    /// # Errors
    /// No port is free.
    pub(crate) async fn proxies(&self, tls: bool) -> Result<Proxies> {
        let authority = tls.then_some(&self.authority);
        Ok(Proxies {
            dynamodb: TlsProxy::start(self.stack.dynamodb_endpoint(), authority).await?,
            s3: TlsProxy::start(self.stack.s3_endpoint(), authority).await?,
            tls,
        })
    }

    /// Starts new proxies of the emulators with TLS, to which round trips take these times.
    ///
    /// # Errors
    /// No port is free.
    pub(crate) async fn distant_proxies(&self, [dynamodb, s3]: [Duration; 2]) -> Result<Proxies> {
        let (stack, authority) = (&self.stack, &self.authority);
        Ok(Proxies {
            dynamodb: TlsProxy::start_distant(stack.dynamodb_endpoint(), authority, dynamodb).await?,
            s3: TlsProxy::start_distant(stack.s3_endpoint(), authority, s3).await?,
            tls: true,
        })
    }

    /// Returns the launch of a target.
    ///
    /// # Errors
    /// The template has no such function.
    pub(crate) fn launch(&self, target: &Target, network: &Network<'_>) -> Result<Launch> {
        self.launch_as(&target.function, target.executable.clone(), network)
    }

    /// Returns the event of a function's example, unique and with items of its own, and the status of its success. A
    /// function without a route gets all changes of the examples' rows that its stream delivers.
    ///
    /// # Errors
    /// There is no example, or one that it needs fails.
    pub(crate) async fn example(&self, function: &str) -> Result<(Bytes, u64)> {
        let template = self.stack.template();
        let declared = template.function(function).with_context(|| format!("no function {function}"))?;
        if declared.routes.is_empty() {
            let records: Vec<_> =
                changes(template, declared)?.into_iter().map(|change| change.record).collect();
            return Ok((batch(&records), 200));
        }
        let prepared = Prepared::of(&self.stack, &Client::new(self.stack.url()), function).await?;
        Ok((prepared.event()?.into(), prepared.status().into()))
    }

    /// Returns a number that no request has had.
    pub(crate) fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::SeqCst)
    }

    /// Sends a request of a workload to a function.
    ///
    /// # Errors
    /// There is no successful response.
    pub(crate) async fn invoke(
        &self,
        environment: &mut Environment,
        function: &str,
        workload: Workload,
    ) -> Result<Response> {
        let (event, status) = self.event(function, workload).await?;
        let response = environment.invoke(event).await.and_then(|response| response.checked(status));
        response.with_context(|| format!("{} of {function}", workload.label()))
    }

    /// Returns an event of a workload for a function, unlike any other, and the status of its success.
    ///
    /// # Errors
    /// The function's example can't be prepared.
    pub(crate) async fn event(&self, function: &str, workload: Workload) -> Result<(Bytes, u64)> {
        match of(workload, &self.project, self.number()) {
            Some((request, status)) => Ok((request.token(&self.token).event(), status)),
            None => self.example(function).await,
        }
    }

    fn launch_as(&self, function: &str, executable: PathBuf, network: &Network<'_>) -> Result<Launch> {
        let mut variables = self.stack.variables(function)?.clone();
        let mut set = |name: &str, value: String| drop(variables.insert(name.to_owned(), value));
        match network {
            Network::Direct => {}
            Network::Recorded | Network::Watched => {
                let [(dynamodb, _), (s3, _)] =
                    if matches!(network, Network::Recorded) { &self.recorded } else { &self.watched };
                set("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.clone());
                set("AWS_ENDPOINT_URL_S3", s3.clone());
            }
            Network::Counted(proxies) => {
                set("AWS_ENDPOINT_URL_DYNAMODB", proxies.dynamodb.url());
                set("AWS_ENDPOINT_URL_S3", proxies.s3.url());
                // For the functions, the baseline in Rust, and Node.js, which adds the file to its own roots. The functions
                // read and check one certificate in place of the five that they contain, so that init takes no longer.
                let trusted = [
                    ("AWS_CA_BUNDLE", AUTHORITY),
                    ("SSL_CERT_FILE", SYSTEM_AUTHORITIES),
                    ("NODE_EXTRA_CA_CERTS", AUTHORITY),
                ];
                for (name, file) in trusted.into_iter().filter(|_| proxies.tls) {
                    set(name, self.folder.path().join(file).display().to_string());
                }
            }
        }
        Ok(Launch { executable, variables, runner: Vec::new() })
    }

    /// Creates projects. Returns the id of the last one.
    async fn fill(&self) -> Result<String> {
        let launch = self.launch_as(CREATE, self.creator.clone(), &Network::Direct)?;
        let mut environment = Environment::start(&launch).await?;
        let mut last = String::new();
        for _ in 0..PROJECTS {
            last = self.invoke(&mut environment, CREATE, Workload::Create).await?.body;
        }
        environment.stop().await?;
        let project: Value = serde_json::from_str(&last).context("a new project is JSON")?;
        project["data"]["id"].as_str().map(str::to_owned).context("a new project has an id")
    }
}

/// Returns the event of these records of a stream.
pub(crate) fn batch(records: &[Value]) -> Bytes {
    json!({ "Records": records }).to_string().into()
}

/// Serves the recording proxy in front of both emulators, and returns its endpoints.
async fn record(proxy: &RecordingProxy, stack: &Stack) -> Result<[(String, Task); 2]> {
    let serve = async |service, upstream| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        anyhow::Ok((endpoint, proxy.serve(service, listener, upstream)?))
    };
    let dynamodb = serve(Service::DynamoDb, stack.dynamodb_endpoint()).await?;
    Ok([dynamodb, serve(Service::S3, stack.s3_endpoint()).await?])
}

impl Proxies {
    /// Returns the number of connections opened so far.
    pub(crate) fn opened(&self) -> usize {
        self.dynamodb.opened() + self.s3.opened()
    }

    /// Returns the durations of the TLS handshakes with DynamoDB so far, as seen from the server.
    pub(crate) fn set_ups(&self) -> Vec<Duration> {
        self.dynamodb.set_ups()
    }
}
