"""Whether an address is in the public internet. In: an IP address as a resolver wrote it. Out: why it must not be asked, or None.

A server stands where its visitors do not: beside databases, routers, and the services that give a cloud's machine its credentials. So
what is asked for a visitor must be out in the public, whatever name leads there. The lists are IANA's special-purpose registries
(RFC 6890 and its updates); IPv6 is taken the other way round, since most of it is not given out: global unicast, less what is special.
"""

import ipaddress

__all__ = ["why_refused"]

_SPECIAL_4 = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "behind a carrier's address translation",
    "127.0.0.0/8": "this machine",
    "168.63.129.16/32": "a cloud's own service",  # Azure's, in the middle of public addresses
    "169.254.0.0/16": "link-local",  # with the metadata of most clouds, 169.254.169.254
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",  # with 192.0.0.192, metadata of Oracle's cloud
    "192.0.2.0/24": "reserved",
    "192.31.196.0/24": "reserved",
    "192.52.193.0/24": "reserved",
    "192.88.99.0/24": "a relay into IPv6",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "reserved",
    "198.18.0.0/15": "reserved",
    "198.51.100.0/24": "reserved",
    "203.0.113.0/24": "reserved",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",  # with 255.255.255.255, broadcast
}
_SPECIAL_6 = {
    "::/128": "unspecified",
    "::1/128": "this machine",
    "::/96": "an IPv4 address in another form",
    "::ffff:0:0/96": "an IPv4 address in another form",
    "64:ff9b::/96": "an IPv4 address in another form",
    "64:ff9b:1::/48": "an IPv4 address in another form",
    "2001::/23": "reserved",  # with Teredo, which carries an IPv4 address
    "2001:db8::/32": "reserved",
    "2002::/16": "an IPv4 address in another form",
    "2620:4f:8000::/48": "reserved",
    "3fff::/20": "reserved",
    "fc00::/7": "private",  # with fd00:ec2::254, metadata of Amazon's cloud
    "fe80::/10": "link-local",
    "ff00::/8": "multicast",
}
_NETWORKS_4 = [(ipaddress.IPv4Network(network), why) for network, why in _SPECIAL_4.items()]
_NETWORKS_6 = [(ipaddress.IPv6Network(network), why) for network, why in _SPECIAL_6.items()]
_UNICAST = ipaddress.IPv6Network("2000::/3")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # the upper half of an interface's part that ends in an IPv4 address


def why_refused(address: str) -> str | None:
    """
    >>> [why_refused(a) for a in ("93.184.215.14", "127.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "2606:2800:21f::1", "7")]
    [None, 'this machine', 'an IPv4 address in another form', 'link-local', None, 'not an address']
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "not an address"
    if isinstance(parsed, ipaddress.IPv4Address):
        return next((why for network, why in _NETWORKS_4 if parsed in network), None)
    bare = ipaddress.IPv6Address(int(parsed))  # an address with a zone is in no network, by ipaddress
    special = next((why for network, why in _NETWORKS_6 if bare in network), None)
    if special is not None:
        return special
    if bare not in _UNICAST or parsed.scope_id is not None:
        return "reserved"
    return "an IPv4 address in another form" if (int(bare) >> 32) & 0xFFFF_FFFF in _ISATAP else None
