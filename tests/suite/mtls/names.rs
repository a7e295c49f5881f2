//! By which name a certificate is a client's [RFC 8705 §2.1].

use super::*;

#[track_caller]
fn assert_matches(form: &str, registered: &str, cases: &[(&Making, bool)]) {
    let world = mutual(named_by(form, registered).unwrap_or_else(|fault| panic!("{registered:?}: {fault}")));
    for (place, (making, expected)) in cases.iter().enumerate() {
        assert_eq!(lets_in(&world, &shown(making)), *expected, "{form} {registered:?}, certificate {place}");
    }
}

#[track_caller]
fn assert_refused(form: &'static str, texts: &[&str]) {
    for text in texts {
        assert_eq!(named_by(form, text).map(|_| ()), Err(ClientFault::CertificateName(form)), "{text:?}");
    }
}

#[test]
fn a_subject_matches_as_a_whole_and_in_its_order() {
    let subject = |names: &[(&str, &str)]| {
        Making::subject(&names.iter().map(|(kind, name)| named(kind, name)).collect::<Vec<_>>())
    };
    // A text begins with the last of the certificate's names [RFC 4514 §2.1].
    let good = subject(&[(C, "DE"), (O, "Example"), (CN, "client")]);
    for registered in [
        "CN=client,O=Example,C=DE",
        "cn=client,o=Example,c=DE",
        "CN=CLIENT,O=example,C=de",
        "2.5.4.3=client,2.5.4.10=Example,2.5.4.6=DE",
        "CN=#0c06636c69656e74,O=#13074578616d706c65,C=DE",
        r"CN=\63lient,O=\45xample,C=DE",
    ] {
        assert_matches(DN, registered, &[(&good, true)]);
    }
    assert_matches(
        DN,
        "CN=client,O=Example,C=DE",
        &[
            (&subject(&[(CN, "client"), (O, "Example"), (C, "DE")]), false),
            (&subject(&[(O, "Example"), (CN, "client")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (O, "Example"), (CN, "client")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (CN, "client"), (CN, "client")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (UID, "client")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (CN, "client2")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (CN, "*")]), false),
            (&subject(&[]), false),
        ],
    );
    assert_matches(DN, "CN=*", &[(&subject(&[(CN, "client")]), false), (&subject(&[(CN, "*")]), true)]);
}

#[test]
fn how_a_text_is_encoded_and_spaced_makes_no_difference() {
    let value = |tag, bytes: &[u8]| Making::subject(&[relative(&[(CN, tag, bytes)])]);
    let wide: Vec<u8> = "My Client".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_matches(
        DN,
        "CN=my client",
        &[
            (&value(UTF8, b"My Client"), true),
            (&value(PRINTABLE, b"My Client"), true),
            (&value(IA5, b"My Client"), true),
            (&value(BMP, &wide), true),
            (&value(BMP, &wide[..17]), false),
            (&value(UTF8, b"  My   Client "), true),
            (&value(UTF8, "My\u{a0}Client".as_bytes()), true),
            (&value(UTF8, b"MyClient"), false),
            (&value(UTF8, b"My Client\0"), false),
            (&value(UTF8, b"My\0 Client"), false),
            (&value(UTF8, b"My\nClient"), false),
            (&value(UTF8, b"My Client\xff"), false),
            // What its bytes mean is anyone's guess.
            (&value(TELETEX, b"My Client"), false),
        ],
    );
    assert_matches(
        DN,
        "CN=#14094d7920436c69656e74",
        &[(&value(TELETEX, b"My Client"), true), (&value(UTF8, b"My Client"), false)],
    );
    let utf8 = |text: &str| value(UTF8, text.as_bytes());
    assert_matches(DN, "CN=café", &[(&utf8("CAFE\u{301}"), true), (&utf8("cafe"), false)]);
    assert_matches(DN, r"CN=caf\C3\A9", &[(&utf8("café"), true)]);
    assert_matches(DN, "CN=Straße", &[(&utf8("STRASSE"), true), (&utf8("Strase"), false)]);
    assert_matches(DN, "CN=client", &[(&utf8("\u{ff43}lient"), true), (&utf8("\u{441}lient"), false)]);
    // Of a type that nobody knows it is not known either whether case counts.
    let unknown = |text: &str| Making::subject(&[named("1.2.3.4", text)]);
    assert_matches(DN, "1.2.3.4=Abc", &[(&unknown("Abc"), true), (&unknown("abc"), false)]);
}

