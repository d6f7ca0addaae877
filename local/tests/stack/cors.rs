//! CORS of the gateway.

use anyhow::Result;
use local::client::{Client, RequestBuilder, Response};
use local::origins::Origins;
use local::stack::{Options, Stack};
use local::template::Template;

use super::command_line::{stack, url};
use super::common::{event, options, start};

const PAGE: &str = "http://localhost:5173";

/// Returns the CORS headers of the response, sorted.
fn cors_headers(response: &Response) -> Vec<String> {
    let headers = response
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("access-control-") || name.as_str() == "vary");
    let mut headers: Vec<_> = headers
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    headers.sort();
    headers
}

fn preflight(client: &Client, origin: &str, method: &str, headers: &str) -> RequestBuilder {
    let request = client.request("OPTIONS", "/things/1").header("origin", origin);
    request.header("access-control-request-method", method).header("access-control-request-headers", headers)
}

#[tokio::test]
async fn preflights_do_not_invoke_a_function() -> Result<()> {
    let (stack, client) = start().await?;
    let response = preflight(&client, PAGE, "POST", "Authorization, content-type").send().await?;
    assert_eq!((response.status, response.body.len()), (204, 0));
    assert_eq!(
        cors_headers(&response),
        [
            "access-control-allow-credentials: true",
            "access-control-allow-headers: authorization,content-type",
            "access-control-allow-methods: GET,POST",
            "access-control-allow-origin: http://localhost:5173",
            "access-control-max-age: 60",
            "vary: Origin",
        ]
    );
    assert!(stack.logs("echo").is_empty(), "{:?}", stack.logs("echo"));
    Ok(())
}

#[tokio::test]
async fn disallowed_preflights_get_no_cors_headers() -> Result<()> {
    let (_stack, client) = start().await?;
    for (origin, method, headers) in [
        ("https://evil.example", "POST", "content-type"),
        ("null", "POST", "content-type"),
        (PAGE, "DELETE", "content-type"),
        (PAGE, "", "content-type"),
        (PAGE, "POST", "content-type,x-unheard-of"),
        (PAGE, "POST", "content-type\u{e9}"),
    ] {
        let response = preflight(&client, origin, method, headers).send().await?;
        assert_eq!((response.status, cors_headers(&response)), (204, vec![]), "{origin} {method} {headers}");
    }
    Ok(())
}

#[tokio::test]
async fn options_without_origin_or_method_get_no_headers() -> Result<()> {
    let (_stack, client) = start().await?;
    let options = || client.request("OPTIONS", "/things/1");
    let requests = [
        options(),
        options().header("origin", PAGE),
        options().header("access-control-request-method", "POST"),
        options()
            .header("origin", PAGE)
            .header("origin", PAGE)
            .header("access-control-request-method", "POST"),
    ];
    for request in requests {
        let response = request.send().await?;
        assert_eq!((response.status, cors_headers(&response)), (204, vec![]));
    }
    Ok(())
}

/// `ANY` includes `OPTIONS`, as in API Gateway.
#[tokio::test]
async fn any_routes_receive_options() -> Result<()> {
    let (_stack, client) = start().await?;
    let preflight = client.request("OPTIONS", "/echo").header("access-control-request-method", "GET");
    let response = preflight.header("origin", PAGE).send().await?;
    assert_eq!(event(&response)["requestContext"]["http"]["method"], "OPTIONS");
    assert_eq!(response.header("access-control-allow-origin"), PAGE);
    Ok(())
}

