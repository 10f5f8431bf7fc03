"""Where the upstream is. In: the settings. Out: its address, or None where there is none; SettingInvalid where it may not be asked."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from alize.errors import SettingInvalid
from alize.settings import Settings

__all__ = ["Address", "is_near", "upstream_of"]

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A base address. `host` is what people are shown: its port is named where it is not the scheme's own."""

    base: str  # without a slash at the end
    host: str
    loopback: bool  # what is sent there does not leave this machine

    @classmethod
    def of(cls, url: str) -> "Address":
        """Raises ValueError for what is no whole http address, or is more than a host and a path.

        >>> Address.of("http://127.0.0.1:8080/v1/")
        Address(base='http://127.0.0.1:8080/v1', host='127.0.0.1:8080', loopback=True)
        >>> Address.of("https://api.mistral.ai:443/v1").host
        'api.mistral.ai'
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("its host or port is none") from None  # Python's own words would repeat them
        if parts.scheme not in _PORTS or not parts.hostname or port == 0 or not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError("it is no whole http or https address")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("it has more than a host and a path")
        name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        own = port in (None, _PORTS[parts.scheme])
        return cls(url.rstrip("/"), name if own else f"{name}:{port}", _is_loopback(parts.hostname))


def upstream_of(settings: Settings) -> Address | None:
    """The upstream of the settings. Raises SettingInvalid, also where `offline` forbids it; the message repeats neither key nor address:
    either may hold a secret."""
    if not settings.upstream_url:
        given = next((name for name in ("upstream_key", "upstream_models") if getattr(settings, name)), None)
        if given:
            raise SettingInvalid(f"{given}{settings.came(given)} is set, but upstream_url is not.", param="upstream_url")
        return None
    came = settings.came("upstream_url")
    try:
        address = Address.of(settings.upstream_url)
    except ValueError as error:
        remedy = "Write it as https://host.example/v1; a key goes into upstream_key."
        raise SettingInvalid(f"upstream_url{came} cannot be used: {error}.", param="upstream_url", remedy=remedy) from None
    if settings.offline and not address.loopback:
        raise SettingInvalid(
            f"upstream_url{came} is {address.host}, which is not this machine, but offline{settings.came('offline')} is set.",
            param="upstream_url",
            remedy="Take an upstream on loopback, or set one of the two back.",
        )
    key = settings.upstream_key
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingInvalid(f"upstream_key{settings.came('upstream_key')} has characters that no key has.", param="upstream_key")
    for name in settings.upstream_models:
        if not all(part.strip() for part in name.split("=", 1)):
            raise SettingInvalid(f"upstream_models: '{name}' is not written here=there.", param="upstream_models")
    return address


def is_near(host: str) -> bool:
    """Whether a host, written as `Address.host` is, means the machine of whoever says it.

    >>> [is_near(host) for host in ("127.0.0.1:8080", "[::1]", "localhost", "api.mistral.ai", "[no")]
    [True, True, True, False, False]
    """
    try:
        return _is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
