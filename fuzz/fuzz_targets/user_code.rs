//! What a person types: a code is found in any case, with spaces and dashes anywhere, and nothing else finds it.
#![no_main]

use std::sync::{Arc, LazyLock};

use grantor::Config;
use grantor::record::UserCodeFormat;
use grantor::server::Verification;
use grantor::step::Endpoint;
use libfuzzer_sys::fuzz_target;

const LETTERS: &str = "BCDFGHJKLMNPQRSTVWXZ";
const DIGITS: &str = "0123456789";

static CONFIGS: LazyLock<[(Arc<Config>, &str, usize); 2]> = LazyLock::new(|| {
    let build = |format: UserCodeFormat| {
        let builder = Config::builder("https://as.example").scopes(["read"]);
        builder.device_flow(|flow| flow.user_codes = format).build().expect("a good configuration")
    };
    [(build(UserCodeFormat::LETTERS), LETTERS, 8), (build(UserCodeFormat::DIGITS), DIGITS, 9)]
});

fuzz_target!(|input: (&str, Vec<u8>)| {
    let (typed, noise) = input;
    for (config, alphabet, length) in &*CONFIGS {
        let keys = |typed: &str| Verification::new(config, typed, None, "").keys();
        let found = keys(typed);
        assert!(found.len() <= 1);
        let plain: String = typed.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        if found.is_empty() {
            // What is nothing but a code, is one.
            let exact = typed.len() == *length && typed.chars().all(|c| alphabet.contains(c));
            assert!(!exact, "{typed}");
            continue;
        }
        assert!(plain.len() == *length && plain.chars().all(|c| alphabet.contains(c)), "{typed} as {plain}");
        assert_eq!(keys(&plain), found);
        // Typed otherwise it is the same.
        let mut otherwise = String::new();
        for (place, c) in plain.chars().enumerate() {
            let noise = noise.get(place).copied().unwrap_or_default();
            otherwise.push_str(["", " ", "-", " - "][usize::from(noise) % 4]);
            otherwise.push(if noise & 4 == 0 { c } else { c.to_ascii_lowercase() });
        }
        assert_eq!(keys(&otherwise), found, "{otherwise}");
        // One letter more, less or another is another code or none.
        assert_ne!(keys(&plain[1..]), found);
        assert_ne!(keys(&format!("{plain}{plain}")), found);
    }
});
