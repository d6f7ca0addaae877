//! The local stack, seen from outside: a real gateway, real processes, real emulators and SDK clients.
//! The function is `examples/echo.rs`, the template `tests/template.yaml`. What must stay out: the service's own behavior.

mod command_line;
mod common;
mod cors;
mod dynamodb;
mod elsewhere;
mod functions;
mod gateway;
mod objects;
mod template;
