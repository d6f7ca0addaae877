//! CORS of buckets, by the rules of the template.

use anyhow::Result;
use local::client::{Client, RequestBuilder, Response};
use local::stack::{Options, Stack};
use local::template::Template;

use super::common::{options, start};
use super::presigned::{BUCKET, outcome};

const PAGE: &str = "http://localhost:5173";

/// Returns the CORS headers of the response, sorted.
fn cors_headers(response: &Response) -> Vec<String> {
    let is_cors = |name: &str| name.starts_with("access-control-") || name == "vary";
    let headers = response.headers.iter().filter(|(name, _)| is_cors(name.as_str()));
    let mut headers: Vec<_> =
        headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default())).collect();
    headers.sort();
    headers
}

fn preflight(stack: &Stack, path: &str, origin: &str, method: &str, headers: &str) -> RequestBuilder {
    let request = Client::new(stack.s3_endpoint()).request("OPTIONS", path).header("origin", origin);
    request.header("access-control-request-method", method).header("access-control-request-headers", headers)
}

#[tokio::test]
async fn preflights_get_the_headers_of_their_rule() -> Result<()> {
    let (stack, _) = start().await?;
    let headers = "Content-Type,x-amz-checksum-sha256";
    let response =
        preflight(&stack, "/things-bucket/k?X-Amz-Signature=0", PAGE, "PUT", headers).send().await?;
    assert_eq!((response.status, response.body.len()), (200, 0));
    let expected = [
        "access-control-allow-credentials: true",
        "access-control-allow-headers: content-type,x-amz-checksum-sha256",
        "access-control-allow-methods: GET, PUT",
        "access-control-allow-origin: http://localhost:5173",
        "access-control-expose-headers: etag, content-disposition",
        "access-control-max-age: 60",
        "vary: Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    ];
    assert_eq!(cors_headers(&response), expected);
    Ok(())
}

#[tokio::test]
async fn preflights_that_no_rule_allows_are_refused() -> Result<()> {
    let (stack, _) = start().await?;
    for (path, origin, method, headers) in [
        ("/things-bucket/k", "https://evil.example", "PUT", ""),
        ("/things-bucket/k", "https://unused.example", "PUT", ""),
        ("/things-bucket/k", "null", "PUT", ""),
        ("/things-bucket/k", PAGE, "DELETE", ""),
        ("/things-bucket/k", PAGE, "PUT", "content-type, if-match"),
        ("/other-bucket/k", PAGE, "PUT", ""),
        ("/", PAGE, "PUT", ""),
    ] {
        let response = preflight(&stack, path, origin, method, headers).send().await?;
        let expected = ("403 AccessForbidden".to_owned(), vec![]);
        assert_eq!(
            (outcome(&response), cors_headers(&response)),
            expected,
            "{path} {origin} {method} {headers}"
        );
    }
    let request = || Client::new(stack.s3_endpoint()).request("OPTIONS", "/things-bucket/k");
    for incomplete in
        [request().header("origin", PAGE), request().header("access-control-request-method", "PUT")]
    {
        assert_eq!(outcome(&incomplete.send().await?), "400 BadRequest");
    }
    Ok(())
}

#[tokio::test]
async fn pages_can_read_responses_and_errors() -> Result<()> {
    let (stack, _) = start().await?;
    let get =
        |origin: &str| Client::new(stack.s3_endpoint()).get("/things-bucket/k").header("origin", origin);
    let response = get(PAGE).send().await?;
    let headers = cors_headers(&response);
    assert_eq!(outcome(&response), "403 AccessDenied");
    assert!(headers.contains(&format!("access-control-allow-origin: {PAGE}")), "{headers:?}");
    assert!(headers.iter().any(|header| header.starts_with("vary: Origin")), "{headers:?}");
    assert_eq!(cors_headers(&get("https://evil.example").send().await?), [""; 0]);
    let client = Client::new(stack.s3_endpoint());
    let delete = client.request("DELETE", "/things-bucket/k").header("origin", PAGE).send().await?;
    assert_eq!(cors_headers(&delete), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn bucket_allows_the_origins_of_the_stack() -> Result<()> {
    let default = Stack::start(options()?).await?;
    let status = async |stack: &Stack, origin: &str| {
        Ok::<_, anyhow::Error>(
            preflight(stack, &format!("/{BUCKET}/k"), origin, "GET", "").send().await?.status,
        )
    };
    assert_eq!(status(&default, "http://localhost").await?, 200);
    assert_eq!(status(&default, "http://127.0.0.1:8080").await?, 200);
    let origins = "https://app.example.com".parse()?;
    let stack = Stack::start(Options { origins, ..options()? }).await?;
    assert_eq!(status(&stack, "https://app.example.com").await?, 200);
    assert_eq!(status(&stack, "https://app.example.com:8443").await?, 403);
    assert_eq!(status(&stack, "http://localhost").await?, 403);
    Ok(())
}

#[test]
fn rules_of_buckets_are_read_through_if() -> Result<()> {
    let rules = "{CorsRules: [{AllowedOrigins: !Split [',', !Ref O], AllowedMethods: [GET], MaxAge: 5}]}";
    for configuration in [rules.to_owned(), format!("!If [HasOrigins, {rules}, !Ref AWS::NoValue]")] {
        let bucket = format!("Type: 'AWS::S3::Bucket', Properties: {{CorsConfiguration: {configuration}}}");
        let template =
            Template::parse(&format!("Resources: {{B: {{{bucket}}}, None: {{Type: 'AWS::S3::Bucket'}}}}"))?;
        let rules = &template.buckets[0].cors;
        assert_eq!((rules.len(), rules[0].max_age, template.buckets[1].cors.len()), (1, Some(5), 0));
        assert_eq!(rules[0].allow_methods, ["GET"]);
    }
    Ok(())
}
