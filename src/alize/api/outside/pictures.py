"""Which picture some bytes are. In: bytes from elsewhere. Out: their media type by how they begin, or None.

What a server says of them counts for nothing. Only formats that are nothing but pixels: SVG can hold a program, and HTML that calls itself
a picture begins like none of these.
"""

from alize.api.outside.wanted import Wanted

__all__ = ["PICTURES", "kind_of"]

_ACCEPTED = ("image/avif", "image/webp", "image/png", "image/jpeg", "image/gif")
_BRANDS = (b"avif", b"avis")
_FTYP_MOST = 256  # bytes; its list of brands is a few words long


def kind_of(data: bytes | bytearray) -> str | None:
    """
    >>> kind_of(b"GIF89a\\x01\\x00"), kind_of(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    ('image/gif', None)
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/avif" if _is_avif(data) else None


def _is_avif(data: bytes | bytearray) -> bool:
    """An ISO media file opens with a box of (length, "ftyp", brand, version, brands …), each of four bytes."""
    if data[4:8] != b"ftyp":
        return False
    box = data[: min(int.from_bytes(data[:4]), _FTYP_MOST)]
    return any(box[at : at + 4] in _BRANDS for at in (8, *range(16, len(box) - 3, 4)))


PICTURES = Wanted("picture", "PNG, JPEG, GIF, WebP, AVIF", _ACCEPTED, kind_of, 10 * 2**20)
