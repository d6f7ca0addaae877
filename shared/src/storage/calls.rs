//! Interceptor of the SDK's clients, which records each call: its resource, attempts and failure.

mod failure;

use aws_sdk_dynamodb::config::endpoint::Params;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use self::failure::attempt;
use crate::telemetry::OpenCall;

/// Recorder of calls.
#[derive(Debug)]
pub(super) struct CallRecorder;

/// Call in progress. The SDK drops it with the call, also if a timeout ends both.
#[derive(Debug)]
struct Recorded(OpenCall);

impl Storable for Recorded {
    type Storer = StoreReplace<Self>;
}

impl Intercept for CallRecorder {
    fn name(&self) -> &'static str {
        "CallRecorder"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let metadata = config.load::<Metadata>();
        let (service, operation) = metadata.map_or(("", ""), |of| (of.service(), of.name()));
        if let Some(call) = OpenCall::start(service, operation, &resource(config)) {
            config.interceptor_state().store_put(Recorded(call));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Recorded(call)) = config.load::<Recorded>()
            && let Some(outcome) = context.output_or_error()
        {
            call.attempt(outcome.err().map(|error| attempt(error, context.response())));
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Recorded(call)) = config.load::<Recorded>() else { return Ok(()) };
        match context.output_or_error() {
            Some(_) => call.end(),
            // A presigned URL is a call that another client makes.
            None => call.forget(),
        }
        Ok(())
    }
}

/// Returns the name of the call's table or bucket; of a transaction or a batch, those of its tables.
fn resource(config: &ConfigBag) -> String {
    let Some(params) = config.load::<EndpointResolverParams>() else { return String::new() };
    #[cfg(feature = "objects")]
    if let Some(params) = params.get::<aws_sdk_s3::config::endpoint::Params>() {
        return params.bucket().unwrap_or_default().to_owned();
    }
    let Some(params) = params.get::<Params>() else { return String::new() };
    if let Some(table) = params.resource_arn() {
        return table.to_owned();
    }
    let mut tables = params.resource_arn_list().unwrap_or_default().to_vec();
    tables.sort_unstable();
    tables.dedup();
    tables.join(", ")
}
