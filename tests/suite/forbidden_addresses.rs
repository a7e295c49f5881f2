//! Where nobody may be sent: the special-purpose registries [RFC 6890], block by block, with the addresses beside each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use grantor::fetch::is_forbidden;

fn forbidden(text: &str) -> bool {
    is_forbidden(text.parse::<IpAddr>().unwrap_or_else(|_| panic!("{text}")))
}

/// The first and the last address of each block, and what lies next to it, if that is somewhere else in the internet.
#[test]
fn every_block_of_the_ipv4_registry_is_forbidden_from_its_first_to_its_last_address() {
    let blocks = [
        ("this network", None, "0.0.0.0", "0.255.255.255", Some("1.0.0.0")),
        ("private", Some("9.255.255.255"), "10.0.0.0", "10.255.255.255", Some("11.0.0.0")),
        ("carrier", Some("100.63.255.255"), "100.64.0.0", "100.127.255.255", Some("100.128.0.0")),
        ("loopback", Some("126.255.255.255"), "127.0.0.0", "127.255.255.255", Some("128.0.0.0")),
        ("link-local", Some("169.253.255.255"), "169.254.0.0", "169.254.255.255", Some("169.255.0.0")),
        ("private", Some("172.15.255.255"), "172.16.0.0", "172.31.255.255", Some("172.32.0.0")),
        ("protocol assignments", Some("191.255.255.255"), "192.0.0.0", "192.0.0.255", Some("192.0.1.0")),
        ("documentation", Some("192.0.1.255"), "192.0.2.0", "192.0.2.255", Some("192.0.3.0")),
        ("AS112", Some("192.31.195.255"), "192.31.196.0", "192.31.196.255", Some("192.31.197.0")),
        ("AMT", Some("192.52.192.255"), "192.52.193.0", "192.52.193.255", Some("192.52.194.0")),
        ("6to4 relay", Some("192.88.98.255"), "192.88.99.0", "192.88.99.255", Some("192.88.100.0")),
        ("private", Some("192.167.255.255"), "192.168.0.0", "192.168.255.255", Some("192.169.0.0")),
        ("AS112", Some("192.175.47.255"), "192.175.48.0", "192.175.48.255", Some("192.175.49.0")),
        ("benchmarking", Some("198.17.255.255"), "198.18.0.0", "198.19.255.255", Some("198.20.0.0")),
        ("documentation", Some("198.51.99.255"), "198.51.100.0", "198.51.100.255", Some("198.51.101.0")),
        ("documentation", Some("203.0.112.255"), "203.0.113.0", "203.0.113.255", Some("203.0.114.0")),
        ("multicast", Some("223.255.255.255"), "224.0.0.0", "239.255.255.255", None),
        ("reserved", None, "240.0.0.0", "255.255.255.254", None),
        ("broadcast", None, "255.255.255.255", "255.255.255.255", None),
    ];
    for (name, before, first, last, after) in blocks {
        assert!(forbidden(first) && forbidden(last), "{name}");
        for outside in before.into_iter().chain(after) {
            assert!(!forbidden(outside), "{name}: {outside}");
        }
    }
    // The blocks again, in another way: every /16 is what the registry says of the addresses that begin and end it.
    let whole = |high: u32| {
        (0x0000..0x0100).contains(&high)
            || (0x0a00..0x0b00).contains(&high)
            || (0x6440..0x6480).contains(&high)
            || (0x7f00..0x8000).contains(&high)
            || high == 0xa9fe
            || (0xac10..0xac20).contains(&high)
            || high == 0xc0a8
            || (0xc612..0xc614).contains(&high)
            || high >= 0xe000
    };
    for high in 0..=u32::from(u16::MAX) {
        // Beside the blocks that are smaller than this.
        for low in [0x0500, 0x8081, 0xfff0] {
            let address = Ipv4Addr::from_bits(high << 16 | low);
            assert_eq!(is_forbidden(address.into()), whole(high), "{address}");
        }
    }
}

