//! Issuers and emulators over TLS, with the certificates of `AWS_CA_BUNDLE`.

use std::io::Write;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;
use testing::{App, Authority, Issuer, PNG, Serving, SigningKey, TlsProxy, claims, notes};

/// File for `AWS_CA_BUNDLE`, with the certificate of an authority.
struct Bundle(NamedTempFile);

impl Bundle {
    fn of(authority: &Authority) -> Result<Self> {
        let mut file = NamedTempFile::new()?;
        file.write_all(authority.certificate().as_bytes())?;
        Ok(Self(file))
    }

    fn path(&self) -> Result<&str> {
        self.0.path().to_str().context("the path is UTF-8")
    }
}

/// Sends Alice's request to a service with an issuer over TLS and this bundle; returns status and code.
async fn status(key: &SigningKey, proxy: &TlsProxy, bundle: &Bundle) -> Result<String> {
    let url = format!("{}/jwks", proxy.url());
    let app = App::specimens(&[("AUTH_JWKS_URL", &url), ("AWS_CA_BUNDLE", bundle.path()?)]).await?;
    let token = key.token(&claims("alice", &["acme"]))?;
    Ok(app.client.get(&notes("acme")).bearer(&token).send().await?.status_and_code())
}

#[tokio::test]
async fn issuer_needs_a_certificate_of_the_bundle() -> Result<()> {
    let key = SigningKey::p256("1")?;
    let issuer = Issuer::start(Serving::keys(&[&key])).await?;
    let (known, unknown) = (Authority::new()?, Authority::new()?);
    let proxy = TlsProxy::start(issuer.name(), Some(&known)).await?;
    assert_eq!(status(&key, &proxy, &Bundle::of(&known)?).await?, "200");
    assert_eq!(issuer.asked(), 1);
    assert_eq!(status(&key, &proxy, &Bundle::of(&unknown)?).await?, "503 SERVICE_UNAVAILABLE");
    assert_eq!(issuer.asked(), 1);
    assert!(proxy.opened() > 1);
    Ok(())
}

#[tokio::test]
async fn emulators_need_a_certificate_of_the_bundle() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let (known, unknown) = (Authority::new()?, Authority::new()?);
    let tables = TlsProxy::start(app.stack.dynamodb_endpoint(), Some(&known)).await?;
    let objects = TlsProxy::start(app.stack.s3_endpoint(), Some(&known)).await?;
    let endpoints = [("AWS_ENDPOINT_URL_DYNAMODB", &*tables.url()), ("AWS_ENDPOINT_URL_S3", &*objects.url())];
    for (authority, status_and_code) in [(&known, "201"), (&unknown, "503 SERVICE_UNAVAILABLE")] {
        let bundle = Bundle::of(authority)?;
        let other =
            app.second_environment(&[&endpoints[..], &[("AWS_CA_BUNDLE", bundle.path()?)]].concat()).await?;
        assert_eq!(other.upload(&note, "a.png", "image/png", PNG).await?.status_and_code(), status_and_code);
        assert_eq!(app.objects().await?.len(), 1);
    }
    assert_eq!(app.rows("NotesTable", "FILE").await?.len(), 1);
    Ok(())
}
