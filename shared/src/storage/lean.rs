//! Parts of `DynamoDB`'s client that do less than the SDK's: a function has one endpoint, and one name.

use std::sync::OnceLock;

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::EndpointFuture;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::endpoint::Endpoint;

/// Reason why an interceptor of the SDK is disabled.
const UNREAD: &str = "composed and signed for each call, and read by no part of this service";

/// Name of this client in `CloudTrail`.
const USER_AGENT: &str = concat!("aws-sdk-rust ", env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// Interceptor that sends a constant `User-Agent`, instead of the SDK's headers about itself.
#[derive(Debug)]
pub(super) struct ShortHeaders;

impl Intercept for ShortHeaders {
    fn name(&self) -> &'static str {
        "ShortHeaders"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let state = config.interceptor_state();
        state.store_put(disable_interceptor::<UserAgentInterceptor>(UNREAD));
        state.store_put(disable_interceptor::<InvocationIdInterceptor>(UNREAD));
        state.store_put(disable_interceptor::<RequestInfoInterceptor>(UNREAD));
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().headers_mut().insert("user-agent", USER_AGENT);
        Ok(())
    }
}

/// Endpoint by the SDK's rules, which are asked once.
#[derive(Debug, Default)]
pub(super) struct OneEndpoint {
    rules: DefaultResolver,
    known: OnceLock<(Params, Endpoint)>,
}

impl OneEndpoint {
    /// Returns the known endpoint, if it is that of a call with these parameters, too.
    fn known(&self, params: &Params) -> Option<&Endpoint> {
        let (known, endpoint) = self.known.get()?;
        let is_same = known.region() == params.region()
            && known.endpoint() == params.endpoint()
            && known.use_fips() == params.use_fips()
            && known.use_dual_stack() == params.use_dual_stack()
            && known.account_id_endpoint_mode() == params.account_id_endpoint_mode();
        (is_same && Self::is_usual(params)).then_some(endpoint)
    }

    /// Returns `true` if only the client's configuration decides: the tables and the credentials name no account.
    fn is_usual(params: &Params) -> bool {
        let tables = params.resource_arn().into_iter();
        let mut tables =
            tables.chain(params.resource_arn_list().unwrap_or_default().iter().map(String::as_str));
        let has_account = params.account_id().is_some() || tables.any(|table| table.starts_with("arn:"));
        !has_account && params.is_search_operation() != Some(true)
    }
}

impl ResolveEndpoint for OneEndpoint {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        if let Some(endpoint) = self.known(params) {
            return EndpointFuture::ready(Ok(endpoint.clone()));
        }
        EndpointFuture::new(async {
            let endpoint = self.rules.resolve_endpoint(params).await?;
            if Self::is_usual(params) {
                // The first one stays. Calls with another configuration are rare.
                drop(self.known.set((params.clone(), endpoint.clone())));
            }
            Ok(endpoint)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(region: &str, table: &str, [fips, dual_stack]: [bool; 2]) -> Params {
        let params = Params::builder().region(region).use_fips(fips).use_dual_stack(dual_stack);
        params.resource_arn(table).account_id_endpoint_mode("preferred").build().unwrap()
    }

    async fn expected(params: &Params) -> Endpoint {
        DefaultResolver::new().resolve_endpoint(params).await.unwrap()
    }

    #[tokio::test]
    async fn endpoint_is_that_of_rules() {
        let endpoint = OneEndpoint::default();
        for (region, options) in [
            ("eu-west-1", [false, false]),
            ("us-gov-west-1", [true, false]),
            ("us-east-1", [true, true]),
            ("cn-north-1", [false, true]),
            ("eu-west-1", [true, false]),
        ] {
            for table in ["notes", "counters", "notes"] {
                let params = params(region, table, options);
                let resolved = endpoint.resolve_endpoint(&params).await.unwrap();
                assert_eq!(resolved, expected(&params).await, "{region}");
            }
        }
    }

    #[tokio::test]
    async fn search_has_an_endpoint_of_its_own() {
        let params =
            |is_search| Params::builder().region("eu-west-1").is_search_operation(is_search).build().unwrap();
        for order in [[true, false, true], [false, true, false]] {
            let endpoint = OneEndpoint::default();
            for params in order.map(params) {
                assert_eq!(endpoint.resolve_endpoint(&params).await.unwrap(), expected(&params).await);
            }
        }
    }

    #[tokio::test]
    async fn rules_resolve_tables_of_other_accounts() {
        let endpoint = OneEndpoint::default();
        let table = "arn:aws:dynamodb:eu-west-1:123456789012:table/notes";
        let params = params("eu-west-1", table, [false, false]);
        let expected = DefaultResolver::new().resolve_endpoint(&params).await.unwrap();
        assert_eq!(endpoint.resolve_endpoint(&params).await.unwrap(), expected);
        assert!(endpoint.known.get().is_none());
    }
}