#[test]
fn escapes_are_undone() {
    for (registered, name) in [
        (r"CN=Doe\, John", "Doe, John"),
        (r"CN=a\+b\=c=d", "a+b=c=d"),
        (r"CN=\#1#2", "#1#2"),
        (r"CN=\ a\ ", "a"),
        (r"CN=a\\b", r"a\b"),
        (r"CN=\22a\22\3b\<\>", "\"a\";<>"),
        (r"CN=Lu\C4\8Di\C4\87", "Lučić"),
    ] {
        assert_matches(DN, registered, &[(&Making::subject(&[named(CN, name)]), true)]);
    }
    // What looks like two names is one.
    let (one, two) = ([named(CN, "a,O=b")], [named(O, "b"), named(CN, "a")]);
    assert_matches(DN, r"CN=a\,O=b", &[(&Making::subject(&one), true), (&Making::subject(&two), false)]);
    assert_matches(DN, "CN=a,O=b", &[(&Making::subject(&one), false), (&Making::subject(&two), true)]);
}

#[test]
fn a_relative_name_of_several_attributes_matches_in_any_order() {
    let both = Making::subject(&[named(O, "Example"), relative(&[(CN, UTF8, b"client"), (UID, UTF8, b"7")])]);
    let apart = Making::subject(&[named(O, "Example"), named(UID, "7"), named(CN, "client")]);
    let alone = Making::subject(&[named(O, "Example"), named(CN, "client")]);
    for registered in ["CN=client+UID=7,O=Example", "UID=7+CN=client,O=Example"] {
        assert_matches(DN, registered, &[(&both, true), (&apart, false), (&alone, false)]);
    }
    assert_matches(DN, "CN=client,UID=7,O=Example", &[(&both, false), (&apart, true)]);
    assert_matches(DN, "CN=client,O=Example", &[(&both, false), (&alone, true)]);
}

#[test]
fn a_subject_that_is_none_is_not_registered() {
    assert_refused(
        DN,
        &[
            "",
            "CN",
            "CN=",
            "=x",
            ",",
            "CN=a,",
            ",CN=a",
            "CN=a,,O=b",
            "CN=a+",
            "CN=a, O=b",
            "CN =a",
            "CN= a",
            "CN=a ",
            "CN=a ,O=b",
            "CN=a;O=b",
            "/CN=a",
            "CN=a\"b",
            "CN=\"a\"",
            "CN=<a>",
            r"CN=a\",
            r"CN=a\z",
            r"CN=a\4",
            r"CN=\00a",
            r"CN=\ff",
            "CN=a\0",
            "CN=#",
            "CN=#0",
            "CN=#zz",
            "CN=#0c05636c",
            "CN=#0c01ff",
            "XX=a",
            "2.5.4.x=a",
            "OID.2.5.4.3=a",
            r"CN=\ ",
            "CN=a\u{1f600}",
        ],
    );
}

#[test]
fn a_host_name_matches_one_of_the_alternative_names() {
    let one = |name: Vec<u8>| Making::names(&[name]);
    assert_matches(
        DNS,
        "client.example",
        &[
            (&one(dns("client.example")), true),
            (&one(dns("CLIENT.Example")), true),
            (&Making::names(&[dns("other.example"), dns("client.example")]), true),
            (&one(dns("*.example")), false),
            (&one(dns("client.example.")), false),
            (&one(dns("a.client.example")), false),
            (&one(dns("client.example\0.evil.example")), false),
            (&one(uri("client.example")), false),
            (&one(email("client.example")), false),
            (&Making::subject(&[named(CN, "client.example")]), false),
            (&Making::names(&[]), false),
        ],
    );
    let idn = [(&one(dns("xn--bcher-kva.example")), true), (&one(dns("bcher.example")), false)];
    for registered in ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example"] {
        assert_matches(DNS, registered, &idn);
    }
    let bad = [
        "",
        "*.example",
        "*",
        "client.example.",
        "192.0.2.1",
        "[::1]",
        "a b",
        "a%2eexample",
        "https://client.example",
        "a/b",
    ];
    assert_refused(DNS, &bad);
}

