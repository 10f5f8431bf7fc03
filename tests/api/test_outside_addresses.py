"""Addresses that may be asked for a visitor, and those that may not: every special network, every spelling, names, ports, patterns."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.api.outside.addresses import why_refused
from alize.api.outside.pictures import PICTURES, kind_of
from alize.api.outside.targets import after, allowed, target_of
from alize.errors import InvalidRequest, SettingInvalid
from alize.settings import Settings

PRIVATE_4 = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16"),
    *("198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
)
METADATA = ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fe80::a9fe:a9fe")
PUBLIC = ("1.1.1.1", "9.9.9.9", "93.184.215.14", "172.15.255.255", "172.32.0.0", "100.63.255.255", "2606:4700::1111", "2a00:1450:4001::5")


def within(*networks: str) -> st.SearchStrategy[ipaddress.IPv4Address]:
    return st.one_of(*(st.ip_addresses(network=network) for network in networks))


@given(within(*PRIVATE_4))
def test_special_addresses_are_refused_in_ipv4_and_in_every_ipv6_form_of_it(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    forms = [
        ipaddress.IPv6Address(number | prefix << shift) for prefix, shift in ((0, 0), (0xFFFF, 32), (0x64FF9B, 96), (0x64FF9B0001, 80))
    ]
    forms += [ipaddress.IPv6Address(0x2002 << 112 | number << 80), ipaddress.IPv6Address(0x20010000 << 96 | (number ^ 0xFFFFFFFF))]
    forms += [ipaddress.IPv6Address(0x2A00 << 112 | 0x5EFE << 32 | number)]
    for address in (inner, *forms):
        assert why_refused(str(address)), address


@given(st.ip_addresses(v=4))
def test_even_a_public_ipv4_address_is_refused_in_an_ipv6_form(inner: ipaddress.IPv4Address) -> None:
    for form in (f"::ffff:{inner}", f"::{inner}", f"64:ff9b::{inner}"):
        assert why_refused(form), form


@given(st.ip_addresses(v=6))
def test_what_is_let_through_in_ipv6_is_global_unicast(address: ipaddress.IPv6Address) -> None:
    if why_refused(str(address)) is None:
        assert int(address) >> 125 == 1
        assert not any((address.is_private, address.is_multicast, address.is_reserved, address.teredo, address.sixtofour))


@given(st.ip_addresses(v=4))
def test_what_is_let_through_in_ipv4_is_global(address: ipaddress.IPv4Address) -> None:
    if why_refused(str(address)) is None:
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    "address", [*METADATA, "::", "::1", "fe80::1%eth0", "2606:4700::1%1", "ff02::1", "2001:db8::1", "", "x", "1", "1.1.1"]
)
def test_what_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert why_refused(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_not(address: str) -> None:
    assert why_refused(address) is None


NUMBERS = (
    *("127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "017700000001", "0x7F.0X0.0.0X1", "1.1.1.1"),
    *(
        "127.0.0.1.",
        "0",
        "0x",
        "256.256.256.256",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "[fe80::1%25eth0]",
        "１２７.０.０.１",
        "①②⑦.0.0.1",
    ),
    *("127。0。0。1", "localhost", "localhost.", "intranet", "a.example.", ".a.example", "a..example", "-a.example", "a-.example"),
    *("exa mple.org", "a.example%00.evil.example", "a.example%2eevil.example", "bücher.example", "ⓔxample.org", "a.1", "a.0x1", ""),
)


@pytest.mark.parametrize("host", NUMBERS)
def test_no_host_but_a_full_plain_name_is_followed(host: str) -> None:
    with pytest.raises(InvalidRequest):
        target_of(f"http://{host}/x.png")


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "//a.example", "/api/session", "ftp://a.example", "file:///etc/passwd", "javascript:alert(1)", "data:image/png,x"),
        *(
            "gopher://a.example",
            "http:a.example",
            "http:/a.example",
            "http:///a.example",
            "http:\\\\a.example",
            "https://a.example\\@b.example",
        ),
        *("http://a@b.example", "http://a:b@b.example", "http://b.example@", "http://@b.example", "http://a.example:443@b.example"),
        *(
            "http://a.example:22",
            "http://a.example:8080",
            "http://a.example:0",
            "http://a.example:65616",
            "http://a.example:-80",
            "http://a.example:",
        ),
        *(
            "http://a.example:80a",
            "http://a.example:٨٠",
            "http://a.example/\r\nHost: b",
            "http://a.example/ x",
            "http://a.example/\x00",
            " http://a.example",
        ),
        "http://a.example/" + "x" * 2048,
    ],
)
def test_no_other_address_is_followed(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        target_of(url)
    assert refused.value.param == "url"


def test_an_address_is_taken_apart_as_a_browser_takes_it() -> None:
    target = target_of("HTTPS://Upload.Example.org:443?q=@x#z@y")
    assert (target.scheme, target.host, target.port, target.path) == ("https", "upload.example.org", 443, "/?q=@x")
    assert target_of("https://a.example:80/").authority == "a.example:80"
    assert target_of("http://xn--bcher-kva.example/%C3%A9").path == "/%C3%A9"


@given(st.text(max_size=40), st.sampled_from(["", "http://", "https://", "http://a.example"]))
def test_an_address_is_followed_as_it_stands_or_refused_by_name(text: str, beginning: str) -> None:
    try:
        target = target_of(beginning + text)
    except InvalidRequest:
        return
    assert target_of(str(target)) == target


@given(st.text(max_size=60))
def test_a_redirect_leads_where_an_address_may_lead_or_is_refused(location: str) -> None:
    try:
        target = after(target_of("https://a.example/x/y"), location)
    except InvalidRequest:
        return
    assert target_of(str(target)) == target


def test_a_host_is_allowed_by_its_name_or_by_what_it_is_below() -> None:
    hosts = ("a.example", "*.B.example")
    assert [host for host in ("a.example", "x.b.example", "y.x.b.example") if not allowed(host, hosts)] == []
    assert [host for host in ("x.a.example", "b.example", "xb.example", "b.example.evil.test", "evil.test") if allowed(host, hosts)] == []
    assert allowed("anything.test", ["*"])
    assert not allowed("anything.test", [])


@pytest.mark.parametrize(
    "host", ["http://a.example", "a.example:80", "a.example/x", "10.0.0.1", "*.", "*a.example", "a.*.example", "localhost", "::1"]
)
def test_a_setting_that_names_no_host_is_refused(host: str) -> None:
    with pytest.raises(SettingInvalid, match="outside_hosts"):
        Settings.load({"ALIZE_OUTSIDE_HOSTS": host})


BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n" + b"\0" * 20,
    "image/jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 20,
    "image/gif": b"GIF89a" + b"\0" * 20,
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 20,
    "image/avif": b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + b"\0" * 20,
}


@pytest.mark.parametrize("kind", PICTURES.accepted)
def test_a_picture_is_known_by_how_it_begins(kind: str) -> None:
    assert kind_of(BEGINNINGS[kind]) == kind


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<?xml version='1.0'?><svg/>",
            b"<html>",
            b"GIF",
            b"GIF88a",
            b"\x89PNG",
            b"BM\0\0",
        ),
        *(
            b"%PDF-1.7",
            b"\0\0\0\x1cftypmp42\0\0\0\0isommp42",
            b"\0\0\0\x08ftypmp42avif",
            b"RIFF\0\0\0\0WAVE",
            b" \xff\xd8\xff",
            b"\x1f\x8b\x08",
        ),
    ],
)
def test_nothing_else_is_a_picture(data: bytes) -> None:
    assert kind_of(data) is None


@given(st.binary(max_size=400))
def test_any_bytes_are_looked_at_without_harm(data: bytes) -> None:
    assert kind_of(data) in (None, *PICTURES.accepted)
