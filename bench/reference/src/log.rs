//! Log: one JSON line per request, with the calls and a metric, as the functions'.

use std::cell::RefCell;
use std::io::Write;
use std::time::Instant;

use lambda_runtime::{Context, Error};
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::process::{milliseconds_since, monotonic, now, variable};
use crate::refusal::Refusal;
use crate::reply::Reply;

const ROUTE: &str = "GET /v1/orgs/{orgId}/projects";

/// Texts that all lines have.
pub(crate) struct Log {
    service: String,
    version: String,
    /// Directives of the embedded metric format.
    directives: Box<RawValue>,
}

/// Calls of a request.
pub(crate) struct Record {
    start: Instant,
    calls: RefCell<Vec<Call>>,
}

/// Call in progress, recorded when it ends.
pub(crate) struct OpenCall<'a> {
    record: &'a Record,
    start: Instant,
    operation: &'static str,
    resource: String,
}

#[derive(Serialize)]
struct Call {
    operation: &'static str,
    resource: String,
    ms: f64,
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    service: &'a str,
    function_version: &'a str,
    request_id: &'a str,
    function_request_id: &'a str,
    xray_trace_id: Option<&'a str>,
    route: &'static str,
    org: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    bytes_out: usize,
    duration_ms: f64,
    calls: &'a [Call],
    #[serde(rename = "_aws")]
    embedded: Embedded<'a>,
}

#[derive(Serialize)]
struct Embedded<'a> {
    #[serde(rename = "Timestamp")]
    timestamp: i64,
    #[serde(rename = "CloudWatchMetrics")]
    directives: &'a RawValue,
}

/// Ids of a request.
pub(crate) struct Ids<'a> {
    pub(crate) request: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) user: Option<&'a str>,
}

impl Record {
    pub(crate) fn start() -> Self {
        Self { start: monotonic(), calls: RefCell::default() }
    }

    /// Starts a call.
    pub(crate) fn call(&self, operation: &'static str, resource: &str) -> OpenCall<'_> {
        OpenCall { record: self, start: monotonic(), operation, resource: resource.to_owned() }
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let (operation, resource) = (self.operation, std::mem::take(&mut self.resource));
        let call = Call { operation, resource, ms: milliseconds_since(self.start) };
        self.record.calls.borrow_mut().push(call);
    }
}

impl Log {
    /// Reads the settings.
    ///
    /// # Errors
    /// None that can occur.
    pub(crate) fn open() -> Result<Self, Error> {
        let names = ["POWERTOOLS_SERVICE_NAME", "AWS_LAMBDA_FUNCTION_NAME"];
        let service = names.into_iter().find_map(variable).unwrap_or_default();
        let version = variable("AWS_LAMBDA_FUNCTION_VERSION").unwrap_or_default();
        let directive = json!({
            "Namespace": service, "Dimensions": [["service"], ["service", "route"]],
            "Metrics": [{ "Name": "duration_ms" }],
        });
        Ok(Self { service, version, directives: to_raw_value(&[directive])? })
    }

    /// Writes the line of a request.
    ///
    /// # Errors
    /// Standard output is closed.
    pub(crate) fn write(
        &self,
        record: &Record,
        context: &Context,
        ids: &Ids<'_>,
        reply: &Reply,
        refusal: Option<&Refusal>,
    ) -> Result<(), Error> {
        let (now, calls) = (now(), record.calls.borrow());
        let trace = context.xray_trace_id.as_deref();
        let line = Line {
            timestamp: format!("{now:.3}"),
            level: if reply.status_code >= 500 { "ERROR" } else { "INFO" },
            message: "request",
            service: &self.service,
            function_version: &self.version,
            request_id: ids.request,
            function_request_id: &context.request_id,
            xray_trace_id: trace.and_then(|trace| trace.strip_prefix("Root=")?.split(';').next()),
            route: ROUTE,
            org: ids.organization,
            user: ids.user,
            status: reply.status_code,
            error: refusal.and_then(Refusal::cause).map(ToString::to_string),
            bytes_out: reply.body.len(),
            duration_ms: milliseconds_since(record.start),
            calls: &calls,
            embedded: Embedded { timestamp: now.as_millisecond(), directives: &self.directives },
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        Ok(std::io::stdout().write_all(&bytes)?)
    }
}
