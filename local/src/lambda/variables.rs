//! Environment variables of a function's process.

use std::path::Path;

use aws_credential_types::Credentials;

use crate::environment::Variables;
use crate::origins::Origins;
use crate::template::{ACCOUNT, Function, Names, REGION, Template};
use crate::token::{
    DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER, DEVELOPMENT_ROLES_CLAIM, DEVELOPMENT_SECRET,
    development_key_applies,
};

/// Variables that reach the functions although the template does not declare them.
const PASSED_ON: [&str; 3] = ["AWS_CA_BUNDLE", "LOG_LEVEL", "RUST_BACKTRACE"];

/// Settings that all functions of a stack share.
#[derive(Debug)]
pub(crate) struct StackEnv<'a> {
    pub(crate) names: &'a Names,
    pub(crate) overrides: &'a Variables,
    pub(crate) credentials: &'a Credentials,
    pub(crate) dynamodb: &'a str,
    pub(crate) s3: &'a str,
    /// Origins whose pages may call the API.
    pub(crate) origins: &'a Origins,
}

/// Returns the `variables` that are settings of the template's functions. Empty ones count as unset.
#[must_use]
pub fn overrides(template: &Template, variables: Variables) -> Variables {
    let named =
        |name: &str| template.functions.iter().any(|function| function.environment.contains_key(name));
    let is_setting = |name: &str| name.starts_with("AUTH_") || PASSED_ON.contains(&name) || named(name);
    variables.into_iter().filter(|(name, value)| !value.is_empty() && is_setting(name)).collect()
}

/// Returns the ARN of a function.
pub(crate) fn arn(function: &Function) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", function.binary)
}

impl StackEnv<'_> {
    /// Returns the variables of `function`, run from `executable`. In rising precedence: Lambda's own, the template's,
    /// development values, the developer's.
    pub(crate) fn variables(&self, function: &Function, executable: &Path) -> Variables {
        let mut variables = self.reserved(function, executable);
        variables.extend(self.declared(function));
        variables.extend(self.development());
        variables.extend(self.overrides.clone());
        variables
    }

    fn reserved(&self, function: &Function, executable: &Path) -> Variables {
        let root = executable.parent().unwrap_or(Path::new("/"));
        let variables = [
            ("AWS_ACCESS_KEY_ID", self.credentials.access_key_id()),
            ("AWS_SECRET_ACCESS_KEY", self.credentials.secret_access_key()),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb),
            ("AWS_ENDPOINT_URL_S3", self.s3),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", &function.binary),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", function.binary)),
            ("AWS_REGION", REGION),
            ("LAMBDA_TASK_ROOT", &root.to_string_lossy()),
            ("TZ", ":UTC"),
            ("_HANDLER", "bootstrap"),
        ];
        let token = self.credentials.session_token().map(|token| ("AWS_SESSION_TOKEN", token));
        variables.into_iter().chain(token).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Returns the template's variables. Those without a value, such as a parameter without a default, are left out; the
    /// function reports them if it needs them.
    fn declared(&self, function: &Function) -> Variables {
        let resolved = function.environment.iter().map(|(name, value)| (name, value.resolve(self.names)));
        resolved.filter_map(|(name, value)| Some((name.clone(), value?))).collect()
    }

    /// Returns values for development. Pages that may call the API may also write with the cookie. The development key is
    /// set only if there are no other keys.
    fn development(&self) -> Variables {
        let values = [
            ("AUTH_AUDIENCE", DEVELOPMENT_AUDIENCE),
            ("AUTH_ISSUER", DEVELOPMENT_ISSUER),
            ("AUTH_ROLES_CLAIM", DEVELOPMENT_ROLES_CLAIM),
            ("TRUSTED_ORIGINS", &self.origins.to_string()),
        ];
        let key = development_key_applies(self.overrides).then_some(("AUTH_JWT_SECRET", DEVELOPMENT_SECRET));
        values.into_iter().chain(key).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
