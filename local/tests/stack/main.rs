//! The local stack through its public interface, with `examples/echo.rs` as function and `tests/template.yaml`;
//! `streams` has its own.

mod bucket_cors;
mod command_line;
mod common;
mod cors;
mod dynamodb;
mod elsewhere;
mod functions;
mod gateway;
mod objects;
mod page;
mod presigned;
mod rebuild;
mod start_errors;
mod stored_bodies;
mod streams;
mod template;
mod terminal;
