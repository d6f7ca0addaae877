//! Generation of `Input` for a type.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DataEnum, DeriveInput, Fields, Ident, LitStr, Type, Variant};

use crate::attributes::{Container, CrossRule, Field, variant_name};
use crate::case::Case;
use crate::rules::{at, value};

/// Generates the implementation, or the error at the part of the type that is not supported.
pub(crate) fn input(input: &DeriveInput) -> syn::Result<TokenStream> {
    let container = Container::parse(&input.attrs)?;
    check_effect(input, &container)?;
    let body = match (&container.from_str, &input.data) {
        (Some(message), data) => from_str(message, data)?,
        (None, Data::Struct(data)) => match &data.fields {
            Fields::Named(_) => {
                let (at, members, value) = (at(), members(), value());
                let read = named(&data.fields, container.rename_all, &quote!(Self), &container.rules)?;
                quote!(let mut #members = #at.object(#value)?; #read)
            }
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                wrapped(&fields.unnamed[0], &value().into_token_stream(), &quote!(Self))?
            }
            other => return Err(unreadable(other, &input.ident)),
        },
        (None, Data::Enum(data)) => match &container.tag {
            Some(tag) => tagged(data, &container, tag)?,
            None => options(data, &container)?,
        },
        (None, Data::Union(_)) => return Err(unreadable(&input.ident, &input.ident)),
    };
    Ok(implementation(input, &body))
}

/// Refuses attributes without effect.
fn check_effect(input: &DeriveInput, container: &Container) -> syn::Result<()> {
    let is_enum = matches!(input.data, Data::Enum(_));
    let is_named = matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
    let Container { rename_all, rename_all_fields, tag, from_str, rules } = container;
    let message = if from_str.is_some() && (rename_all.is_some() || tag.is_some() || !rules.is_empty()) {
        "a type with `from_str` has no names, tag or rules"
    } else if !is_named && !rules.is_empty() {
        "only named fields have rules about several of them"
    } else if tag.is_some() && !is_enum {
        "only an enum has a tag"
    } else if rename_all_fields.is_some() && tag.is_none() {
        "only an enum with a tag has fields to rename"
    } else if rename_all.is_some() && !is_named && !is_enum {
        "there is nothing to rename"
    } else {
        return Ok(());
    };
    Err(syn::Error::new_spanned(&input.ident, message))
}

fn implementation(input: &DeriveInput, body: &TokenStream) -> TokenStream {
    let (name, at, value) = (&input.ident, at(), value());
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(syn::parse_quote!(::shared::domain::validation::Input));
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters ::shared::domain::validation::Input for #name #arguments #bounds {
            fn read(
                #value: ::core::option::Option<::shared::domain::validation::derived::Value>,
                #at: &mut ::shared::domain::validation::At<'_>,
            ) -> ::core::option::Option<Self> {
                #body
            }
        }
    }
}

/// Variable of an object's members in generated code.
fn members() -> Ident {
    Ident::new("members", Span::mixed_site())
}

fn unreadable(tokens: impl ToTokens, name: &Ident) -> syn::Error {
    let message =
        format!("`Input` can't read `{name}`: it takes named fields, one unnamed field, or an enum");
    syn::Error::new_spanned(tokens, message)
}

