#![no_main]

use std::sync::LazyLock;

use chatapp::fuzz::Api;

static API: LazyLock<Api> = LazyLock::new(Api::start);

libfuzzer_sys::fuzz_target!(|input: &[u8]| API.request(input));
