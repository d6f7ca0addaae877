//! Tokens, good and bad, on the real functions: a corpus of data files, keys in a set, and keys that an issuer serves.

mod case;
mod corpus;
mod issuer;
mod providers;
mod tls;
