//! Complexity: the cost of an input grows at most linearly with its length.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::fixture::{auth, events, first_line, limits, read, request_of, verify};
use crate::config::uploads::UploadLimits;
use crate::domain::PageRequest;
use crate::domain::validation::specimen::Invoice;
use crate::domain::validation::specimen::NewNote;
use crate::edge::input::{Json, Query, Upload};

/// Bytes that a measurement reads, in one or more inputs.
const MEASURED_BYTES: usize = 128 * 1024;

/// Maximum CPU time for a byte. A scan of the rest of a header for each of its parameters took over 5000.
const MAX_NANOSECONDS: u64 = 1000;

/// Place where callers write text that is read piece by piece.
struct Place {
    name: &'static str,
    /// Capacity in bytes.
    size: usize,
    event: fn(&str) -> Value,
    read: fn(&Value),
}

const PLACES: [Place; 19] = [
    Place { name: "request parameters", size: 8 * 1024, event: request_parameters, read: upload },
    Place { name: "parameters", size: 7 * 1024, event: |text| part(text, "x"), read: upload },
    Place {
        name: "field name",
        size: 7 * 1024,
        event: |text| part(&format!("; x=\"{text}\""), "x"),
        read: upload,
    },
    Place { name: "file name", size: 7 * 1024, event: |text| file_name("", text), read: upload },
    Place { name: "extended name", size: 7 * 1024, event: |text| file_name("*=UTF-8''", text), read: upload },
    Place { name: "headers", size: 7 * 1024, event: |text| part(&format!("\r\n{text}"), "x"), read: upload },
    Place {
        name: "body",
        size: 256 * 1024,
        event: |text| form(&format!("--b{text}\r\n--b--")),
        read: upload,
    },
    Place { name: "content", size: 256 * 1024, event: |text| part("", text), read: upload },
    Place { name: "query", size: 32 * 1024, event: |text| json!({ "rawQueryString": text }), read: page },
    Place { name: "json", size: 60 * 1024, event: project, read: new_project },
    Place {
        name: "members",
        size: 60 * 1024,
        event: |text| project(&format!("{{{text}\"z\":0}}")),
        read: new_project,
    },
    Place {
        name: "name",
        size: 60 * 1024,
        event: |text| project(&format!("{{\"name\":\"{text}\"}}")),
        read: new_project,
    },
    Place { name: "items", size: 60 * 1024, event: items, read: invoice },
    Place {
        name: "labels",
        size: 60 * 1024,
        event: |text| project(&format!("{{\"labels\":{{{text}\"z\":0}}}}")),
        read: invoice,
    },
    Place { name: "authorization", size: 32 * 1024, event: authorization, read: caller },
    Place {
        name: "token",
        size: 8 * 1024,
        event: |text| authorization(&format!("Bearer {text}")),
        read: caller,
    },
    Place { name: "claims", size: 5 * 1024, event: claims, read: caller },
    Place { name: "cookies", size: 32 * 1024, event: |text| json!({"cookies": [text]}), read: caller },
    Place { name: "header names", size: 32 * 1024, event: header_names, read: caller },
];

fn form(body: &str) -> Value {
    events("multipart/form-data; boundary=b", body.as_bytes()).swap_remove(0)
}

/// Returns a form whose file has this text after its disposition.
fn part(behind: &str, content: &str) -> Value {
    let disposition = "Content-Disposition: form-data; name=\"file\"; filename=\"a\"";
    form(&format!("--b\r\n{disposition}{behind}\r\n\r\n{content}\r\n--b--"))
}

fn file_name(kind: &str, text: &str) -> Value {
    let parameter =
        if kind.is_empty() { format!("filename=\"{text}\"") } else { format!("filename{kind}{text}") };
    form(&format!("--b\r\nContent-Disposition: form-data; name=\"file\"; {parameter}\r\n\r\nx\r\n--b--"))
}

fn request_parameters(text: &str) -> Value {
    events(&format!("multipart/form-data; boundary=b{text}"), b"--b--").swap_remove(0)
}

fn project(body: &str) -> Value {
    events("application/json", body.as_bytes()).swap_remove(0)
}

