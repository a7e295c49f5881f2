//! Scopes, resources, handles, and what a store keeps.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::record::{
    Client, ClientBuilder, ClientMetadata, ClientSecretDigest, Exposed, Handle, HandleKind, Record, Resource, Scope,
};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

proptest! {
    #[test]
    fn a_scope_is_a_set_in_order(words in prop::collection::vec("[!#-\\[\\]-~]{1,2}", 0..8), gap in " {1,3}") {
        let scope = Scope::parse(&words.join(&gap)).unwrap();
        let (set, written): (BTreeSet<&str>, Vec<&str>) = (words.iter().map(String::as_str).collect(), scope.words().collect());
        prop_assert_eq!(set.len(), written.len());
        prop_assert_eq!(set, written.iter().copied().collect());
        let first = |word: &&str| words.iter().position(|own| own == word);
        prop_assert!(written.is_sorted_by_key(first));
        let read: Scope = serde_json::from_str(&serde_json::to_string(&scope).unwrap()).unwrap();
        prop_assert_eq!(read.as_str(), scope.as_str());
        prop_assert_eq!(Scope::parse(scope.as_str()).unwrap(), scope);
    }

    #[test]
    fn a_resource_is_kept_as_written(resource in resources()) {
        prop_assert_eq!(&Resource::parse(resource.as_str()).unwrap(), &resource);
        prop_assert_eq!(serde_json::from_value::<Resource>(json!(resource.as_str())).unwrap(), resource);
    }

    #[test]
    fn a_handle_is_read_back(bytes in any::<[[u8; 16]; 3]>(), brand in "[a-z]{0,4}_?") {
        for (kind, tag) in [(HandleKind::Code, "ac_"), (HandleKind::AccessToken, "at_"), (HandleKind::RefreshToken, "rt_")] {
            let text = format!("{brand}{tag}{}", URL_SAFE_NO_PAD.encode(bytes.concat()));
            let handle = Handle::parse(&brand, kind, &text).unwrap();
            prop_assert_eq!(*handle.grant().as_bytes(), bytes[0]);
            prop_assert_eq!(handle.expose(&brand, kind), Exposed::new(text));
        }
    }

    #[test]
    fn a_record_of_a_client_is_read_back(client in clients()) {
        let record = Record::Client(client.into());
        prop_assert_eq!(Record::decode(&record.encode().unwrap()).unwrap(), record);
    }

    #[test]
    fn a_stored_grant_or_token_is_read_back(stored in prop_oneof![stored_grants(), stored_tokens()]) {
        let record = Record::decode(stored.to_string().as_bytes()).unwrap();
        let encoded = record.encode().unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&encoded).unwrap(), stored);
        prop_assert_eq!(Record::decode(&encoded).unwrap(), record);
    }
}

fn clients() -> impl Strategy<Value = Client> {
    let other = prop::collection::btree_map("[^\\p{Cc}]{1,8}".prop_map(|name| format!("x{name}")), members(), 0..4);
    let texts = prop::collection::vec(of(any::<String>()), 4);
    let secrets = prop::collection::vec((any::<String>(), any::<[u8; 16]>(), of(times())), 0..3);
    let kept = (of(scopes()), prop::collection::vec(resources(), 0..3), any::<bool>());
    ("[ -~]{1,16}", texts, other, secrets, kept).prop_map(|(id, texts, other, secrets, (scope, resources, native))| {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        let mut metadata = ClientMetadata::default();
        metadata.redirect_uris = vec!["https://client.example/cb?x=%C3%BC".to_owned()];
        metadata.client_name = text();
        metadata.client_uri = text().map(|_| "https://client.example/about".to_owned());
        metadata.software_id = text();
        metadata.contacts = text().into_iter().collect();
        metadata.other = other;
        metadata.scope = scope;
        let builder = Client::builder(&id).metadata(metadata);
        let builder = if native { builder.native() } else { builder.first_party() };
        let builder = resources.into_iter().fold(builder, ClientBuilder::resource);
        let digests = secrets.iter().map(|(secret, salt, expires)| ClientSecretDigest::new(secret, *salt, *expires));
        digests.fold(builder, |builder, digest| builder.secret(digest)).build().unwrap()
    })
}

/// Any member that a client may register.
fn members() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn bytes<const N: usize>() -> impl Strategy<Value = String>
where
    [u8; N]: Arbitrary,
{
    any::<[u8; N]>().prop_map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

/// The object of these members, absent ones left out.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The text of a grant in version 1.
fn stored_grants() -> impl Strategy<Value = Value> {
    let issued = (bytes::<32>(), any::<u64>(), value(), any::<bool>(), of(bytes::<32>())).prop_map(
        |(digest, expires, uri, named, challenge)| {
            let code = object([
                ("digest", Some(digest.into())),
                ("expires", Some(expires.into())),
                ("redirect_uri", Some(uri.into())),
                ("redirect_uri_named", named.then(|| true.into())),
                ("challenge", challenge.map(Value::from)),
            ]);
            json!({ "code_issued": code })
        },
    );
    let spent = prop::collection::vec(bytes::<8>(), 0..4);
    let chain = (bytes::<32>(), bytes::<32>(), any::<[u64; 3]>(), spent).prop_map(
        |(current, salt, [rotated, idle, ends], spent)| {
            object([
                ("current", Some(current.into())),
                ("salt", Some(salt.into())),
                ("rotated", Some(rotated.into())),
                ("idle_until", Some(idle.into())),
                ("ends", Some(ends.into())),
                ("spent", (!spent.is_empty()).then(|| spent.into())),
            ])
        },
    );
    let live = (of(bytes::<32>()), of(chain))
        .prop_map(|(code, chain)| json!({ "live": object([("code", code.map(Value::from)), ("chain", chain)]) }));
    let state = prop_oneof![issued, live, Just(json!("revoked"))];
    let who = (bytes::<16>(), value(), of(value()), scopes(), prop::collection::vec(resources(), 0..3));
    (who, any::<u64>(), of(any::<u64>()), state).prop_map(
        |((id, client, subject, scope, audience), created, authenticated, state)| {
            let grant = object([
                ("id", Some(id.into())),
                ("client", Some(client.into())),
                ("subject", subject.map(Value::from)),
                ("scope", Some(scope.as_str().into())),
                ("audience", Some(json!(audience))),
                ("created", Some(created.into())),
                ("authenticated", authenticated.map(Value::from)),
                ("state", Some(state)),
            ]);
            json!({ "v": 1, "grant": grant })
        },
    )
}

/// The text of an access token in version 1.
fn stored_tokens() -> impl Strategy<Value = Value> {
    let who = (bytes::<16>(), bytes::<32>(), value(), scopes(), prop::collection::vec(resources(), 0..3));
    (who, any::<[u64; 2]>()).prop_map(|((grant, digest, client, scope, audience), [issued, expires])| {
        let id = json!({ "grant": grant, "digest": digest });
        let token = json!({
            "id": id, "client": client, "scope": scope, "audience": audience, "issued": issued, "expires": expires,
        });
        json!({ "v": 1, "token": token })
    })
}
