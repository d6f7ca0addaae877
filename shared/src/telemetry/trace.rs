//! Trace of an invocation for AWS X-Ray: a subsegment with one for each call, as a datagram to Lambda's own daemon.
//!
//! Nothing waits for it, and nothing is sent for an invocation that is not sampled. A datagram that can't be sent is lost.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::object::{List, Object};
use super::{Call, Failure, Record, State, settings};

/// First line of a datagram to the daemon.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// Parts of an `X-Amzn-Trace-Id`.
#[derive(Debug, Default)]
pub(super) struct TraceHeader<'h> {
    pub(super) root: Option<&'h str>,
    parent: Option<&'h str>,
    is_sampled: bool,
}

impl<'h> TraceHeader<'h> {
    pub(super) fn parse(header: &'h str) -> Self {
        let mut parts = Self::default();
        for (name, value) in header.split(';').filter_map(|part| part.trim().split_once('=')) {
            match name {
                "Root" => parts.root = Some(value),
                "Parent" => parts.parent = Some(value),
                "Sampled" => parts.is_sampled = value == "1",
                _ => {}
            }
        }
        parts
    }
}

/// Sends the trace of a request, if it is sampled. It can be found by route, organization and id.
pub(crate) fn send(record: &Record, state: &State, route: &str, organization: Option<&str>, status: u16) {
    let header = TraceHeader::parse(record.invocation.trace.as_deref().unwrap_or_default());
    let daemon = settings::get().and_then(|settings| settings.daemon);
    if let Some(daemon) = daemon.filter(|_| header.is_sampled)
        && let (Some(root), Some(parent)) = (header.root, header.parent)
    {
        let mut segment = of_request(record, state, route, status);
        segment.text("trace_id", root);
        segment.text("parent_id", parent);
        let mut searchable = Object::new();
        searchable.text("route", route);
        searchable.optional("org", organization);
        searchable.optional("request_id", record.request_id.as_deref());
        segment.raw("annotations", &searchable);
        drop(send_to(daemon, &segment));
    }
}

fn send_to(daemon: SocketAddr, segment: &Object) -> std::io::Result<usize> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_nonblocking(true)?;
    socket.send_to(format!("{HEADER}{segment}").as_bytes(), daemon)
}

fn of_request(record: &Record, state: &State, name: &str, status: u16) -> Object {
    let mut segment = part(record, name, Duration::ZERO, record.elapsed());
    segment.text("type", "subsegment");
    match status {
        429 => segment.raw("throttle", &true),
        400..500 => segment.raw("error", &true),
        500.. => segment.raw("fault", &true),
        _ => {}
    }
    let calls: Vec<_> = state.calls.iter().map(|call| of_call(record, call)).collect();
    segment.raw("subsegments", &List(&calls));
    segment
}

fn of_call(record: &Record, call: &Call) -> Object {
    let mut segment = part(record, &call.service, call.start, call.start + call.took);
    segment.text("namespace", "aws");
    match call.failed {
        Some(Failure::Throttled) => segment.raw("throttle", &true),
        Some(Failure::Canceled) | None => {}
        Some(_) => segment.raw("fault", &true),
    }
    let mut aws = Object::new();
    aws.text("operation", &call.operation);
    aws.text(if call.service == "DynamoDB" { "table_name" } else { "bucket_name" }, &call.resource);
    segment.raw("aws", &aws);
    segment
}

/// Returns a segment of this part of the invocation. X-Ray takes no braces in names.
fn part(record: &Record, name: &str, start: Duration, end: Duration) -> Object {
    let seconds = |time: Duration| (Duration::from_millis(record.start_millis) + time).as_secs_f64();
    let mut segment = Object::new();
    segment.text("name", &name.replace('{', ":").replace('}', ""));
    segment.text("id", &format!("{:016x}", fastrand::u64(..)));
    segment.raw("start_time", &seconds(start));
    segment.raw("end_time", &seconds(end));
    segment
}
