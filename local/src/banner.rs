//! Banner that the stack prints when it is ready.

use std::fmt::Write;

use anyhow::Result;
use local::emulators::{Data, External};
use local::example::{Example, ORGANIZATION};
use local::session::session;
use local::stack::Stack;
use local::template::REGION;

const USER: &str = "dev-user";

/// Renders the stack's routes and streams, its emulators, its URL, and sample requests for the shell.
pub(crate) fn render(stack: &Stack, data: &Data, external: &External) -> Result<String> {
    let mut text = String::from("\n");
    for route in stack.routes() {
        writeln!(text, "  {:<15} {:<6} {}", route.binary, route.method, route.path)?;
    }
    for function in &stack.template().functions {
        for stream in &function.streams {
            let table = stack.table(&stream.table);
            writeln!(text, "  {:<15} {:<6} {table}", function.binary, "stream")?;
        }
    }
    let tables: Vec<_> = stack.template().tables.iter().map(|table| stack.table(&table.id)).collect();
    let buckets: Vec<_> = stack.template().buckets.iter().map(|bucket| stack.bucket(&bucket.id)).collect();
    writeln!(text)?;
    writeln!(text, "  {:<15} {}   {}", "DynamoDB", stack.dynamodb_endpoint(), tables.join(", "))?;
    writeln!(text, "  {:<15} {}   {}", "S3", stack.s3_endpoint(), buckets.join(", "))?;
    writeln!(text, "  {:<15} {}", "data", external.location(data))?;
    let page = if stack.routes().iter().any(|route| route.path == "/") { "/_local/" } else { "/" };
    writeln!(text, "  {:<15} {}{page}   sign in, try the API, see the data", "page", stack.url())?;
    if !external.any() {
        writeln!(text, "  {:<15} {}", "AWS tools", variables(stack))?;
    }
    writeln!(text, "\nlistening on {}\n", stack.url())?;
    text.push_str(&sample_requests(stack)?);
    Ok(text)
}

/// Formats a line for the shell, after which the AWS CLI and other tools use the built-in emulators.
fn variables(stack: &Stack) -> String {
    let (dynamodb, s3) = (stack.dynamodb_endpoint(), stack.s3_endpoint());
    let (id, key) = (stack.credentials().access_key_id(), stack.credentials().secret_access_key());
    format!(
        "export AWS_ENDPOINT_URL_DYNAMODB={dynamodb} AWS_ENDPOINT_URL_S3={s3} AWS_REGION={REGION} \
         AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={key}"
    )
}

/// Formats a request with a token, and a session of all routes that delete nothing.
fn sample_requests(stack: &Stack) -> Result<String> {
    let Ok(token) = stack.token(USER, &[ORGANIZATION]) else {
        return Ok("Get tokens from the issuer of AUTH_ISSUER, AUTH_JWKS or AUTH_JWKS_URL.\n\n".to_owned());
    };
    let mut text = format!("A first request, as {USER} of {ORGANIZATION}:\n\n");
    for example in Example::all(stack.template())? {
        let request = example.seeded(stack.template())?;
        if request.is_of_organization() {
            writeln!(text, "{}\n", request.curl(stack.url(), &token))?;
            break;
        }
    }
    writeln!(text, "A first session, to paste as a whole:\n")?;
    writeln!(text, "{}", session(stack.template(), stack.url(), &token)?)?;
    Ok(text)
}