/// Returns an otherwise valid invoice with these items.
fn items(text: &str) -> Value {
    let rest = r#""no":"INV-7","customer":{"name":"Ada"},"currency":"EUR","issueDate":"2026-11-22""#;
    let last = r#"{"sku":"A-01","quantity":1,"amount":1}"#;
    project(&format!("{{{rest},\"items\":[{text}{last}]}}"))
}

fn authorization(value: &str) -> Value {
    json!({"headers": {"authorization": value}})
}

fn claims(text: &str) -> Value {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    authorization(&format!(
        "Bearer {}.{}.AAAA",
        part("{\"alg\":\"HS256\"}"),
        part(&format!("{{{text}\"sub\":\"a\"}}"))
    ))
}

/// Returns headers whose names differ only in case.
fn header_names(text: &str) -> Value {
    let name = |index: usize| -> String {
        let letters = (0..16).map(|bit| if index >> bit & 1 == 1 { 'A' } else { 'a' });
        letters.collect()
    };
    let values = text.split(',').enumerate();
    let headers: Map<_, _> = values.map(|(index, value)| (name(index), value.into())).collect();
    json!({ "headers": headers })
}

fn upload(event: &Value) {
    drop(read::<Upload>(&UploadLimits { max_bytes: 1024 * 1024, ..limits() }, event));
}

fn page(event: &Value) {
    drop(read::<Query<PageRequest>>(&(), event));
}

fn new_project(event: &Value) {
    drop(read::<Json<NewNote>>(&(), event));
}

fn invoice(event: &Value) {
    drop(read::<Json<Invoice>>(&(), event));
}

fn caller(event: &Value) {
    let auth = auth();
    drop(verify(&auth, &auth.credential(&request_of(event.clone()))));
}

/// Repeats a text, with a number in place of each `#`.
fn repeated(text: &str, bytes: usize) -> String {
    let mut all = String::with_capacity(bytes + text.len());
    for number in 0..bytes {
        if text.is_empty() || all.len() + text.len() > bytes {
            break;
        }
        all.push_str(&text.replace('#', &number.to_string()));
    }
    all
}

/// Event with a place full of two repeated texts, one after the other.
#[derive(Debug)]
pub struct Input {
    event: Value,
    size: usize,
    read: fn(&Value),
}

impl Input {
    /// Makes an input from a seed. Fills one half of the place or both.
    #[must_use]
    pub fn new(seed: &[u8], halves: usize) -> Option<Self> {
        let (name, texts) = first_line(seed);
        let (first, second) = first_line(texts);
        let second = String::from_utf8_lossy(second);
        let place = PLACES.iter().find(|place| place.name == name)?;
        let size = place.size / 2 * halves;
        let text = |text: &str| {
            let text = text.trim_end_matches('\n').replace("\\r", "\r").replace("\\n", "\n");
            repeated(&text, size / 2)
        };
        Some(Self { event: (place.event)(&(text(&first) + &text(&second))), size, read: place.read })
    }

    /// Reads the input, as a function would.
    pub fn read(&self) {
        (self.read)(&self.event);
    }
}

/// Input: the name of a place in one line, and two texts in a line each. `#` is replaced by a number that counts up, `\r`
/// and `\n` by line breaks.
pub fn cost(data: &[u8]) {
    let Some(input) = Input::new(data, 2) else { return };
    input.read();
    // `cargo test` does not measure time. The benchmark counts instructions of the seeds.
    if cfg!(not(test)) {
        let is_slow = |_| nanoseconds(&input).is_some_and(|time| time > MAX_NANOSECONDS);
        assert!(!(0..3).all(is_slow), "a byte takes more than {MAX_NANOSECONDS} ns");
    }
}

/// Measures the CPU time for a byte; `None` if the system has no such clock.
fn nanoseconds(input: &Input) -> Option<u64> {
    let before = thread_nanoseconds()?;
    let times = MEASURED_BYTES.div_ceil(input.size);
    (0..times).for_each(|_| input.read());
    Some((thread_nanoseconds()? - before) / u64::try_from(times * input.size).ok()?)
}

/// Returns the CPU time of this thread, on Linux.
fn thread_nanoseconds() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}
