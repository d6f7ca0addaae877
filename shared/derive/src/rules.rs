//! Rules in `#[validate(…)]`, as calls of their checks.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{Expr, Ident};

use crate::syntax::{arguments, function};

/// Rules without bounds: name in the attribute, trait and method of `validator`, and message of the issue.
const FORMATS: [(&str, &str, &str, &str); 4] = [
    ("email", "ValidateEmail", "validate_email", "Invalid email address"),
    ("url", "ValidateUrl", "validate_url", "Invalid URL"),
    ("ip", "ValidateIp", "validate_ip", "Invalid IP address"),
    (
        "non_control_character",
        "ValidateNonControlCharacter",
        "validate_non_control_character",
        "Invalid string: must have no control characters",
    ),
];

/// Rules of one field.
#[derive(Default)]
pub(crate) struct Rules {
    /// Rule for its length. An array is checked before its elements are read.
    pub(crate) length: Option<TokenStream>,
    /// Statements that check `value` at `at`.
    pub(crate) checks: TokenStream,
}

/// Variable of the current `At` in generated code.
pub(crate) fn at() -> Ident {
    Ident::new("at", Span::mixed_site())
}

/// Variable of the value in generated code.
pub(crate) fn value() -> Ident {
    Ident::new("value", Span::mixed_site())
}

/// Adds one rule. Returns `false` for an unknown name.
pub(crate) fn rule(name: &str, meta: &ParseNestedMeta, rules: &mut Rules) -> syn::Result<bool> {
    let (at, value) = (at(), value());
    let derived = quote!(::shared::domain::validation::derived);
    let check = match name {
        "length" => {
            if rules.length.is_some() {
                return Err(meta.error("one field has one `length`"));
            }
            let [min, max, equal, message] =
                arguments(meta, ["min", "max", "equal", "message"])?.map(optional);
            rules.length =
                Some(quote!(#derived::Length { min: #min, max: #max, equal: #equal, message: #message }));
            // The length comes first, so that a rule of the application can rely on it.
            let others = std::mem::take(&mut rules.checks);
            quote!(#at.length(#value); #others)
        }
        "range" => {
            let names = ["min", "max", "exclusive_min", "exclusive_max", "message"];
            let [min, max, above, below, message] = arguments(meta, names)?.map(optional);
            let bounds = quote!(min: #min, max: #max, exclusive_min: #above, exclusive_max: #below);
            quote!(#at.range(#value, #derived::Range { #bounds, message: #message });)
        }
        "custom" => {
            let [path] = arguments(meta, ["function"])?;
            let path = function(&path.ok_or_else(|| meta.error("`custom` needs `function = …`"))?)?;
            quote!(#at.custom(|| #path(#value));)
        }
        _ => {
            let Some((_, rule, method, default)) = FORMATS.iter().find(|format| format.0 == name) else {
                return Ok(false);
            };
            let [message] = arguments(meta, ["message"])?;
            let message = message.map_or_else(|| quote!(#default), |message| quote!(#message));
            let [rule, method] = [rule, method].map(|name| Ident::new(name, Span::call_site()));
            quote!(#at.format(#derived::#rule::#method(#value), #message);)
        }
    };
    rules.checks.extend(check);
    Ok(true)
}

fn optional(expression: Option<Expr>) -> TokenStream {
    expression.map_or_else(
        || quote!(::core::option::Option::None),
        |expression| quote!(::core::option::Option::Some(#expression)),
    )
}
