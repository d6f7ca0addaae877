//! Merge patch of a note.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::fuzzing::merge_patch(data));
