//! The page for a browser, as far as it needs none. `.ci/browser` has the rest.

use std::fs;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use local::client::{Client, RequestBuilder, Response};
use local::emulators::External;
use local::environment::Variables;
use local::stack::{Options, Stack};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use super::command_line::{stack, url};
use super::common::{options, start, template};

const SESSION: &str = "/_local/session";

async fn start_page(variables: &[(&str, &str)]) -> Result<(Stack, Client)> {
    let variables: Variables =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    started(Options { page: true, variables, ..options()? }).await
}

async fn started(options: Options) -> Result<(Stack, Client)> {
    let stack = Stack::start(options).await?;
    let client = Client::new(stack.url());
    Ok((stack, client))
}

/// Starts a stack of a copy of the template, changed by `edit`, in this folder.
async fn start_copy(folder: &tempfile::TempDir, edit: fn(String) -> String) -> Result<(Stack, Client)> {
    let copy = folder.path().join("template.yaml");
    fs::write(&copy, edit(fs::read_to_string(template())?))?;
    started(Options { page: true, template: copy, ..options()? }).await
}

fn sign_in(client: &Client) -> RequestBuilder {
    client.post(SESSION).json(&json!({"user": "ann", "organizations": ["acme", "bolt"], "roles": ["admin"]}))
}

/// Returns the cookie that a response sets, without its attributes.
fn cookie(response: &Response) -> &str {
    response.header("set-cookie").split(';').next().unwrap_or_default()
}

async fn session(client: &Client, cookie: &str) -> Result<Value> {
    Ok(client.get("/_local/overview").header("cookie", cookie).send().await?.json()["session"].clone())
}

