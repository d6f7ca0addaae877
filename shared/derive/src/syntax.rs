//! Common syntax of attributes: named arguments, and paths of functions.

use quote::ToTokens;
use syn::meta::ParseNestedMeta;
use syn::{Expr, ExprLit, ExprPath, Lit, token};

/// Returns the error for an unknown part of an attribute.
pub(crate) fn unknown(meta: &ParseNestedMeta, kind: &str) -> syn::Error {
    let name = meta.path.to_token_stream();
    meta.error(format!("`Input` doesn't know `{name}` here, in `{kind}`: docs/INPUTS.md lists what it knows"))
}

/// Parses the arguments of a part, as in `length(min = 1)`. Any other name is an error.
pub(crate) fn arguments<const N: usize>(
    meta: &ParseNestedMeta,
    names: [&str; N],
) -> syn::Result<[Option<Expr>; N]> {
    let mut found = [const { None }; N];
    if meta.input.peek(token::Paren) {
        meta.parse_nested_meta(|meta| {
            let place = names.iter().position(|name| meta.path.is_ident(name));
            let place = place.ok_or_else(|| unknown(&meta, "validate"))?;
            found[place] = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(found)
}

/// Parses the path of a function. It may be in quotes, as in `validator` and serde.
pub(crate) fn function(expression: &Expr) -> syn::Result<ExprPath> {
    match expression {
        Expr::Path(path) => Ok(path.clone()),
        Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => path.parse(),
        other => Err(syn::Error::new_spanned(other, "expected the path of a function")),
    }
}
