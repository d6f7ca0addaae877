//! Tokens: a corpus of data files, identity providers, and keys of an issuer.

mod case;
mod corpus;
mod issuer;
mod providers;
mod tls;
