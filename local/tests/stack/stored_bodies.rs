//! Files of objects in a data folder.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_s3::primitives::ByteStream;
use local::emulators::Data;
use local::stack::{Options, Stack};
use rusqlite::Connection;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::common::{bucket_client, options};
use super::presigned::BUCKET;

async fn start_in(folder: &Path) -> Result<Stack> {
    Stack::start(Options { data: Data::Dir(folder.to_owned()), ..options()? }).await
}

fn files(folder: &Path) -> Result<usize> {
    Ok(std::fs::read_dir(folder.join("s3"))?.count())
}

/// Waits until the folder has this number of files.
async fn wait_for_files(folder: &Path, count: usize) -> Result<()> {
    for _ in 0..500 {
        if files(folder)? == count {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("there are {} files", files(folder)?)
}

async fn put(stack: &Stack, body: &'static [u8]) -> Result<()> {
    let put = bucket_client(stack).put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(body));
    put.send().await?;
    Ok(())
}

#[tokio::test]
async fn replaced_and_deleted_bodies_are_removed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let stack = start_in(folder.path()).await?;
    put(&stack, b"first").await?;
    put(&stack, b"second").await?;
    assert_eq!(files(folder.path())?, 1);
    let refused = bucket_client(&stack).put_object().bucket(BUCKET).key("k").if_none_match("*").send().await;
    assert!(refused.is_err());
    assert_eq!(files(folder.path())?, 1);
    bucket_client(&stack).delete_object().bucket(BUCKET).key("k").send().await?;
    assert_eq!(files(folder.path())?, 0);
    Ok(())
}

#[tokio::test]
async fn files_without_an_object_are_removed_at_start() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let stack = start_in(folder.path()).await?;
    put(&stack, b"bytes").await?;
    stack.stop().await;
    std::fs::write(folder.path().join("s3/unfinished"), "by")?;
    let stack = start_in(folder.path()).await?;
    assert_eq!(files(folder.path())?, 1);
    let object = bucket_client(&stack).get_object().bucket(BUCKET).key("k").send().await?;
    assert_eq!(object.body.collect().await?.to_vec(), b"bytes");
    Ok(())
}

#[tokio::test]
async fn interrupted_upload_leaves_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let stack = start_in(folder.path()).await?;
    let expiry = aws_sdk_s3::presigning::PresigningConfig::expires_in(Duration::from_mins(1))?;
    let signed = bucket_client(&stack).put_object().bucket(BUCKET).key("k").presigned(expiry).await?;
    let address = stack.s3_endpoint().strip_prefix("http://").context("no URL")?;
    let path = signed.uri().strip_prefix(stack.s3_endpoint()).context("it is for another endpoint")?;
    let mut connection = TcpStream::connect(address).await?;
    let head = format!("PUT {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 10\r\n\r\nbytes");
    connection.write_all(head.as_bytes()).await?;
    wait_for_files(folder.path(), 1).await?;
    drop(connection);
    wait_for_files(folder.path(), 0).await?;
    let listed = bucket_client(&stack).list_objects_v2().bucket(BUCKET).send().await?;
    assert_eq!(listed.contents(), []);
    Ok(())
}

#[tokio::test]
async fn concurrent_creations_store_one_object() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let stack = start_in(folder.path()).await?;
    let create = |_| {
        let put = bucket_client(&stack).put_object().bucket(BUCKET).key("k").if_none_match("*");
        tokio::spawn(put.body(vec![7; 100_000].into()).send())
    };
    let creations: Vec<_> = (0..8).map(create).collect();
    let mut stored = 0;
    for creation in creations {
        stored += usize::from(creation.await?.is_ok());
    }
    assert_eq!((stored, files(folder.path())?), (1, 1));
    Ok(())
}

#[tokio::test]
async fn data_of_another_version_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let old = Connection::open(folder.path().join("s3.sqlite"))?;
    old.execute_batch("CREATE TABLE objects (bucket TEXT, key TEXT, body BLOB)")?;
    let error = start_in(folder.path()).await.err().context("it starts")?;
    let text = format!("{error:#}");
    let advice = format!("delete the data folder {}", folder.path().display());
    assert!(text.contains("another version of the local stack") && text.contains(&advice), "{text}");
    Ok(())
}

#[tokio::test]
async fn folder_of_a_killed_stack_is_removed() -> Result<()> {
    let abandoned = tempfile::Builder::new().prefix("local-s3-").tempdir()?.keep();
    std::fs::write(abandoned.join("lock"), "")?;
    let running = Stack::start(options()?).await?;
    assert!(!abandoned.exists());
    // A running stack keeps its folder.
    let other = Stack::start(options()?).await?;
    put(&running, b"kept").await?;
    drop(other);
    let get = bucket_client(&running).get_object().bucket(BUCKET).key("k").send().await?;
    assert_eq!(get.body.collect().await?.to_vec(), b"kept");
    Ok(())
}
