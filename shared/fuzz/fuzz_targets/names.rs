//! Names, ids and keys chosen by callers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::fuzzing::names(data));
