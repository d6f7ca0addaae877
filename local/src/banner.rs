//! What a person sees when the stack is ready. What must stay out: starting it.

use std::fmt::Write;

use anyhow::Result;
use local::emulators::Data;
use local::example::{Example, ORGANIZATION};
use local::stack::Stack;

const USER: &str = "dev-user";

/// The stack's functions and emulators, where it listens, and calls that can be pasted.
pub(crate) fn of(stack: &Stack, data: &Data) -> Result<String> {
    let mut text = String::from("\n");
    for route in stack.routes() {
        writeln!(text, "  {:<15} {:<6} {}", route.binary, route.method, route.path)?;
    }
    let tables: Vec<_> = stack.template().tables.iter().map(|table| stack.table(&table.id)).collect();
    let buckets: Vec<_> = stack.template().buckets.iter().map(|bucket| stack.bucket(&bucket.id)).collect();
    writeln!(text)?;
    writeln!(text, "  {:<15} {}   {}", "DynamoDB", stack.dynamodb_endpoint(), tables.join(", "))?;
    writeln!(text, "  {:<15} {}   {}", "S3", stack.s3_endpoint(), buckets.join(", "))?;
    writeln!(text, "  {:<15} {}", "data", place(data))?;
    writeln!(text, "\nlistening on {}\n", stack.url())?;
    text.push_str(&calls(stack)?);
    Ok(text)
}

fn place(data: &Data) -> String {
    match data {
        Data::Memory => "in memory, gone when the stack stops".to_owned(),
        Data::Dir(folder) => folder.display().to_string(),
    }
}

/// A line for each example that a new stack can answer.
fn calls(stack: &Stack) -> Result<String> {
    let examples = Example::all(stack.template())?;
    let Ok(token) = stack.token(USER, &[ORGANIZATION]) else {
        return Ok(
            "Tokens come from the issuer that AUTH_ISSUER, AUTH_JWKS or AUTH_JWKS_URL names.\n\n".to_owned()
        );
    };
    let mut text = format!("Sample calls, as {USER} of {ORGANIZATION}:\n\n");
    for example in examples {
        if let Some(line) = example.seeded(stack.template())?.curl(stack.url(), &token) {
            writeln!(text, "{line}\n")?;
        }
    }
    Ok(text)
}
