//! Parts of a stack, built from its options and its template.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::{Binaries, Options};
use crate::cargo::{Build, Executables};
use crate::emulators::{Bucket, Emulators, Program};
use crate::gateway::Route;
use crate::lambda::{Log, Logs, Pool, Spec, StackEnv, arn};
use crate::origins::Origins;
use crate::page::Page;
use crate::rebuild::{Sources, Workspace};
use crate::streams::{Api, Consumer};
use crate::template::{self, Function, Names, RouteKey, Template};
use crate::terminal;
use crate::token::Issuer;

/// Package and binary of the built-in S3.
pub(super) const S3_PROGRAM: &str = "local-s3";

/// Environments of all functions, by logical id.
pub(super) type Pools = BTreeMap<String, Arc<Pool>>;

pub(super) async fn bind(port: u16) -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!(
                "port {port} is in use; stop the process that listens there, or set --port (0: any free one)"
            )
        }
        other => other.with_context(|| format!("can't listen on port {port}")),
    }
}

pub(super) fn select(template: &mut Template, only: Option<&str>) -> Result<()> {
    let Some(only) = only else { return Ok(()) };
    let all =
        template.functions.iter().map(|function| function.binary.clone()).collect::<Vec<_>>().join(", ");
    template.functions.retain(|function| function.binary == only || function.id == only);
    if template.functions.is_empty() {
        bail!("the template has no function {only}; it has {all}");
    }
    Ok(())
}

pub(super) async fn executables(template: &Template, options: &Options) -> Result<Executables> {
    let names: Vec<_> = template.functions.iter().map(|function| function.binary.as_str()).collect();
    match &options.binaries {
        Binaries::Dir(folder) => {
            Ok(names.into_iter().map(|name| (name.to_owned(), folder.join(name))).collect())
        }
        Binaries::Build { release } => {
            if options.log != Log::Capture {
                announce(&names, *release)?;
            }
            build(*release).run(&template.folder, &names).await
        }
    }
}

/// Tells about a build that takes long, because some functions were never built.
fn announce(names: &[&str], release: bool) -> Result<()> {
    let (_, own) = Build::of_this_program()?;
    let folder = if release { own.with_file_name("release") } else { own };
    if names.iter().all(|name| folder.join(name).is_file()) {
        return Ok(());
    }
    let duration =
        if release { "many minutes, because release builds are slow" } else { "about two minutes" };
    let (count, next) = (names.len(), "Then the stack starts and prints its URL");
    terminal::say(&format!("building {count} functions. The first time takes {duration}. {next}"));
    Ok(())
}

pub(super) fn build(release: bool) -> Build {
    Build { profile: release.then(|| "release".to_owned()), target_dir: None }
}

/// Returns the workspace whose functions are built again when their sources change, if the options ask for it.
pub(super) fn workspace(options: &Options, built: Timestamp) -> Option<Arc<Workspace>> {
    match options.binaries {
        Binaries::Build { release: false } if options.rebuild => {
            Some(Arc::new(Workspace::new(&options.template, build(false), built.into())))
        }
        _ => None,
    }
}

/// Returns the program of S3. It is built when it is first needed; with functions that are built already, only if it is
/// not beside this program.
pub(super) fn s3_program(template: &Template, binaries: &Binaries) -> Program {
    let (folder, is_built) = (template.folder.clone(), matches!(binaries, Binaries::Dir(_)));
    let build = async move {
        let (build, own) = Build::of_this_program()?;
        let beside = own.join(S3_PROGRAM);
        if is_built && beside.is_file() {
            return Ok(beside);
        }
        let executables = build.run(&folder, &[S3_PROGRAM]).await?;
        executables.get(S3_PROGRAM).cloned().with_context(|| format!("{S3_PROGRAM} was not built"))
    };
    build.map(|path| path.map_err(Arc::new)).boxed().shared()
}

/// Returns the template's buckets, with CORS rules for pages of `origins`.
pub(super) fn buckets(template: &Template, names: &Names, origins: &Origins) -> Vec<Bucket> {
    let bucket = |bucket: &template::Bucket| Bucket {
        name: names.bucket(&bucket.id).unwrap_or(&bucket.id).to_owned(),
        rules: bucket.cors.clone(),
        origins: origins.patterns(),
    };
    template.buckets.iter().map(bucket).collect()
}

