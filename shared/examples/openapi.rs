//! Prints the API's description: `cargo run -p shared --example openapi --features openapi > docs/openapi.json`.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    writeln!(io::stdout(), "{:#}", shared::openapi::document())
}