#[test]
fn a_certificate_with_the_names_twice_has_none() {
    let twice = Making { names: vec![vec![dns("client.example")], vec![dns("client.example")]], ..Making::default() };
    assert_matches(DNS, "client.example", &[(&twice, false)]);
}

#[test]
fn a_uri_matches_but_for_the_case_of_scheme_and_host() {
    let one = |name: &str| Making::names(&[uri(name)]);
    assert_matches(
        URI,
        "https://Client.example/App?x=Y",
        &[
            (&one("https://client.example/App?x=Y"), true),
            (&one("HTTPS://CLIENT.EXAMPLE/App?x=Y"), true),
            (&one("https://client.example/app?x=Y"), false),
            (&one("https://client.example/App?x=y"), false),
            (&one("https://client.example/App?x=Y#"), false),
            (&one("https://client.example:443/App?x=Y"), false),
            (&one("http://client.example/App?x=Y"), false),
            (&one("https://*/App?x=Y"), false),
            (&Making::names(&[dns("client.example")]), false),
        ],
    );
    assert_matches(
        URI,
        "spiffe://trust.example/a",
        &[(&one("SPIFFE://Trust.example/a"), true), (&one("spiffe://trust.example/A"), false)],
    );
    assert_matches(URI, "urn:uuid:F81d4fae", &[(&one("URN:uuid:F81d4fae"), true), (&one("urn:uuid:f81d4fae"), false)]);
    assert_matches(
        URI,
        "https://Me@a.example/",
        &[(&one("https://Me@A.example/"), true), (&one("https://me@a.example/"), false)],
    );
    assert_refused(
        URI,
        &["", "client", "/app", "https://", "https://bücher.example/", "https://a b/", "https://a.example/\n"],
    );
}

#[test]
fn an_address_matches_by_its_bytes() {
    let four = Making::names(&[ip(&[192, 0, 2, 1])]);
    let mapped = Making::names(&[ip(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1])]);
    let masked = Making::names(&[ip(&[192, 0, 2, 1, 255, 255, 255, 255])]);
    let text = Making::names(&[dns("192.0.2.1")]);
    assert_matches(IP, "192.0.2.1", &[(&four, true), (&mapped, false), (&masked, false), (&text, false)]);
    assert_matches(IP, "::ffff:192.0.2.1", &[(&mapped, true), (&four, false)]);
    let six = Making::names(&[ip(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])]);
    for registered in ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8:0000::0001", "2001:db8::0.0.0.1"] {
        assert_matches(IP, registered, &[(&six, true), (&four, false)]);
    }
    assert_refused(
        IP,
        &[
            "",
            "192.0.2.01",
            "192.0.2.1/32",
            "192.0.2",
            "[2001:db8::1]",
            "fe80::1%eth0",
            "2001:db8:::1",
            "client.example",
        ],
    );
}

#[test]
fn a_mailbox_matches_but_for_the_case_of_its_host() {
    let one = |name: &str| Making::names(&[email(name)]);
    assert_matches(
        EMAIL,
        "Ops@Client.example",
        &[
            (&one("Ops@client.EXAMPLE"), true),
            (&one("ops@client.example"), false),
            (&one("client.example"), false),
            (&one("x@Ops@client.example"), false),
            (&Making::names(&[uri("mailto:Ops@client.example")]), false),
        ],
    );
    assert_matches(EMAIL, "ops@bücher.example", &[(&one("ops@xn--bcher-kva.example"), true)]);
    assert_refused(
        EMAIL,
        &[
            "",
            "ops",
            "@client.example",
            "ops@",
            "a@b@client.example",
            "a b@client.example",
            "ops@*",
            "bücher@a.example",
        ],
    );
}