pub(super) fn pools(
    template: &Template,
    names: &Names,
    options: &Options,
    emulators: &Emulators,
    executables: &Executables,
    logs: &Logs,
    workspace: Option<&Arc<Workspace>>,
) -> Result<Pools> {
    let stack_env = StackEnv {
        names,
        overrides: &options.variables,
        credentials: &emulators.credentials,
        dynamodb: &emulators.dynamodb.functions_endpoint,
        s3: &emulators.s3.functions_endpoint,
        origins: &options.origins,
    };
    let pool = |function: &Function| {
        let binary = &function.binary;
        let executable = executables.get(binary).with_context(|| format!("{binary} was not built"))?.clone();
        let spec = Spec {
            binary: binary.clone(),
            timeout: function.timeout,
            arn: arn(function),
            variables: stack_env.variables(function, &executable),
            executable,
        };
        let sources = workspace.map(|workspace| Sources::new(workspace, binary, &spec.executable));
        Ok((function.id.clone(), Arc::new(Pool::new(spec, sources, logs.clone()))))
    };
    template.functions.iter().map(pool).collect()
}

/// Starts an environment of every function that is built. An error includes the function's log, unless it is printed already.
pub(super) async fn prewarm(pools: &Pools, logs: &Logs) -> Result<()> {
    for pool in pools.values().filter(|pool| pool.is_built()) {
        if let Err(error) = pool.prewarm().await {
            let binary = pool.binary();
            let lines = if logs.is_printed() { Vec::new() } else { logs.lines(binary) };
            bail!(lines.iter().fold(format!("{error:#}"), |text, line| format!("{text}\n[{binary}] {line}")));
        }
    }
    Ok(())
}

/// Creates a consumer of each stream that feeds a function.
pub(super) async fn consumers(
    template: &Template,
    names: &Names,
    emulators: &Emulators,
    pools: &Pools,
    logs: &Logs,
) -> Result<Vec<Consumer>> {
    let mut consumers = Vec::new();
    for function in &template.functions {
        let pool = pools.get(&function.id).context("the function has no environments")?;
        for stream in &function.streams {
            let table = names.table(&stream.table).unwrap_or(&stream.table);
            let arn = emulators.stream_of(table).await?;
            let api = Api::new(&emulators.dynamodb.endpoint, &emulators.credentials, arn);
            consumers.push(Consumer::new(api, stream.clone(), Arc::clone(pool), logs.clone()));
        }
    }
    Ok(consumers)
}

/// Creates the page. Its settings are those of the first function behind the gateway.
pub(super) fn page(
    template: &Template,
    names: &Names,
    options: &Options,
    emulators: &Arc<Emulators>,
    executables: &Executables,
    pools: &Pools,
) -> Page {
    let pool = template.routed().find_map(|function| pools.get(&function.id));
    Page {
        template: template.clone(),
        names: names.clone(),
        executables: executables.clone(),
        variables: pool.map(|pool| pool.variables().clone()).unwrap_or_default(),
        issuer: Issuer::trusted_by(&options.variables),
        data: options.external.location(&options.data),
        emulators: Arc::clone(emulators),
    }
}

pub(super) fn targets(template: &Template, pools: &Pools) -> Vec<(RouteKey, Arc<Pool>)> {
    let routes = template.functions.iter().flat_map(|function| {
        let pool = pools.get(&function.id);
        function.routes.iter().filter_map(move |route| Some((route.clone(), Arc::clone(pool?))))
    });
    routes.collect()
}

pub(super) fn routes(template: &Template) -> Vec<Route> {
    let of_function = |function: &Function| {
        let route = |key: &RouteKey| Route {
            function: function.id.clone(),
            binary: function.binary.clone(),
            method: key.method.clone(),
            path: key.path.clone(),
        };
        function.routes.iter().map(route).collect::<Vec<_>>()
    };
    template.functions.iter().flat_map(of_function).collect()
}
