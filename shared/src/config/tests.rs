//! Every variable: default, valid and invalid values, and messages without secrets.

mod keys;

use testing::workspace;
use tracing::level_filters::LevelFilter;

use super::*;

const SECRET: &str = "a secret of 32 bytes, as they say";

/// Required variables.
const REQUIRED: [(&str, &str); 4] = [
    ("AUTH_JWT_SECRET", SECRET),
    ("AUTH_ISSUER", "https://issuer.example"),
    ("AUTH_AUDIENCE", "projects"),
    ("RATE_LIMIT_TABLE", "limits"),
];

/// Reads with the required variables and these. An empty value is not set.
fn read_with<T>(changes: &[(&str, &str)], read: impl FnOnce(&Env<'_>) -> Option<T>) -> Result<T, String> {
    let lookup = |name: &str| {
        let all = changes.iter().chain(&REQUIRED);
        all.into_iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    Env::read(&lookup, read).map_err(|problems| problems.to_string())
}

fn settings(changes: &[(&str, &str)]) -> Result<Settings, String> {
    read_with(changes, Settings::from_env)
}

/// Returns the problems with a variable of this value.
fn problem(name: &str, value: &str) -> String {
    settings(&[(name, value)]).err().unwrap_or_default()
}

#[test]
fn unset_variables_have_defaults() {
    let settings = settings(&[]).unwrap();
    assert_eq!(settings.auth.keys.secrets, [SECRET.as_bytes()]);
    assert!(settings.auth.keys.set.is_none());
    assert_eq!(settings.auth.issuer, "https://issuer.example");
    assert_eq!(settings.auth.audience, Audience::OneOf(vec!["projects".to_owned()]));
    assert_eq!(settings.auth.organizations, ClaimPath::Name("organizations".to_owned()));
    assert_eq!(settings.auth.roles, None);
    assert_eq!((settings.auth.cookie.as_str(), settings.auth.leeway), ("auth", 5));
    assert_eq!(settings.rate_limit.to_string(), "10/10s");
    assert_eq!(settings.org_rate_limit, None);
    assert_eq!(settings.rate_limit_timeout.as_millis(), 600);
    assert_eq!(settings.rate_limit_failure_mode, FailureMode::Open);
    assert_eq!(settings.rate_limit_table, "limits");
    assert_eq!(settings.origin_secrets, OriginSecrets::default());
    assert!(!settings.origin_secrets.are_set());
    assert_eq!(settings.trusted_origins, TrustedOrigins::default());
}

#[test]
fn set_variables_override_defaults() {
    let settings = settings(&[
        ("AUTH_COOKIE", "__Host-session"),
        ("AUTH_LEEWAY_SECONDS", "0"),
        ("AUTH_ROLES_CLAIM", "/realm_access/roles"),
        ("RATE_LIMIT", " 100/60s "),
        ("ORG_RATE_LIMIT", "1000/60s"),
        ("RATE_LIMIT_TIMEOUT_MS", "250"),
        ("RATE_LIMIT_ON_ERROR", "deny"),
        ("TRUSTED_ORIGINS", "https://App.example.com, http://localhost:5173 ,"),
    ]);
    let settings = settings.unwrap();
    assert_eq!((settings.auth.cookie.as_str(), settings.auth.leeway), ("__Host-session", 0));
    assert_eq!(settings.auth.roles, Some(ClaimPath::Pointer("/realm_access/roles".to_owned())));
    assert_eq!(settings.rate_limit.to_string(), "100/60s");
    assert_eq!(settings.org_rate_limit.map(|limit| limit.to_string()).as_deref(), Some("1000/60s"));
    assert_eq!(settings.rate_limit_timeout.as_millis(), 250);
    assert_eq!(settings.rate_limit_failure_mode, FailureMode::Closed);
    assert!(settings.trusted_origins.contains("http://localhost:5173"));
}

#[test]
fn missing_or_empty_variable_is_named() {
    // Without a secret the issuer's keys are discovered.
    for (name, _) in REQUIRED.into_iter().skip(1) {
        let without = |lookup: &str| {
            REQUIRED
                .iter()
                .find(|(known, _)| *known == lookup && lookup != name)
                .map(|(_, value)| (*value).to_owned())
        };
        let missing = Env::read(&without, Settings::from_env).err().map(|problems| problems.to_string());
        let expected = format!("{name} is not set");
        assert_eq!(missing.as_deref(), Some(expected.as_str()));
        assert_eq!(problem(name, ""), expected);
    }
}

#[test]
fn empty_variable_has_its_default() {
    let empty = [
        ("AUTH_COOKIE", ""),
        ("AUTH_LEEWAY_SECONDS", ""),
        ("AUTH_JWKS", ""),
        ("AUTH_JWKS_URL", ""),
        ("AUTH_JWT_SECRET_PREVIOUS", ""),
        ("AUTH_ORGANIZATIONS_CLAIM", ""),
        ("AUTH_ROLES_CLAIM", ""),
        ("ORIGIN_SECRET", ""),
        ("ORIGIN_SECRET_PREVIOUS", ""),
        ("RATE_LIMIT", ""),
        ("ORG_RATE_LIMIT", ""),
        ("RATE_LIMIT_TIMEOUT_MS", ""),
        ("RATE_LIMIT_ON_ERROR", ""),
        ("TRUSTED_ORIGINS", ""),
    ];
    let settings = settings(&empty).unwrap();
    assert_eq!(settings.auth.roles, None);
    assert!(!settings.origin_secrets.are_set());
    assert_eq!((settings.auth.cookie.as_str(), settings.auth.leeway), ("auth", 5));
    assert_eq!((settings.rate_limit.requests(), settings.rate_limit_failure_mode), (10, FailureMode::Open));
}

#[test]
fn only_the_invalid_variable_is_named() {
    for (name, values) in [
        ("AUTH_JWT_SECRET", &["short", "31 bytes are one byte too short"][..]),
        ("AUTH_JWT_SECRET_PREVIOUS", &["short", "31 bytes are one byte too short"]),
        ("AUTH_AUDIENCE", &[",", " ", "*,projects", "projects, *"]),
        ("AUTH_ORGANIZATIONS_CLAIM", &["/a~", "/a~2b", "/~~0"]),
        ("AUTH_ROLES_CLAIM", &["/a~", "/a~2b", "/~~0"]),
        ("AUTH_COOKIE", &["a b", "a=b", "a;b", "\"auth\"", "é", " "]),
        (
            "ORIGIN_SECRET",
            &["short", "31 bytes are one byte too short", "32 bytes, but spaces in between them"],
        ),
        ("ORIGIN_SECRET", &["pässwort-von-mindestens-32-Zeichen"]),
        ("AUTH_LEEWAY_SECONDS", &["-1", "5s", "1.5", "301", "99999999999999999999", "five"]),
        ("RATE_LIMIT", &["10", "0/10s", "10/0s", "ten/10s", "10/1m"]),
        ("ORG_RATE_LIMIT", &["off", "0", "0/10s", "100"]),
        ("RATE_LIMIT_TIMEOUT_MS", &["0", "99", "4001", "+600", "600ms", "0.6"]),
        ("RATE_LIMIT_ON_ERROR", &["Allow", "refuse", "true"]),
        (
            "TRUSTED_ORIGINS",
            &[
                "*",
                "null",
                "app.example.com",
                "https://",
                "https://app.example.com/",
                "https://app.example.com/path",
                "https://good.example,bad.example",
                "https://user@app.example.com",
                "ftp://app.example.com",
                "https://a.example https://b.example",
            ],
        ),
    ] {
        for value in values {
            let problem = problem(name, value);
            assert!(problem.starts_with(&format!("{name} ")), "{name}={value}: {problem:?}");
            assert!(!problem.contains("; "), "{name}={value}: {problem:?}");
        }
    }
}

#[test]
fn secret_has_at_least_32_bytes() {
    assert!(settings(&[("AUTH_JWT_SECRET", &"s".repeat(32))]).is_ok());
    assert!(settings(&[("AUTH_JWT_SECRET", &"é".repeat(16))]).is_ok());
    assert!(settings(&[("AUTH_JWT_SECRET", &"s".repeat(31))]).is_err());
}

#[test]
fn all_problems_are_reported_together() {
    let all = [
        ("AUTH_JWT_SECRET", "short"),
        ("AUTH_ISSUER", ""),
        ("AUTH_AUDIENCE", ""),
        ("AUTH_COOKIE", "a b"),
        ("AUTH_LEEWAY_SECONDS", "x"),
        ("RATE_LIMIT", "x"),
        ("ORG_RATE_LIMIT", "x"),
        ("RATE_LIMIT_TIMEOUT_MS", "x"),
        ("RATE_LIMIT_ON_ERROR", "x"),
        ("RATE_LIMIT_TABLE", ""),
        ("TRUSTED_ORIGINS", "x"),
    ];
    let problems = settings(&all).err().unwrap();
    for (name, _) in all {
        assert!(problems.contains(&format!("{name} ")), "{name}: {problems}");
    }
    assert_eq!(problems.split("; ").count(), all.len());
}

#[test]
fn messages_contain_no_secret() {
    let short = "hunter2-hunter2";
    for changes in [
        &[("AUTH_JWT_SECRET", short)][..],
        &[("AUTH_JWT_SECRET", short), ("RATE_LIMIT", "x"), ("AUTH_ISSUER", "")],
        &[("AUTH_JWKS", r#"{"keys":[{"kty":"oct","k":"hunter2"}]}"#)],
        &[("AUTH_JWKS_URL", "https://user:hunter2@issuer.example/jwks")],
        &[("RATE_LIMIT", "x")],
    ] {
        let problems = settings(changes).err().unwrap_or_default();
        assert!(!problems.contains("hunter2") && !problems.contains(SECRET), "{problems}");
    }
}

#[test]
fn log_level_defaults_to_info() {
    for name in ["AWS_LAMBDA_LOG_LEVEL", "LOG_LEVEL"] {
        let level = |value| read_with(&[(name, value)], LogSettings::from_env).map(|log| log.level);
        assert_eq!(level(""), Ok(LevelFilter::INFO));
        assert_eq!(level("warn"), Ok(LevelFilter::WARN));
        assert_eq!(level("DEBUG"), Ok(LevelFilter::DEBUG));
        assert_eq!(level("off"), Ok(LevelFilter::OFF));
        assert_eq!(level("FATAL"), Ok(LevelFilter::OFF));
        for bad in ["loud", "info,shared=debug", "5"] {
            assert!(level(bad).is_err_and(|problem| problem.starts_with(name)), "{bad}");
        }
    }
}

#[test]
fn level_of_lambda_takes_precedence() {
    let variables = [("AWS_LAMBDA_LOG_LEVEL", "ERROR"), ("LOG_LEVEL", "info")];
    assert_eq!(read_with(&variables, LogSettings::from_env).map(|log| log.level), Ok(LevelFilter::ERROR));
}

#[test]
fn service_defaults_to_the_function() {
    let service = |variables: &[_]| read_with(variables, LogSettings::from_env).unwrap().service;
    let function = ("AWS_LAMBDA_FUNCTION_NAME", "list-notes");
    assert_eq!(service(&[function]), "list-notes");
    assert_eq!(service(&[function, ("POWERTOOLS_SERVICE_NAME", "notes-api")]), "notes-api");
}

#[test]
fn invalid_ca_bundle_is_named() {
    let bundle = |path| {
        let aws = read_with(&[&LAMBDA[..], &[("AWS_CA_BUNDLE", path)]].concat(), AwsSettings::from_env);
        aws.map(|aws| aws.ca_bundle)
    };
    assert_eq!(bundle(""), Ok(None));
    let [roots, manifest] = ["shared/src/storage/amazon-roots.pem", "Cargo.toml"]
        .map(|file| workspace().join(file).to_str().unwrap().to_owned());
    assert!(bundle(&roots).unwrap().is_some_and(|bytes| !bytes.is_empty()));
    for bad in ["/no/such/file.pem", "/dev/null", &manifest] {
        assert!(bundle(bad).unwrap_err().starts_with("AWS_CA_BUNDLE "), "{bad}");
    }
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let good = std::fs::read_to_string(&roots).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle.pem");
    for text in [no_certificate.to_owned(), good.clone() + no_certificate, no_certificate.to_owned() + &good]
    {
        std::fs::write(&file, &text).unwrap();
        assert!(bundle(file.to_str().unwrap()).unwrap_err().starts_with("AWS_CA_BUNDLE "), "{text}");
    }
}

/// Variables that Lambda sets.
const LAMBDA: [(&str, &str); 4] = [
    ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
];

/// Reads with Lambda's variables and these changes.
fn aws(changes: &[(&str, &str)]) -> Result<AwsSettings, String> {
    read_with(&[&LAMBDA[..], changes].concat(), AwsSettings::from_env)
}

#[test]
fn own_endpoint_overrides_the_common_one() {
    let (common, own) = (("AWS_ENDPOINT_URL", "http://common"), ("AWS_ENDPOINT_URL_S3", "http://s3"));
    let tables = ("AWS_ENDPOINT_URL_DYNAMODB", "http://dynamodb");
    for (changes, dynamodb, s3) in [
        (&[][..], None, None),
        (&[common], Some("http://common"), Some("http://common")),
        (&[common, own], Some("http://common"), Some("http://s3")),
        (&[own], None, Some("http://s3")),
        (&[tables], Some("http://dynamodb"), None),
        (&[common, own, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], None, None),
        // A template can't omit a variable.
        (&[("AWS_ENDPOINT_URL_DYNAMODB", ""), ("AWS_ENDPOINT_URL", "")], None, None),
    ] {
        let aws = aws(changes).unwrap();
        assert_eq!((aws.dynamodb.as_deref(), aws.s3.as_deref()), (dynamodb, s3), "{changes:?}");
    }
}

#[test]
fn invalid_endpoint_or_switch_is_named() {
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"] {
        for bad in ["not a url", "127.0.0.1:8000", "ftp://files"] {
            assert!(
                aws(&[(name, bad)]).err().is_some_and(|problem| problem.starts_with(name)),
                "{name}={bad}"
            );
        }
    }
    for name in ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] {
        for changes in [&[(name, "yes")][..], &[(name, "true"), ("AWS_ENDPOINT_URL_S3", "http://s3")]] {
            assert!(aws(changes).err().is_some_and(|problem| problem.starts_with(name)), "{changes:?}");
        }
    }
    let gov = aws(&[("AWS_USE_FIPS_ENDPOINT", "TRUE"), ("AWS_USE_DUALSTACK_ENDPOINT", "false")]).unwrap();
    assert_eq!((gov.fips, gov.dual_stack), (true, false));
}

#[test]
fn start_outside_lambda_prints_the_command() {
    let start = |changes: &[_]| read_with(changes, AwsSettings::from_env).map(|aws| aws.region);
    assert_eq!(start(&LAMBDA), Ok("eu-central-1".to_owned()));
    // Outside Lambda all of them are missing, and one message is enough.
    let outside = start(&[]).unwrap_err();
    assert!(outside.starts_with("AWS_LAMBDA_RUNTIME_API ") && outside.contains("cargo run"), "{outside}");
    assert!(!outside.contains("; "), "{outside}");
    for missing in 1..LAMBDA.len() {
        let mut changes = LAMBDA;
        changes[missing].1 = "";
        assert_eq!(start(&changes), Err(format!("{} is not set", LAMBDA[missing].0)));
    }
}

mod of_uploads {
    use super::super::uploads::UploadLimits;
    use super::*;

    #[test]
    fn default_limits_are_4_mib_and_seven_types() {
        let limits = read_with(&[], UploadLimits::from_env).unwrap();
        assert_eq!(limits.max_bytes, 4 * 1024 * 1024);
        assert!(limits.allowed_types.check("text/csv", "a", b"a,b").is_ok());
    }

    #[test]
    fn file_limit_fits_into_lambda_requests() {
        for (text, bytes) in [("1", 1), ("4500000", 4_500_000)] {
            assert_eq!(
                read_with(&[("UPLOAD_MAX_BYTES", text)], UploadLimits::from_env).unwrap().max_bytes,
                bytes
            );
        }
        for text in ["0", "-1", "4500001", "4MiB", "1e6", "99999999999999999999"] {
            let problem = read_with(&[("UPLOAD_MAX_BYTES", text)], UploadLimits::from_env).err();
            assert!(problem.is_some_and(|problem| problem.starts_with("UPLOAD_MAX_BYTES ")), "{text}");
        }
    }

    #[test]
    fn only_detectable_types_can_be_allowed() {
        let types = |text| read_with(&[("UPLOAD_ALLOWED_TYPES", text)], UploadLimits::from_env);
        let limits = types("image/png, image/gif").unwrap();
        assert!(limits.allowed_types.check("image/gif", "a", b"GIF89a\x01\0\x01\0").is_ok());
        assert!(limits.allowed_types.check("text/csv", "a", b"a,b").is_err());
        for text in ["image/svg+xml", "application/octet-stream", "image/*", "*/*", ",", "png"] {
            assert!(
                types(text).err().is_some_and(|problem| problem.starts_with("UPLOAD_ALLOWED_TYPES ")),
                "{text}"
            );
        }
    }
}

#[test]
fn origin_secret_matches_only_itself() {
    let (current, previous) = ("the-secret-of-the-proxy-32-bytes", "the-secret-before-it-of-32-bytes");
    let both = settings(&[("ORIGIN_SECRET", current), ("ORIGIN_SECRET_PREVIOUS", previous)]).unwrap();
    let spaced = "32 bytes, but spaces in between them";
    let unsendable = settings(&[("ORIGIN_SECRET", current), ("ORIGIN_SECRET_PREVIOUS", spaced)]).unwrap_err();
    assert!(unsendable.starts_with("ORIGIN_SECRET_PREVIOUS "), "{unsendable}");
    let secrets = both.origin_secrets;
    assert!(secrets.are_set() && secrets.contain(current) && secrets.contain(previous));
    for other in ["", &current[1..], &previous[..31], &format!("{current}{previous}"), SECRET] {
        assert!(!secrets.contain(other), "{other}");
    }
    assert!(!OriginSecrets::default().contain(""));
    let printed = format!("{secrets:?}");
    assert!(!printed.contains(current), "{printed}");
    let alone = problem("ORIGIN_SECRET_PREVIOUS", previous);
    assert_eq!(alone, "ORIGIN_SECRET_PREVIOUS is set without ORIGIN_SECRET");
}
