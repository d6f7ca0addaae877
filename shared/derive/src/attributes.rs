//! Attributes of types, variants and fields. An attribute without effect is an error.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprPath, Ident, LitStr, Token, parenthesized};

use crate::case::Case;
use crate::rules::{self, Rules};
use crate::syntax::{function, unknown};

/// Attributes of serde for serialization, which are ignored.
const SERIALIZATION: [&str; 3] = ["skip_serializing_if", "skip_serializing", "serialize_with"];

/// Attributes of a type.
#[derive(Default)]
pub(crate) struct Container {
    pub(crate) rename_all: Option<Case>,
    pub(crate) rename_all_fields: Option<Case>,
    pub(crate) tag: Option<String>,
    pub(crate) from_str: Option<LitStr>,
    pub(crate) rules: Vec<CrossRule>,
}

/// Rule about several fields.
pub(crate) struct CrossRule {
    pub(crate) function: ExprPath,
    pub(crate) fields: Vec<Ident>,
    /// Field that the issue is with.
    pub(crate) at: Ident,
}

/// Attributes of a field.
#[derive(Default)]
pub(crate) struct Field {
    pub(crate) rename: Option<String>,
    pub(crate) default: Option<TokenStream>,
    pub(crate) trim: bool,
    pub(crate) rules: Rules,
}

impl Container {
    pub(crate) fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut read = Self::default();
        each(attributes, "serde", |name, meta| {
            match name {
                "rename_all" => read.rename_all = Some(Case::parse(&meta.value()?.parse()?)?),
                "rename_all_fields" => read.rename_all_fields = Some(Case::parse(&meta.value()?.parse()?)?),
                "tag" => read.tag = Some(string(meta)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        each(attributes, "input", |name, meta| {
            match name {
                "from_str" => read.from_str = Some(meta.value()?.parse()?),
                "rule" => read.rules.push(CrossRule::parse(meta)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        each(attributes, "validate", |_, _| Ok(false))?;
        Ok(read)
    }
}

impl CrossRule {
    fn parse(meta: &ParseNestedMeta) -> syn::Result<Self> {
        let (mut rule, mut fields, mut at) = (None, Vec::new(), None);
        meta.parse_nested_meta(|meta| {
            if meta.path.is_ident("function") {
                rule = Some(function(&meta.value()?.parse()?)?);
            } else if meta.path.is_ident("at") {
                at = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("fields") {
                let names;
                parenthesized!(names in meta.input);
                fields.extend(Punctuated::<Ident, Token![,]>::parse_terminated(&names)?);
            } else {
                return Err(unknown(&meta, "input(rule)"));
            }
            Ok(())
        })?;
        let incomplete = || meta.error("a rule needs `function = …` and `fields(…)`");
        let at = at.or_else(|| fields.first().cloned()).ok_or_else(incomplete)?;
        Ok(Self { function: rule.ok_or_else(incomplete)?, fields, at })
    }
}

impl Field {
    pub(crate) fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut read = Self::default();
        each(attributes, "serde", |name, meta| {
            match name {
                "rename" => read.rename = Some(string(meta)?),
                "default" if meta.input.peek(Token![=]) => {
                    let default = function(&meta.value()?.parse()?)?;
                    read.default = Some(quote!(#default()));
                }
                "default" => read.default = Some(quote!(::core::default::Default::default())),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        each(attributes, "input", |name, _| {
            read.trim |= name == "trim";
            Ok(name == "trim")
        })?;
        each(attributes, "validate", |name, meta| rules::rule(name, meta, &mut read.rules))?;
        Ok(read)
    }
}

/// Returns the name in a variant's `rename`, if it has one.
pub(crate) fn variant_name(attributes: &[Attribute]) -> syn::Result<Option<String>> {
    let mut rename = None;
    each(attributes, "serde", |name, meta| {
        if name == "rename" {
            rename = Some(string(meta)?);
        }
        Ok(name == "rename")
    })?;
    each(attributes, "input", |_, _| Ok(false))?;
    each(attributes, "validate", |_, _| Ok(false))?;
    Ok(rename)
}

/// Passes each part of the attributes of this kind to `take`, which returns `false` for an unknown one. That is an error.
fn each(
    attributes: &[Attribute],
    kind: &str,
    mut take: impl FnMut(&str, &ParseNestedMeta) -> syn::Result<bool>,
) -> syn::Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(kind)) {
        attribute.parse_nested_meta(|meta| {
            let name = meta.path.to_token_stream().to_string();
            if kind == "serde" && SERIALIZATION.contains(&name.as_str()) {
                if meta.input.peek(Token![=]) {
                    meta.value()?.parse::<Expr>()?;
                }
                return Ok(());
            }
            if take(&name, &meta)? { Ok(()) } else { Err(unknown(&meta, kind)) }
        })?;
    }
    Ok(())
}

fn string(meta: &ParseNestedMeta) -> syn::Result<String> {
    meta.value()?.parse::<LitStr>().map(|text| text.value())
}
