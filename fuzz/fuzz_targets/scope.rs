//! Scopes as sets, resources and handles as texts.
#![no_main]

use std::collections::BTreeSet;

use grantor::record::{Handle, HandleKind, Resource, Scope};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (one, two) = input;
    if let (Ok(first), Ok(second)) = (Scope::parse(one), Scope::parse(two)) {
        let set =
            |text: &str| text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>();
        let (ours, theirs) = (set(one), set(two));
        assert_eq!(set(first.as_str()), ours);
        assert_eq!(first.words().count(), ours.len());
        assert_eq!(first == second, ours == theirs);
        assert_eq!(first.covers(&second), theirs.is_subset(&ours));
        assert_eq!(set(first.without(&second).as_str()), ours.difference(&theirs).cloned().collect());
        assert_eq!(Scope::parse(first.as_str()).as_ref().map(Scope::as_str), Ok(first.as_str()));
    }
    if let Ok(resource) = Resource::parse(one) {
        assert_eq!(resource.as_str(), one);
    }
    for kind in [HandleKind::Code, HandleKind::AccessToken, HandleKind::RefreshToken] {
        if let Some(handle) = Handle::parse(two, kind, one) {
            assert_eq!(handle.expose(two, kind).as_str(), one);
        }
    }
});
