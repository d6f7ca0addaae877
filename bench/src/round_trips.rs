//! Round trips to the emulators and DynamoDB's capacity units of every kind of request, counted on the wire.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::{Value, json};
use testing::{CallTiming, Service, sequential};

use crate::changes::changes;
use crate::cold::count;
use crate::environment::{Environment, Launch};
use crate::event::{ORGANIZATION, Request};
use crate::fixture::{Fixture, Network, batch};
use crate::seeds::projects;
use crate::series::{Samples, Unit};
use crate::target::{CREATE, LIST, SMALL, Target, UPLOAD};

/// Function whose example changes a name.
const UPDATE: &str = "update-project";

/// Measurement of processes behind the recording proxy.
pub(crate) struct RoundTrips<'s> {
    fixture: &'s Fixture,
    targets: &'s [Target],
    samples: &'s mut Samples,
}

impl<'s> RoundTrips<'s> {
    pub(crate) fn new(fixture: &'s Fixture, targets: &'s [Target], samples: &'s mut Samples) -> Self {
        Self { fixture, targets, samples }
    }

    /// Counts the calls and units of each kind of request.
    ///
    /// # Errors
    /// A response has an unexpected status.
    pub(crate) async fn count(&mut self) -> Result<()> {
        self.lists().await?;
        self.creations().await?;
        self.uploads().await?;
        self.counters().await?;
        self.examples().await?;
        self.update_without_name().await
    }

    async fn lists(&mut self) -> Result<()> {
        let mut function = self.start(LIST, &[]).await?;
        let all = self.fixture.stack.token("lists", &[ORGANIZATION, "nothing", "hundred"])?;
        let list = |organization, query| Request::list(organization, query).token(&all);
        self.note("list, no project", &mut function, &list("nothing", ""), 200).await?;
        self.note("list, 20 projects", &mut function, &list(ORGANIZATION, ""), 200).await?;
        projects(self.fixture, "hundred", 200).await?;
        self.note("list, 100 projects", &mut function, &list("hundred", "limit=100"), 200).await
    }

    async fn creations(&mut self) -> Result<()> {
        let mut function = self.start(CREATE, &[]).await?;
        let token = self.fixture.stack.token("creations", &[ORGANIZATION])?;
        let create = |name: &str| Request::create(name).token(&token);
        let once = create("Once").header("idempotency-key", "creation");
        self.note("create", &mut function, &create("Plain"), 201).await?;
        self.note("create, idempotent", &mut function, &once, 201).await?;
        self.note("create, replayed", &mut function, &once, 201).await?;
        self.note("create, the name is taken", &mut function, &create("plain"), 409).await?;
        let bad = create("").header("content-type", "application/json");
        self.note("create, refused as invalid", &mut function, &bad, 400).await
    }

    async fn uploads(&mut self) -> Result<()> {
        let mut function = self.start(UPLOAD, &[]).await?;
        let token = self.fixture.stack.token("uploads", &[ORGANIZATION])?;
        let upload = |project: &str, number| Request::upload(project, SMALL, number).token(&token);
        let once = upload(&self.fixture.project, 2).header("idempotency-key", "upload");
        self.note("upload", &mut function, &upload(&self.fixture.project, 1), 201).await?;
        self.note("upload, idempotent", &mut function, &once, 201).await?;
        self.note("upload, replayed", &mut function, &once, 201).await?;
        let nowhere = "00000000-0000-7000-8000-000000000000";
        self.note("upload, no such project", &mut function, &upload(nowhere, 3), 404).await
    }

    /// Measures the example of each function with a route, and each change that a stream delivers.
    async fn examples(&mut self) -> Result<()> {
        let template = self.fixture.stack.template();
        for function in &template.functions {
            let (name, mut environment) = (&function.binary, self.start(&function.binary, &[]).await?);
            if function.routes.is_empty() {
                for change in changes(template, function)? {
                    self.fixture.stack.seed(template).await?;
                    let case = format!("{name}, {}", change.name);
                    self.note_event(&case, &mut environment, batch(&[change.record]), 200).await?;
                }
                continue;
            }
            // From the second request on, the environment knows the caller's counter.
            environment.invoke(self.fixture.example(name).await?.0).await?;
            let (event, status) = self.fixture.example(name).await?;
            self.note_event(name, &mut environment, event, status).await?;
        }
        Ok(())
    }