fn from_str(message: &LitStr, data: &Data) -> syn::Result<TokenStream> {
    let (at, value) = (at(), value());
    let fields: Vec<_> = match data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data.variants.iter().flat_map(|variant| &variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    let ruled =
        |attribute: &&Attribute| ["validate", "input"].iter().any(|name| attribute.path().is_ident(name));
    if let Some(attribute) = fields.iter().flat_map(|field| &field.attrs).find(ruled) {
        return Err(syn::Error::new_spanned(attribute, "a type with `from_str` has no names, tag or rules"));
    }
    Ok(quote!(#at.parsed(#value, #message, |text| text.parse().ok())))
}

/// Field with its attributes and its serialized name.
struct Member<'a> {
    ident: &'a Ident,
    kind: &'a Type,
    attributes: Field,
    wire: String,
}

impl<'a> Member<'a> {
    fn all(fields: &'a Fields, case: Option<Case>) -> syn::Result<Vec<Self>> {
        let members = fields.iter().filter_map(|field| Some((field, field.ident.as_ref()?)));
        let member = |(field, ident): (&'a syn::Field, &'a Ident)| {
            let mut attributes = Field::parse(&field.attrs)?;
            let name = ident.unraw().to_string();
            let cased = || case.map_or_else(|| name.clone(), |case| case.field(&name));
            let wire = attributes.rename.take().unwrap_or_else(cased);
            Ok(Self { ident, kind: &field.ty, attributes, wire })
        };
        let all = members.map(member).collect::<syn::Result<Vec<_>>>()?;
        distinct(all.iter().map(|member| (member.ident, member.wire.as_str())))?;
        Ok(all)
    }

    /// Returns the variable of the value in generated code.
    fn variable(&self) -> Ident {
        format_ident!("field_{}", self.ident.unraw(), span = Span::mixed_site())
    }

    fn read(&self) -> TokenStream {
        let (at, members, variable, kind, wire) = (at(), members(), self.variable(), self.kind, &self.wire);
        let found = quote!(#members.remove(#wire));
        let held = held(&quote!(#at.field), &quote!(#wire,), &found, kind, &self.attributes);
        let read = match &self.attributes.default {
            None => held,
            Some(default) => quote! {
                if #members.contains_key(#wire) { #held } else { ::core::option::Option::Some(#default) }
            },
        };
        quote!(let #variable: ::core::option::Option<#kind> = #read;)
    }
}

/// Refuses duplicate names.
fn distinct<'a>(names: impl Iterator<Item = (&'a Ident, &'a str)>) -> syn::Result<()> {
    let mut seen = HashSet::new();
    for (ident, name) in names {
        if !seen.insert(name) {
            return Err(syn::Error::new_spanned(ident, format!("two are called `{name}`")));
        }
    }
    Ok(())
}

/// Generates a call that reads a value and checks its rules.
fn held(
    call: &TokenStream,
    first: &TokenStream,
    found: &TokenStream,
    kind: &Type,
    field: &Field,
) -> TokenStream {
    let (at, value, checks) = (at(), value(), &field.rules.checks);
    let length = match &field.rules.length {
        None => quote!(::core::option::Option::None),
        Some(length) => quote!(::core::option::Option::Some(#length)),
    };
    let found = if field.trim {
        quote!(::shared::domain::validation::derived::trimmed(#found))
    } else {
        found.clone()
    };
    // Rules of an optional value apply only if it is present.
    let checks = match outer(kind).as_deref() {
        _ if checks.is_empty() => quote!(|_, _| {}),
        Some("Option") => quote! {
            |#value, #at| if let ::core::option::Option::Some(#value) = #value { #checks }
        },
        Some("Patch") => quote! {
            |#value, #at| if let ::shared::domain::validation::Patch::Value(#value) = #value { #checks }
        },
        _ => quote!(|#value, #at| { #checks }),
    };
    quote!(#call::<#kind>(#first #found, #length, #checks))
}

/// Returns the name of a type, without its parameters.
fn outer(kind: &Type) -> Option<String> {
    let Type::Path(path) = kind else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}

/// Generates code that reads named fields from an object's members, then checks the rules about several fields.
fn named(
    fields: &Fields,
    case: Option<Case>,
    constructor: &TokenStream,
    rules: &[CrossRule],
) -> syn::Result<TokenStream> {
    let all = Member::all(fields, case)?;
    let reads = all.iter().map(Member::read);
    let checks = rules.iter().map(|rule| across(rule, &all)).collect::<syn::Result<Vec<_>>>()?;
    let (names, variables) = (all.iter().map(|member| member.ident), all.iter().map(Member::variable));
    Ok(quote! {
        #(#reads)*
        #(#checks)*
        ::core::option::Option::Some(#constructor { #(#names: #variables?,)* })
    })
}

/// Generates the check of a rule about several fields. It runs only if all of them are valid.
fn across(rule: &CrossRule, all: &[Member<'_>]) -> syn::Result<TokenStream> {
    let member = |ident: &Ident| {
        let unknown = || syn::Error::new_spanned(ident, format!("there is no field `{ident}`"));
        all.iter().find(|member| member.ident == ident).ok_or_else(unknown)
    };
    let operands = rule.fields.iter().map(member).collect::<syn::Result<Vec<_>>>()?;
    let (at, function, wire) = (at(), &rule.function, &member(&rule.at)?.wire);
    let variables: Vec<_> = operands.iter().map(|member| member.variable()).collect();
    let arguments = operands.iter().map(|member| {
        let variable = member.variable();
        if outer(member.kind).as_deref() == Some("Option") {
            quote!(#variable.as_ref())
        } else {
            quote!(#variable)
        }
    });
    Ok(quote! {
        if let (#(::core::option::Option::Some(#variables),)*) = (#(&#variables,)*) {
            #at.rule(#wire, #function(#(#arguments),*));
        }
    })
}

/// Generates code that reads the one unnamed field of a struct or variant, at the path of the whole.
fn wrapped(field: &syn::Field, found: &TokenStream, constructor: &TokenStream) -> syn::Result<TokenStream> {
    let (at, attributes) = (at(), Field::parse(&field.attrs)?);
    if attributes.rename.is_some() || attributes.default.is_some() {
        return Err(syn::Error::new_spanned(field, "an unnamed field has no name and no default"));
    }
    let held = held(&quote!(#at.held), &quote!(), found, &field.ty, &attributes);
    Ok(quote!(#held.map(#constructor)))
}

/// Returns the variants with their serialized names.
fn named_variants<'a>(data: &'a DataEnum, case: Option<Case>) -> syn::Result<Vec<(&'a Variant, String)>> {
    let named = |variant: &'a Variant| {
        let name = variant.ident.unraw().to_string();
        let cased = || case.map_or_else(|| name.clone(), |case| case.variant(&name));
        Ok((variant, variant_name(&variant.attrs)?.unwrap_or_else(cased)))
    };
    let all = data.variants.iter().map(named).collect::<syn::Result<Vec<_>>>()?;
    distinct(all.iter().map(|(variant, name)| (&variant.ident, name.as_str())))?;
    Ok(all)
}

/// Generates code that reads an enum without data from the name of a variant.
fn options(data: &DataEnum, container: &Container) -> syn::Result<TokenStream> {
    let (at, value, variants) = (at(), value(), named_variants(data, container.rename_all)?);
    if let Some((variant, _)) = variants.iter().find(|(variant, _)| !matches!(variant.fields, Fields::Unit)) {
        let message = "an enum with data needs `#[serde(tag = \"…\")]`, the member that names the variant";
        return Err(syn::Error::new_spanned(variant, message));
    }
    let names = variants.iter().map(|(_, name)| name);
    let arms = variants.iter().enumerate().map(|(index, (variant, _))| {
        let ident = &variant.ident;
        quote!(#index => ::core::option::Option::Some(Self::#ident),)
    });
    Ok(quote! {
        match #at.option(#value.as_ref(), &[#(#names),*])? { #(#arms)* _ => ::core::option::Option::None }
    })
}

/// Generates code that reads an enum with data from an object. The member `tag` names the variant, the other members are
/// its fields.
fn tagged(data: &DataEnum, container: &Container, tag: &str) -> syn::Result<TokenStream> {
    let (at, members, value) = (at(), members(), value());
    let variants = named_variants(data, container.rename_all)?;
    let names = variants.iter().map(|(_, name)| name);
    let arm = |(index, (variant, _)): (usize, &(&Variant, String))| {
        let ident = &variant.ident;
        let read = match &variant.fields {
            Fields::Unit => quote!(::core::option::Option::Some(Self::#ident)),
            fields @ Fields::Named(_) => {
                named(fields, container.rename_all_fields, &quote!(Self::#ident), &[])?
            }
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let found = quote!(::core::option::Option::Some(#members.into()));
                wrapped(&fields.unnamed[0], &found, &quote!(Self::#ident))?
            }
            other @ Fields::Unnamed(_) => return Err(unreadable(other, ident)),
        };
        Ok(quote!(#index => { #read }))
    };
    let arms = variants.iter().enumerate().map(arm).collect::<syn::Result<Vec<_>>>()?;
    Ok(quote! {
        let mut #members = #at.object(#value)?;
        match #at.tag(#tag, #members.remove(#tag).as_ref(), &[#(#names),*])? {
            #(#arms)*
            _ => ::core::option::Option::None,
        }
    })
}
