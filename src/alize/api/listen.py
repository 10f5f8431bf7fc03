"""Where the server listens. In: the settings. Out: a bound socket, or an error that says what is in the way; nothing is started yet."""

import errno
import ipaddress
import os
import socket
import ssl

from alize.errors import PortTaken, SettingInvalid
from alize.settings import Settings

__all__ = ["address_of", "bind", "check_tls"]


def bind(settings: Settings) -> socket.socket:
    """A socket on `host` and `port`, bound before the model is loaded: a port that is taken is known at once, not after a minute.

    Raises PortTaken, and SettingInvalid for a host or port that cannot be listened on.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise SettingInvalid(f"host = '{settings.host}' is no address of this machine.", param="host") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _in_the_way(settings, error) from error
    return listener


def check_tls(settings: Settings) -> None:
    """Raise SettingInvalid where the certificate and key cannot be used. A no-op without TLS."""
    if not settings.tls_certificate:
        return
    for name in ("tls_certificate", "tls_key"):
        path = getattr(settings, name)
        if not os.access(path, os.R_OK):
            raise SettingInvalid(f"{name} = {path} cannot be read.", param=name)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_certificate, settings.tls_key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise SettingInvalid(f"The TLS certificate and key do not belong together or are damaged: {error}.", param="tls_key") from error


def address_of(listener: socket.socket, settings: Settings) -> str:
    """What to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1"
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _in_the_way(settings: Settings, error: OSError) -> Exception:
    match error.errno:
        case errno.EADDRINUSE:
            return PortTaken(
                f"Port {settings.port} on {settings.host} is taken by another program.",
                param="port",
                remedy="Stop that program, or choose another port with --port or ALIZE_PORT.",
            )
        case errno.EACCES:
            return SettingInvalid(
                f"Port {settings.port} is kept for the system's own services.", param="port", remedy="Choose one above 1023."
            )
        case _:
            return SettingInvalid(f"{settings.host} port {settings.port} cannot be listened on: {error.strerror}.", param="host")


def _no_password() -> str:
    raise ValueError("the key is encrypted; store it without a password, readable by this user alone")