    /// Measures a change of a project that keeps its name. The one in the example has a new name.
    async fn update_without_name(&mut self) -> Result<()> {
        let mut function = self.start(UPDATE, &[]).await?;
        function.invoke(self.fixture.example(UPDATE).await?.0).await?;
        let (event, status) = self.fixture.example(UPDATE).await?;
        let mut event: Value = serde_json::from_slice(&event)?;
        event["body"] = json!({"description": "Another one"}).to_string().into();
        let case = format!("{UPDATE}, the same name");
        self.note_event(&case, &mut function, event.to_string().into(), status).await
    }

    /// Measures the counter, beside a list without items, which costs half a read unit.
    async fn counters(&mut self) -> Result<()> {
        let limited = [("RATE_LIMIT", "3/86400s")];
        let (mut one, mut other) = (self.start(LIST, &limited).await?, self.start(LIST, &limited).await?);
        let token = self.fixture.stack.token("counters", &["nothing"])?;
        let list = Request::list("nothing", "").token(&token);
        self.note("counter: a new caller", &mut one, &list, 200).await?;
        self.note("counter: one that this environment knows", &mut one, &list, 200).await?;
        self.note("counter: one that only another environment knows", &mut other, &list, 200).await?;
        self.note("counter: over the limit", &mut one, &list, 429).await?;
        self.note("counter: known to be over the limit", &mut one, &list, 429).await?;
        let anonymous = Request::list("nothing", "");
        self.note("counter: no token", &mut one, &anonymous, 401).await?;
        let foreign =
            Request::list(ORGANIZATION, "").token(&self.fixture.stack.token("foreign", &["nothing"])?);
        self.note("counter: no member", &mut one, &foreign, 403).await?;
        self.rolling().await
    }

    /// Measures a caller that this environment knows from the previous window.
    async fn rolling(&mut self) -> Result<()> {
        let mut function = self.start(LIST, &[("RATE_LIMIT", "1000/1s")]).await?;
        let list = Request::list("nothing", "").token(&self.fixture.stack.token("rolling", &["nothing"])?);
        function.invoke(list.event()).await?;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        self.note("counter: known from the window before", &mut function, &list, 200).await
    }

    async fn start(&self, function: &str, variables: &[(&str, &str)]) -> Result<Environment> {
        let target = self.targets.iter().find(|target| target.name == function);
        let mut launch: Launch =
            self.fixture.launch(target.context("it is not measured")?, &Network::Recorded)?;
        launch
            .variables
            .extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Environment::start(&launch).await
    }

    async fn note(
        &mut self,
        case: &str,
        function: &mut Environment,
        request: &Request,
        status: u64,
    ) -> Result<()> {
        self.note_event(case, function, request.event(), status).await
    }

    async fn note_event(
        &mut self,
        case: &str,
        function: &mut Environment,
        event: Bytes,
        status: u64,
    ) -> Result<()> {
        self.fixture.proxy.clear();
        let response = function.invoke(event).await.with_context(|| case.to_owned())?;
        ensure!(response.status == status, "{case} returned {response:?}");
        let calls = self.fixture.proxy.timings();
        let of = |service| calls.iter().filter(|timing| timing.call.service == service).count();
        let mut note = |measure: &str, unit, sample| self.samples.note(measure, unit, case, sample);
        note("round trips", Unit::Count, count(calls.len()));
        note("round trips, one after the other", Unit::Count, count(sequential(&calls)));
        note("calls of S3", Unit::Count, count(of(Service::S3)));
        let spent = Spent::of(&calls);
        note("read capacity", Unit::CapacityUnits, spent.reads);
        note("write capacity", Unit::CapacityUnits, spent.writes);
        Ok(())
    }
}

/// Calls, and DynamoDB's capacity units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) calls: usize,
    pub(crate) reads: f64,
    pub(crate) writes: f64,
}

impl Spent {
    /// Sums these calls.
    pub(crate) fn of(calls: &[CallTiming]) -> Self {
        let reads = units(calls, is_read);
        Self { calls: calls.len(), reads, writes: units(calls, |timing| !is_read(timing)) }
    }
}

fn is_read(timing: &CallTiming) -> bool {
    ["Query", "GetItem", "Scan"].contains(&timing.call.operation.as_str())
}

fn units(calls: &[CallTiming], selects: impl Fn(&CallTiming) -> bool) -> f64 {
    calls
        .iter()
        .filter(|timing| selects(timing))
        .filter_map(|timing| timing.capacity)
        .fold(0.0, |sum, units| sum + units)
}
