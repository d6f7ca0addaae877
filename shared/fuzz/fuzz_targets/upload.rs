//! Upload of a file, in the encoding of a client.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::fuzzing::upload(data));
