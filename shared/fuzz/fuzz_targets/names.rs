//! Names, ids and keys that others choose.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::fuzzing::names(data));
