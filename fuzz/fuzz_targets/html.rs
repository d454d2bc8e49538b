#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chatapp::fuzz::html(input));