#[test]
fn exactly_one_name_is_registered() {
    let method = value!({"token_endpoint_auth_method": "tls_client_auth"});
    assert_eq!(client(&method).map(|_| ()), Err(ClientFault::CertificateNames));
    let both = value!({"token_endpoint_auth_method": "tls_client_auth", DNS: "a.example", DN: "CN=a"});
    assert_eq!(client(&both).map(|_| ()), Err(ClientFault::CertificateNames));
    let world = mutual(named_by(DNS, "client.example").unwrap());
    let client = Client::builder("m").metadata(value_of(&world, "m")).secret(secret("x"));
    assert_eq!(client.build().map(|_| ()), Err(ClientFault::SecretWithoutUse));
}

/// Writes a value with what must be escaped escaped, one way or the other [RFC 4514 §2.4].
fn escaped(text: &str, hex: bool) -> String {
    let last = text.chars().count() - 1;
    let letters = text.chars().enumerate().map(|(place, letter)| match letter {
        _ if hex => letter.to_string().bytes().map(|byte| format!("\\{byte:02x}")).collect(),
        '"' | '+' | ',' | ';' | '<' | '>' | '\\' => format!("\\{letter}"),
        ' ' | '#' if place == 0 || place == last => format!("\\{letter}"),
        _ => letter.to_string(),
    });
    letters.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_subject_that_is_written_matches(
        names in vec(vec((select(vec![("CN", CN), ("O", O), ("C", C), ("UID", UID)]), "[ -~äß]{0,8}[a-z,+\"#=\\\\]"), 1..3), 1..4),
        hex in any::<bool>(),
    ) {
        let relative_name = |attributes: &Vec<((&str, &str), String)>| {
            let attributes: Vec<_> = attributes.iter().map(|((_, kind), text)| (*kind, UTF8, text.as_bytes())).collect();
            relative(&attributes)
        };
        let making = Making::subject(&names.iter().map(relative_name).collect::<Vec<_>>());
        let written = names.iter().rev().map(|attributes| {
            let attributes = attributes.iter().map(|((kind, _), text)| format!("{kind}={}", escaped(text, hex)));
            attributes.collect::<Vec<_>>().join("+")
        });
        let world = mutual(named_by(DN, &written.collect::<Vec<_>>().join(",")).unwrap());
        // A set has each of its members once.
        let distinct = names.iter().all(|name| (1..name.len()).all(|place| !name[..place].contains(&name[place])));
        prop_assume!(distinct);
        prop_assert!(lets_in(&world, &shown(&making)));
        let more = Making { subject: [making.subject, vec![named(CN, "more")]].concat(), ..Making::default() };
        prop_assert!(!lets_in(&world, &shown(&more)));
    }

    #[test]
    fn no_text_is_too_strange_to_be_refused(text in ".*", bytes in vec(any::<u8>(), 0..300)) {
        for form in [DN, DNS, URI, IP, EMAIL] {
            if let Ok(client) = named_by(form, &text) {
                let certificate = ClientCertificate::new(bytes.clone()).trusted();
                prop_assert!(!lets_in(&mutual(client), &certificate));
            }
        }
    }

    #[test]
    fn a_damaged_certificate_has_no_other_name(place in any::<Index>(), damage in 1..=255_u8) {
        let making = Making { subject: vec![named(CN, "client")], ..Making::names(&[dns("client.example"), ip(&[192, 0, 2, 1])]) };
        let mut der = making.der();
        *place.get_mut(&mut der) ^= damage;
        let certificate = ClientCertificate::new(der).trusted();
        for (form, text) in [(DN, "CN=other"), (DNS, "other.example"), (IP, "198.51.100.77"), (EMAIL, "ops@client.example")] {
            prop_assert!(!lets_in(&mutual(named_by(form, text).unwrap()), &certificate));
        }
        // Whatever it is now, it is not the one that was registered.
        let own = client(&own(&[jwk(&shown(&making))])).unwrap();
        prop_assert!(!lets_in(&mutual(own), &certificate));
    }
}