#[tokio::test]
async fn stacks_have_no_page_by_default() -> Result<()> {
    let (_stack, client) = start().await?;
    for path in ["/", "/openapi.json", "/_local/overview"] {
        let response = client.get(path).send().await?;
        assert_eq!((response.status, response.json()), (404, json!({"message": "Not Found"})), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn other_paths_stay_without_a_route() -> Result<()> {
    let (_stack, client) = start_page(&[]).await?;
    for (method, path) in [("GET", "/other"), ("POST", "/"), ("GET", SESSION), ("GET", "/_local")] {
        let response = client.request(method, path).send().await?;
        assert_eq!((response.status, response.json()), (404, json!({"message": "Not Found"})), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn assets_have_media_types_and_security_headers() -> Result<()> {
    let (stack, client) = start_page(&[]).await?;
    for (path, media_type, encoding) in [
        ("/", "text/html; charset=utf-8", ""),
        ("/_local/page.css", "text/css", ""),
        ("/_local/page.js", "text/javascript", ""),
        ("/_local/swagger-ui.css", "text/css", "gzip"),
        ("/_local/swagger-ui.js", "text/javascript", "gzip"),
    ] {
        let response = client.get(path).send().await?;
        assert_eq!((response.status, response.header("content-type")), (200, media_type), "{path}");
        assert_eq!(response.header("content-encoding"), encoding, "{path}");
        assert_eq!(response.header("cache-control"), "no-store");
        assert_eq!(response.header("x-content-type-options"), "nosniff");
        assert_eq!(response.header("cross-origin-resource-policy"), "same-origin");
        let policy = response.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(policy.contains(&format!("connect-src 'self' {};", stack.s3_endpoint())), "{policy}");
    }
    Ok(())
}

#[tokio::test]
async fn foreign_hosts_are_refused() -> Result<()> {
    let (_stack, client) = start_page(&[]).await?;
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:3000", "x@localhost", ""] {
        for path in ["/", "/openapi.json", "/_local/overview", "/_local/data"] {
            assert_eq!(client.get(path).header("host", host).send().await?.status, 403, "{host}{path}");
        }
        let response = sign_in(&client).header("host", host).send().await?;
        assert_eq!((response.status, response.header("set-cookie")), (403, ""), "{host}");
    }
    for host in ["localhost:3000", "127.0.0.1:8080", "[::1]:3000", "localhost"] {
        assert_eq!(client.get("/").header("host", host).send().await?.status, 200, "{host}");
    }
    Ok(())
}

#[tokio::test]
async fn other_origins_sign_nobody_in_or_out() -> Result<()> {
    let (stack, client) = start_page(&[]).await?;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", "http://localhost:5173"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        for request in [sign_in(&client), client.request("DELETE", SESSION)] {
            let response = request.header(name, value).send().await?;
            assert_eq!((response.status, response.header("set-cookie")), (403, ""), "{name}: {value}");
        }
    }
    for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", stack.url()), ("x-other", "")] {
        assert_eq!(sign_in(&client).header(name, value).send().await?.status, 200, "{name}: {value}");
    }
    Ok(())
}

#[tokio::test]
async fn sign_in_sets_the_functions_cookie() -> Result<()> {
    for (name, attributes) in [
        ("auth", "Path=/; HttpOnly; SameSite=Lax; Max-Age=28800"),
        ("__Host-session", "Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=28800"),
    ] {
        let (_stack, client) = start_page(&[("AUTH_COOKIE", name)]).await?;
        let response = sign_in(&client).send().await?;
        assert_eq!(response.header("set-cookie").split_once("; ").map(|(_, rest)| rest), Some(attributes));
        let cookie = cookie(&response);
        let session = session(&client, cookie).await?;
        assert_eq!(session["token"].as_str(), cookie.split_once('=').map(|(_, token)| token));
        assert_eq!((&session["cookie"], &session["user"]), (&json!(name), &json!("ann")));
        assert_eq!(session["organizations"], json!(["acme", "bolt"]));
        assert_eq!(session["roles"], json!(["admin"]));
        let response = client.request("DELETE", SESSION).send().await?;
        assert!(response.header("set-cookie").starts_with(&format!("{name}=; ")), "{response:?}");
        assert!(response.header("set-cookie").ends_with("Max-Age=0"), "{response:?}");
    }
    Ok(())
}

#[tokio::test]
async fn sign_in_says_what_is_missing() -> Result<()> {
    let (_stack, client) = start_page(&[]).await?;
    for (body, message) in [
        (json!({"user": " ", "organizations": [], "roles": []}), "Name a user."),
        (json!({"user": "ann"}), "Name a user and organizations, or a token."),
        (json!({"token": "a.b.c"}), "This is not a JSON Web Token."),
        (json!({"token": "a.e30.c; Domain=example.com"}), "This is not a JSON Web Token."),
    ] {
        let response = client.post(SESSION).json(&body).send().await?;
        assert_eq!((response.status, &response.json()["message"]), (400, &json!(message)));
    }
    Ok(())
}

#[tokio::test]
async fn token_too_large_for_a_cookie_is_refused() -> Result<()> {
    let (_stack, client) = start_page(&[]).await?;
    for (length, status) in [(4096 - "auth".len(), 200), (4097 - "auth".len(), 400)] {
        let token = format!("a.e30.{}", "c".repeat(length - "a.e30.".len()));
        let response = client.post(SESSION).json(&json!({ "token": token })).send().await?;
        assert_eq!((response.status, response.header("set-cookie").is_empty()), (status, status == 400));
    }
    let organizations = vec!["acme"; 1000];
    let user = json!({"user": "ann", "organizations": organizations, "roles": []});
    let response = client.post(SESSION).json(&user).send().await?;
    assert!(
        response.json()["message"].as_str().is_some_and(|text| text.contains("4,096 bytes")),
        "{response:?}"
    );
    Ok(())
}

#[tokio::test]
async fn cookie_without_a_token_is_ignored() -> Result<()> {
    let (_stack, client) = start_page(&[]).await?;
    for text in ["a.e30.c'$(touch x)'", "a.b.c", "text"] {
        assert_eq!(session(&client, &format!("auth={text}")).await?["token"], Value::Null, "{text}");
        assert_eq!(session(&client, &format!("auth={text}; auth=a.e30.c")).await?["token"], "a.e30.c");
    }
    Ok(())
}

#[tokio::test]
async fn external_issuers_need_a_pasted_token() -> Result<()> {
    let variables = [("AUTH_JWKS_URL", "https://id.example/keys"), ("AUTH_ORGANIZATIONS_CLAIM", "/o/ids")];
    let (_stack, client) = start_page(&variables).await?;
    let response = sign_in(&client).send().await?;
    assert_eq!(response.status, 400, "{response:?}");
    assert_eq!(session(&client, "").await?["issuesTokens"], false);
    // The claims are {"sub":"ben","o":{"ids":{"acme":["admin"]}}}.
    let token = "e30.eyJzdWIiOiJiZW4iLCJvIjp7ImlkcyI6eyJhY21lIjpbImFkbWluIl19fX0.c2ln";
    let response = client.post(SESSION).json(&json!({"token": format!(" Bearer {token}\n")})).send().await?;
    assert_eq!(cookie(&response), format!("auth={token}"));
    let session = session(&client, cookie(&response)).await?;
    assert_eq!((&session["user"], &session["organizations"]), (&json!("ben"), &json!(["acme"])));
    Ok(())
}

#[tokio::test]
async fn routes_of_the_template_take_precedence() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let edit =
        |template: String| template.replace("Path: /hasty", "Path: /").replace("/echo}", "/openapi.json}");
    let (_stack, client) = start_copy(&folder, edit).await?;
    for (path, route) in [("/", "GET /"), ("/openapi.json", "ANY /openapi.json")] {
        assert_eq!(client.get(path).send().await?.json()["event"]["routeKey"], route);
    }
    assert_eq!(client.get("/_local/").send().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn undescribed_functions_leave_the_written_description() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (stack, client) = start_copy(&folder, |template| template).await?;
    let response = client.get("/openapi.json").send().await?;
    assert_eq!(response.status, 404);
    assert!(
        response.json()["message"].as_str().is_some_and(|text| text.contains("echo doesn't describe itself"))
    );

    fs::create_dir(folder.path().join("docs"))?;
    fs::write(
        folder.path().join("docs/openapi.json"),
        r#"{"openapi": "3.1.0", "servers": [{"url": "https://x"}]}"#,
    )?;
    let document = client.get("/openapi.json").send().await?.json();
    assert_eq!(
        (&document["openapi"], &document["servers"][0]["url"]),
        (&json!("3.1.0"), &json!(stack.url()))
    );
    let document = client.get("/openapi.json").header("host", "localhost:1").send().await?.json();
    assert_eq!(
        document["servers"],
        json!([{"url": "http://localhost:1", "description": "This local stack"}])
    );
    Ok(())
}

#[tokio::test]
async fn overview_lists_routes_and_emulators() -> Result<()> {
    let (stack, client) = start_page(&[]).await?;
    let overview = client.get("/_local/overview").send().await?.json();
    assert_eq!(overview["routes"][0], json!({"function": "echo", "method": "ANY", "path": "/echo"}));
    assert_eq!(overview["routes"].as_array().map(Vec::len), Some(stack.routes().len()));
    assert_eq!(
        overview["dynamodb"],
        json!({"endpoint": stack.dynamodb_endpoint(), "names": ["things-table"]})
    );
    assert_eq!(overview["s3"], json!({"endpoint": stack.s3_endpoint(), "names": ["things-bucket"]}));
    assert_eq!(overview["data"], "in memory, discarded on exit");
    Ok(())
}

fn row(number: usize, kind: &str) -> Result<WriteRequest> {
    let text = |text: String| AttributeValue::S(text);
    let put = PutRequest::builder()
        .item("pk", text("a".to_owned()))
        .item("sk", text(format!("{number:05}")))
        .item("rowKind", text(kind.to_owned()))
        .item("long", text("é".repeat(300)))
        .item("list", AttributeValue::L(vec![AttributeValue::N("1".to_owned()), AttributeValue::Bool(true)]));
    Ok(WriteRequest::builder().put_request(put.build()?).build())
}

async fn put_rows(stack: &Stack, numbers: std::ops::Range<usize>, kind: &str) -> Result<()> {
    let rows = numbers.map(|number| row(number, kind)).collect::<Result<Vec<_>>>()?;
    for rows in rows.chunks(25) {
        stack.dynamodb().batch_write_item().request_items("things-table", rows.to_vec()).send().await?;
    }
    Ok(())
}

#[tokio::test]
async fn overview_names_external_emulators() -> Result<()> {
    let first = Stack::start(options()?).await?;
    let external = External { dynamodb: Some(first.dynamodb_endpoint().to_owned()), s3: None };
    let (_stack, client) = started(Options { page: true, external, ..options()? }).await?;
    let overview = client.get("/_local/overview").send().await?.json();
    let place = format!("tables at {}; objects in memory, discarded on exit", first.dynamodb_endpoint());
    assert_eq!(overview["data"], place);
    Ok(())
}

#[tokio::test]
async fn data_shows_the_newest_rows_of_each_kind() -> Result<()> {
    let (stack, client) = start_page(&[]).await?;
    put_rows(&stack, 0..10, "few").await?;
    put_rows(&stack, 10..260, "many").await?;
    let table = client.get("/_local/data").send().await?.json()["tables"][0].clone();
    assert_eq!((&table["name"], &table["complete"]), (&json!("things-table"), &json!(true)));
    let counts = |kind: &Value| json!([kind["kind"], kind["count"], kind["rows"].as_array().map(Vec::len)]);
    let kinds = table["kinds"].as_array().context("no kinds")?;
    assert_eq!(
        kinds.iter().map(counts).collect::<Vec<_>>(),
        [json!(["few", 10, 10]), json!(["many", 250, 200])]
    );
    let newest = &kinds[1]["rows"][0];
    assert_eq!((&newest["sk"], &newest["list"]), (&json!("00259"), &json!(r#"["1",true]"#)));
    assert_eq!(newest["long"], format!("{}…", "é".repeat(200)));
    Ok(())
}

#[tokio::test]
async fn large_tables_are_read_in_part() -> Result<()> {
    let (stack, client) = start_page(&[]).await?;
    put_rows(&stack, 0..12_000, "many").await?;
    let table = client.get("/_local/data").send().await?.json()["tables"][0].clone();
    let (count, shown) =
        (table["kinds"][0]["count"].as_u64(), table["kinds"][0]["rows"].as_array().map(Vec::len));
    assert_eq!((&table["complete"], shown), (&json!(false), Some(200)));
    assert!(count.is_some_and(|count| (10_000..12_000).contains(&count)), "{count:?}");
    Ok(())
}

#[tokio::test]
async fn data_shows_objects_with_their_types() -> Result<()> {
    let (stack, client) = start_page(&[]).await?;
    stack.put_object("ThingsBucket", "k", "text/plain", &[1, 2]).await?;
    let bucket = client.get("/_local/data").send().await?.json()["buckets"][0].clone();
    let object = &bucket["objects"][0];
    assert_eq!((&bucket["count"], &bucket["complete"]), (&json!(1), &json!(true)));
    assert_eq!((&object["size"], &object["contentType"]), (&json!(2), &json!("text/plain")));
    assert!(object["tags"].is_object() && object["modified"].is_string(), "{object}");
    Ok(())
}

#[tokio::test]
async fn terminal_omits_the_pages_requests() -> Result<()> {
    let mut child = stack(&["--port", "0", "--ephemeral"])?.spawn()?;
    let mut errors = child.stderr.take().context("no log")?;
    let client = Client::new(&url(&mut child).await?);
    for path in ["/", "/_local/page.js", "/_local/overview", "/favicon.ico", "/unknown"] {
        client.get(path).send().await?;
    }
    child.kill().await?;
    let mut log = String::new();
    errors.read_to_string(&mut log).await?;
    assert!(log.contains("/unknown") && !log.contains("_local") && !log.contains("favicon"), "{log}");
    Ok(())
}
