//! Whom a request is counted against.

use std::net::{IpAddr, Ipv6Addr};

use crate::domain::UserId;

/// The identity of a verified user.
pub(crate) fn for_user(user: &UserId) -> String {
    format!("user#{}", user.as_str())
}

/// The identity of a caller without a valid token: the source address that API Gateway reports. One subscriber holds a
/// whole /64 of IPv6 (RFC 6177), so that counts as one address.
pub(crate) fn for_ip(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => format!("ip#{address}"),
        Ok(IpAddr::V6(address)) => format!("ip#{}/64", network(address)),
        Err(_) => "ip#unknown".to_owned(),
    }
}

fn network(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_addresses_of_one_64_are_one_caller() {
        assert_eq!(for_ip("2001:db8:1:2:3:4:5:6"), "ip#2001:db8:1:2::/64");
        assert_eq!(for_ip("2001:db8:1:2::ffff"), for_ip("2001:0DB8:1:2:3:4:5:6"));
        assert_ne!(for_ip("2001:db8:1:2::1"), for_ip("2001:db8:1:3::1"));
    }

    #[test]
    fn ipv4_addresses_are_callers_of_their_own_in_either_notation() {
        assert_ne!(for_ip("192.0.2.1"), for_ip("192.0.2.2"));
        assert_eq!(for_ip("::ffff:192.0.2.1"), for_ip("192.0.2.1"));
    }

    #[test]
    fn what_is_no_address_is_one_caller() {
        assert_eq!(for_ip(""), for_ip("not an address"));
    }

    #[test]
    fn no_user_can_be_taken_for_an_address() {
        assert_ne!(for_user(&UserId::parse("ip#192.0.2.1").unwrap()), for_ip("192.0.2.1"));
    }
}
