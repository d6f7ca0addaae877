//! Multipart bodies of any kind.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::fuzzing::multipart(data));
