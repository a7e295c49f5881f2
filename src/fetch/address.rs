//! Addresses that are not somewhere else in the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether nobody may be sent to `address` at a stranger's word: all that is not global unicast, and every block of the
/// IANA special-purpose registries [RFC 6890 §2.2], whatever address of the other kind may be embedded in it.
///
/// Call it for the address that a connection is about to be opened to, not for one that the name had earlier.
///
/// ```
/// use std::net::IpAddr;
/// use grantor::fetch::is_forbidden;
///
/// let address = |text: &str| text.parse::<IpAddr>();
/// assert!(is_forbidden(address("169.254.169.254")?));
/// assert!(is_forbidden(address("::ffff:10.0.0.1")?));
/// assert!(!is_forbidden(address("93.184.216.34")?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn is_forbidden(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => IPV4.iter().any(|(block, length)| holds_v4(*block, *length, address)),
        IpAddr::V6(address) => {
            let global = holds_v6(GLOBAL_UNICAST, 3, address);
            !global || IPV6.iter().any(|(block, length)| holds_v6(*block, *length, address))
        }
    }
}

/// The IANA IPv4 special-purpose registry, multicast [RFC 5771], and what is reserved [RFC 1112 §4].
const IPV4: [(Ipv4Addr, u32); 19] = [
    // This network [RFC 791 §3.2]
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    // Private use [RFC 1918]
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by customers of one carrier [RFC 6598]
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // Loopback [RFC 1122 §3.2.1.3]
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local, where clouds keep credentials [RFC 3927]
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // Protocol assignments: DS-Lite, PCP, TURN, NAT64 discovery [RFC 6890 §2.1]
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation [RFC 5737]
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // AS112 [RFC 7535]
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    // Automatic multicast tunneling [RFC 7450]
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    // 6to4 relays [RFC 7526]
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // AS112 [RFC 7534]
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    // Benchmarking [RFC 2544]
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Documentation
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved, and the limited broadcast [RFC 919 §7]
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::BROADCAST, 32),
];

/// All that is allocated for hosts of the internet [RFC 4291 §2.4]. Outside of it are loopback, the IPv4-mapped, -compatible
/// and -translated addresses, NAT64, discard-only, segment identifiers, unique-local, link- and site-local, and multicast.
const GLOBAL_UNICAST: Ipv6Addr = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0);

/// What the IANA IPv6 special-purpose registry has within global unicast.
const IPV6: [(Ipv6Addr, u32); 5] = [
    // Protocol assignments: Teredo, benchmarking, multicast tunneling, AS112, ORCHID, drone identifiers [RFC 2928]
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation [RFC 3849, RFC 9637]
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4, with an IPv4 address in it [RFC 3056]
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    // AS112 [RFC 7534]
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
];

const fn holds_v4(block: Ipv4Addr, length: u32, address: Ipv4Addr) -> bool {
    (block.to_bits() ^ address.to_bits()).leading_zeros() >= length
}

const fn holds_v6(block: Ipv6Addr, length: u32, address: Ipv6Addr) -> bool {
    (block.to_bits() ^ address.to_bits()).leading_zeros() >= length
}
