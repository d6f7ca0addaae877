//! Keys of rate limit counters.

use std::net::{IpAddr, Ipv6Addr};

use percent_encoding::utf8_percent_encode;

use crate::domain::{ESCAPED, OrgId, UserId};

/// Returns the key of a verified user.
pub(crate) fn for_user(user: &UserId) -> String {
    format!("user#{}", user.as_str())
}

/// Returns the key of an organization. It ends with the id, encoded as in the keys of the organization's rows.
pub(crate) fn for_organization(organization: &OrgId) -> String {
    format!("org#{}", utf8_percent_encode(organization.as_str(), ESCAPED))
}

/// Returns the key of a caller without a valid token, from the source address that API Gateway reports. An IPv6 /64 shares
/// one key, because one subscriber has all of it (RFC 6177). All invalid addresses share one key, too.
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
    fn ipv6_addresses_of_a_64_share_one_key() {
        assert_eq!(for_ip("2001:db8:1:2:3:4:5:6"), "ip#2001:db8:1:2::/64");
        assert_eq!(for_ip("2001:db8:1:2::ffff"), for_ip("2001:0DB8:1:2:3:4:5:6"));
        assert_ne!(for_ip("2001:db8:1:2::1"), for_ip("2001:db8:1:3::1"));
    }

    #[test]
    fn each_ipv4_address_has_its_own_key() {
        assert_ne!(for_ip("192.0.2.1"), for_ip("192.0.2.2"));
        assert_eq!(for_ip("::ffff:192.0.2.1"), for_ip("192.0.2.1"));
    }

    #[test]
    fn invalid_addresses_share_one_key() {
        assert_eq!(for_ip(""), for_ip("not an address"));
    }

    #[test]
    fn keys_of_different_kinds_never_collide() {
        assert_ne!(for_user(&"ip#192.0.2.1".parse().unwrap()), for_ip("192.0.2.1"));
        assert_ne!(for_user(&"org#acme".parse().unwrap()), for_organization(&"acme".parse().unwrap()));
        assert_eq!(for_organization(&"acme".parse().unwrap()), "org#acme");
        assert_eq!(for_organization(&"a#user#b".parse().unwrap()), "org#a%23user%23b");
    }
}
