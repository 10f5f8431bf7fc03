"""Where traces are sent. In: the settings. Out: the address of a collector; None where there is none."""

from importlib.util import find_spec

from alize.errors import Missing, SettingInvalid
from alize.settings import Settings
from alize.upstream.address import Address

__all__ = ["collector_of"]

_NEEDED = ("opentelemetry.exporter.otlp.proto.http", "opentelemetry.sdk", "requests")


def collector_of(settings: Settings) -> Address | None:
    """Where spans are sent; None where they are not.

    Raises SettingInvalid, also where `offline` forbids it, and Missing where what sends them is not installed. The address is not repeated:
    it may hold a secret.
    """
    if not settings.otlp_endpoint:
        return None
    came = settings.came("otlp_endpoint")
    try:
        address = Address.of(settings.otlp_endpoint)
    except ValueError as error:
        remedy = "Write it as http://127.0.0.1:4318; a key goes into OTEL_EXPORTER_OTLP_HEADERS."
        raise SettingInvalid(f"otlp_endpoint{came} cannot be used: {error}.", param="otlp_endpoint", remedy=remedy) from None
    if settings.offline and not address.loopback:
        raise SettingInvalid(
            f"otlp_endpoint{came} is {address.host}, which is not this machine, but offline{settings.came('offline')} is set.",
            param="otlp_endpoint",
            remedy="Take a collector on loopback, or set one of the two back.",
        )
    if not all(map(_installed, _NEEDED)):
        raise Missing(f"otlp_endpoint{came} is set, but what sends traces is not installed.", remedy="pip install 'alize[otlp]'")
    return address


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # not even what it is a part of
        return False