#[tokio::test]
async fn pages_can_read_every_function_response() -> Result<()> {
    let (_stack, client) = start().await?;
    for (mode, status) in [("", 200), ("rich", 201), ("open", 403)] {
        let response = client.get(&format!("/echo?mode={mode}")).header("origin", PAGE).send().await?;
        assert_eq!(response.status, status);
        assert_eq!(
            cors_headers(&response),
            [
                "access-control-allow-credentials: true",
                "access-control-allow-origin: http://localhost:5173",
                "access-control-expose-headers: x-number,etag",
                "vary: Origin",
            ],
            "{mode}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn cors_headers_of_functions_are_dropped() -> Result<()> {
    let (_stack, client) = start().await?;
    let open = || client.get("/echo?mode=open");
    for request in [open(), open().header("origin", "https://evil.example"), open().header("origin", "null")]
    {
        assert_eq!(cors_headers(&request.send().await?), [""; 0]);
    }
    Ok(())
}

#[tokio::test]
async fn gateway_errors_have_no_cors_headers() -> Result<()> {
    let (_stack, client) = start().await?;
    for (path, status) in [("/nowhere", 404), ("/echo?mode=error", 500), ("/echo?mode=malformed", 500)] {
        let response = client.get(path).header("origin", PAGE).send().await?;
        assert_eq!((response.status, cors_headers(&response)), (status, vec![]), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn without_cors_settings_functions_set_the_headers() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let template = std::fs::read_to_string(super::common::template())?;
    let template = template.replace("CorsConfiguration", "Tags");
    std::fs::write(folder.path().join("template.yaml"), template)?;
    let options = Options { template: folder.path().join("template.yaml"), ..options()? };
    let stack = Stack::start(options).await?;
    let client = Client::new(stack.url());
    assert_eq!(preflight(&client, PAGE, "POST", "").send().await?.status, 404);
    let response = client.get("/echo?mode=open").header("origin", PAGE).send().await?;
    assert_eq!(cors_headers(&response), ["access-control-allow-origin: *", "access-control-max-age: 5"]);
    Ok(())
}

#[test]
fn origins_are_compared_as_browsers_do() -> Result<()> {
    let origins: Origins = " https://App.example.com:443 ,http://localhost:5173,, http://[::1]:*".parse()?;
    assert_eq!(origins.to_string(), "https://app.example.com,http://localhost:5173,http://[::1]:*");
    for allowed in ["https://app.example.com", "http://localhost:5173", "http://[::1]", "http://[::1]:8080"] {
        assert!(origins.allow(allowed), "{allowed}");
    }
    for other in [
        "http://app.example.com",
        "https://app.example.com:444",
        "https://app.example.com.evil.example",
        "https://evil.example/https://app.example.com",
        "http://localhost",
        "http://localhost:51730",
        "http://localhost:5173@evil.example",
        "http://[::1]:*",
        "http://[::1]:99999",
        "https://[::1]:8080",
        "null",
        "",
    ] {
        assert!(!origins.allow(other), "{other}");
    }
    Ok(())
}

#[test]
fn loopback_origins_are_allowed_by_default() {
    let origins = Origins::default();
    for allowed in ["http://localhost", PAGE, "http://127.0.0.1:8080"] {
        assert!(origins.allow(allowed), "{allowed}");
    }
    for other in ["https://localhost:5173", "http://localhost.example:5173", "http://127.0.0.2:80", "null"] {
        assert!(!origins.allow(other), "{other}");
    }
}

#[test]
fn malformed_origins_are_refused() {
    for text in [
        "localhost:5173",
        "//localhost",
        "http://",
        "http://:80",
        "http://localhost:5173/",
        "http://localhost:port",
        "http://localhost:",
        "http://user@localhost",
        "http://app.example.com:*",
        "https://*",
        "https://*.example.com",
        "file:///page.html",
        "null",
        "*",
    ] {
        let error = text.parse::<Origins>().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with(&format!("{text} is not an origin")), "{text}: {error}");
    }
}

#[test]
fn cors_settings_are_read_through_if() -> Result<()> {
    let cors = "{AllowCredentials: true, AllowOrigins: !Split [',', !Ref O], AllowMethods: [GET], MaxAge: 5}";
    for configuration in [
        cors.to_owned(),
        format!("!If [HasOrigins, {cors}, !Ref AWS::NoValue]"),
        format!("{{'Fn::If': [HasOrigins, {cors}, {{Ref: AWS::NoValue}}]}}"),
    ] {
        let api =
            format!("Type: 'AWS::Serverless::HttpApi', Properties: {{CorsConfiguration: {configuration}}}");
        let cors = Template::parse(&format!("Resources: {{Api: {{{api}}}}}"))?.cors.unwrap_or_default();
        assert_eq!((cors.allow_credentials, cors.max_age), (true, Some(5)), "{configuration}");
        assert_eq!(cors.allow_methods, ["GET"]);
    }
    Ok(())
}

/// Runs the program. Returns whether the page may call it, and the origins that functions trust.
async fn served(arguments: &[&str], variables: &[(&str, &str)], page: &str) -> Result<(bool, String)> {
    let mut command = stack(&[&["--port", "0", "--ephemeral"], arguments].concat())?;
    let mut child = command.envs(variables.iter().copied()).spawn()?;
    let client = Client::new(&url(&mut child).await?);
    let response = client.get("/echo").header("origin", page).send().await?;
    let trusted = response.json()["variables"]["TRUSTED_ORIGINS"].as_str().unwrap_or_default().to_owned();
    Ok((response.headers.contains_key("access-control-allow-origin"), trusted))
}

#[tokio::test]
async fn developer_sets_allowed_and_trusted_origins() -> Result<()> {
    let app = "https://app.example.com";
    let shop = "https://shop.example.com";
    let variable = [("CORS_ORIGINS", "https://app.example.com, https://shop.example.com")];
    let both = format!("{app},{shop}");
    let loopback = "http://localhost:*,http://127.0.0.1:*".to_owned();
    assert_eq!(served(&[], &[], PAGE).await?, (true, loopback.clone()));
    assert_eq!(served(&[], &[("CORS_ORIGINS", "")], app).await?, (false, loopback));
    assert_eq!(served(&[], &variable, shop).await?, (true, both.clone()));
    assert_eq!(served(&[], &variable, PAGE).await?, (false, both.clone()));
    assert_eq!(served(&["--origin", app, "--origin", shop], &[], shop).await?, (true, both));
    assert_eq!(served(&["--origin", app], &variable, shop).await?, (false, app.to_owned()));
    let trusted = [("TRUSTED_ORIGINS", shop)];
    assert_eq!(served(&["--origin", app], &trusted, app).await?, (true, shop.to_owned()));
    Ok(())
}

#[tokio::test]
async fn invalid_origin_fails_startup_and_is_named() -> Result<()> {
    let bad = "https://app.example.com/";
    let by_switch = stack(&["--ephemeral", "--port", "0", "--origin", bad])?.output().await?;
    let by_variable = stack(&["--ephemeral", "--port", "0"])?.env("CORS_ORIGINS", bad).output().await?;
    for (output, name) in [(by_switch, "--origin"), (by_variable, "CORS_ORIGINS")] {
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(text.contains(name) && text.contains(bad), "{text}");
    }
    Ok(())
}
