"""A page of another origin is told from one of ours; a session's token is its own and tells nothing of its cookie."""

import pytest

from alize.errors import CsrfFailed
from alize.governance.csrf import check_origin, check_token, token_of

SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"


def test_a_token_is_its_sessions_own() -> None:
    assert token_of(SECRET) == token_of(SECRET)
    assert token_of(SECRET) != token_of(SECRET[::-1])
    assert SECRET not in token_of(SECRET)


@pytest.mark.parametrize("sent", [None, "", "x", token_of("other"), token_of(SECRET).upper(), token_of(SECRET) + " ", SECRET, "é"])
def test_anything_but_the_token_is_refused(sent: str | None) -> None:
    headers = {"host": "a.example"} | ({} if sent is None else {"x-csrf-token": sent})
    with pytest.raises(CsrfFailed):
        check_token(headers, SECRET)
    check_token(headers | {"x-csrf-token": token_of(SECRET)}, SECRET)


@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        ("http://a.example", "a.example", "http"),
        ("http://a.example:80", "a.example", "http"),
        ("https://a.example", "a.example", "https"),
        ("https://a.example", "a.example:443", "http"),  # TLS ends at a proxy that is not trusted
        ("http://[::1]:8600", "[::1]:8600", "http"),
        ("http://A.example", "a.EXAMPLE", "http"),
    ],
)
def test_a_page_of_ours_may_ask(origin: str, host: str, scheme: str) -> None:
    check_origin({"origin": origin, "host": host, ":scheme": scheme})
    check_origin({"host": host, ":scheme": scheme})


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "x", "http://evil.example", "http://a.example.evil.example", "http://evil.example#a.example", "http://[", "file://"),
        *("http://a.example:8601", "http://evil.example@a.example:1", "ftp://a.example", "http://a.example:99999999", "http://a.example:x"),
        *("http://a.example, http://evil.example", "http://a.example\t.evil.example", "javascript:a.example"),
    ],
)
def test_a_page_of_another_origin_may_not(origin: str) -> None:
    with pytest.raises(CsrfFailed):
        check_origin({"origin": origin, "host": "a.example", ":scheme": "http"})


def test_a_page_without_tls_may_not_speak_for_one_with_it() -> None:
    with pytest.raises(CsrfFailed):
        check_origin({"origin": "http://a.example", "host": "a.example", ":scheme": "https"})
