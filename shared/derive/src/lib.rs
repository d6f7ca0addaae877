//! `#[derive(Input)]`: generates `Input::read` from a type and its attributes. The generated code calls
//! `shared::domain::validation`.

mod attributes;
mod case;
mod expand;
mod rules;
mod syntax;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `Input`, field by field. docs/INPUTS.md shows every attribute.
///
/// - `serde`: `rename`, `rename_all`, `rename_all_fields`, `tag`, `default`
/// - `validate`: `length`, `range`, `email`, `url`, `ip`, `non_control_character`, `custom`
/// - `input`: `trim` on a field; `rule(function, fields(…), at)` and `from_str = "message"` on a type
///
/// Any other is a compile error that names it, except those of serialization.
#[proc_macro_derive(Input, attributes(serde, validate, input))]
pub fn input(tokens: TokenStream) -> TokenStream {
    let input = parse_macro_input!(tokens as DeriveInput);
    expand::input(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

#[cfg(test)]
mod tests;
