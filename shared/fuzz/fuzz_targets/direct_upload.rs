//! Description of a file that a client puts into the bucket.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::fuzzing::direct_upload(data));