#[test]
fn every_block_of_the_ipv6_registry_is_forbidden_from_its_first_to_its_last_address() {
    let end = "ffff:ffff:ffff:ffff";
    let blocks = [
        ("unspecified", None, "::".to_owned(), "::".to_owned(), None),
        ("loopback", None, "::1".to_owned(), "::1".to_owned(), None),
        ("NAT64", None, "64:ff9b::".to_owned(), "64:ff9b::ffff:ffff".to_owned(), None),
        ("local NAT64", None, "64:ff9b:1::".to_owned(), format!("64:ff9b:1:ffff:{end}"), None),
        ("discard", None, "100::".to_owned(), format!("100::{end}"), None),
        ("dummy", None, "100:0:0:1::".to_owned(), format!("100:0:0:1:{end}"), None),
        ("beside global unicast", None, "::".to_owned(), format!("1fff:ffff:ffff:ffff:{end}"), Some("2000::")),
        (
            "protocol assignments",
            Some("2000:ffff::"),
            "2001::".to_owned(),
            format!("2001:1ff:ffff:ffff:{end}"),
            Some("2001:200::"),
        ),
        ("Teredo", None, "2001::".to_owned(), format!("2001:0:ffff:ffff:{end}"), None),
        ("PCP", None, "2001:1::1".to_owned(), "2001:1::3".to_owned(), None),
        ("benchmarking", None, "2001:2::".to_owned(), format!("2001:2:0:ffff:{end}"), None),
        ("AMT", None, "2001:3::".to_owned(), format!("2001:3:ffff:ffff:{end}"), None),
        ("AS112", None, "2001:4:112::".to_owned(), format!("2001:4:112:ffff:{end}"), None),
        ("ORCHID", None, "2001:10::".to_owned(), format!("2001:1f:ffff:ffff:{end}"), None),
        ("ORCHIDv2", None, "2001:20::".to_owned(), format!("2001:2f:ffff:ffff:{end}"), None),
        ("drone identifiers", None, "2001:30::".to_owned(), format!("2001:3f:ffff:ffff:{end}"), None),
        (
            "documentation",
            Some("2001:db7:ffff::"),
            "2001:db8::".to_owned(),
            format!("2001:db8:ffff:ffff:{end}"),
            Some("2001:db9::"),
        ),
        ("6to4", Some("2001:ffff::"), "2002::".to_owned(), format!("2002:ffff:ffff:ffff:{end}"), Some("2003::")),
        (
            "AS112",
            Some("2620:4f:7fff::"),
            "2620:4f:8000::".to_owned(),
            format!("2620:4f:8000:ffff:{end}"),
            Some("2620:4f:8001::"),
        ),
        (
            "documentation",
            Some("3ffe:ffff::"),
            "3fff::".to_owned(),
            format!("3fff:fff:ffff:ffff:{end}"),
            Some("3fff:1000::"),
        ),
        ("beside global unicast", Some("3fff:ffff::"), "4000::".to_owned(), format!("ffff:ffff:ffff:ffff:{end}"), None),
        ("segment identifiers", None, "5f00::".to_owned(), format!("5f00:ffff:ffff:ffff:{end}"), None),
        ("unique-local", None, "fc00::".to_owned(), format!("fdff:ffff:ffff:ffff:{end}"), None),
        ("link-local", None, "fe80::".to_owned(), format!("febf:ffff:ffff:ffff:{end}"), None),
        ("site-local", None, "fec0::".to_owned(), format!("feff:ffff:ffff:ffff:{end}"), None),
        ("multicast", None, "ff00::".to_owned(), format!("ffff:ffff:ffff:ffff:{end}"), None),
    ];
    for (name, before, first, last, after) in blocks {
        assert!(forbidden(&first) && forbidden(&last), "{name}");
        for outside in before.into_iter().chain(after) {
            assert!(!forbidden(outside), "{name}: {outside}");
        }
    }
    for high in 0..=u16::MAX {
        let address = Ipv6Addr::new(high, 0x4860, 0, 0, 0, 0, 0, 1);
        let allowed = matches!(high, 0x2000..=0x3fff) && high != 0x2002;
        assert_eq!(is_forbidden(address.into()), !allowed, "{address}");
    }
}

/// Whatever IPv4 address a form of IPv6 embeds, harmless ones included: the form itself is not for hosts of the internet.
#[test]
fn an_ipv4_address_is_not_reached_in_disguise() {
    for inner in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0", "93.184.216.34"] {
        let bits = inner.parse::<Ipv4Addr>().unwrap().to_bits();
        let (high, low) = (bits >> 16, bits & 0xffff);
        for disguise in [
            format!("::ffff:{inner}"),
            format!("::{inner}"),
            format!("::ffff:0:{inner}"),
            format!("64:ff9b::{inner}"),
            format!("64:ff9b:1::{inner}"),
            format!("2002:{high:x}:{low:x}::1"),
            format!("2001:0:{high:x}:{low:x}::"),
            format!("2001:0:5ef5:79fd:0:0:{:x}:{:x}", high ^ 0xffff, low ^ 0xffff),
            format!("fe80::5efe:{inner}"),
        ] {
            assert!(forbidden(&disguise), "{disguise}");
        }
    }
}

#[test]
fn hosts_of_the_internet_are_allowed() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "151.101.1.69",
        "203.0.114.1",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2a00:1450:4001:830::200e",
        "2620:fe::fe",
        "2400:cb00::1",
    ] {
        assert!(!forbidden(address), "{address}");
    }
}
