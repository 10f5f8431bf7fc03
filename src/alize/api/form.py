"""A request's form. In: a body of multipart/form-data, or of a form without files. Out: a schema's object, and the file.

A field that comes once is a value, or the only one of a list; OpenAI's clients write `name[]` for a list. A form knows no null: a field
that may be left out and is empty, or says `null`, is as good as left out.
"""

from typing import Any, TypeVar, get_origin

from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from alize.api.body import parsed
from alize.errors import InvalidRequest, ValidationFailed

__all__ = ["read_form"]

Model = TypeVar("Model", bound=BaseModel)

_KINDS = ("multipart/form-data", "application/x-www-form-urlencoded")
_MOST_FIELDS = 100
_LONGEST = 64 * 1024  # bytes of a field that is no file


async def read_form(request: Request, model: type[Model], *, strict: bool) -> tuple[Model, bytes | None]:
    """The fields as `model`, and the bytes of `file`. Raises ValidationFailed, and InvalidRequest for what is no form.

    `strict` refuses unknown fields; otherwise they are ignored.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _KINDS:
        found = f"it says {kind[:100]!r}" if kind else "there is none"
        message = f"The body must be sent with Content-Type: multipart/form-data; {found}."
        raise ValidationFailed([{"type": "content_type", "loc": ["header", "content-type"], "msg": message}], message)
    try:
        async with request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST) as form:
            fields, file = dict[str, Any](), None
            for name in dict.fromkeys(form.keys()):
                values = form.getlist(name)
                if name == "file" and isinstance(values[0], UploadFile):
                    file = await values[0].read()
                    continue
                texts = [value for value in values if isinstance(value, str)]
                if len(texts) < len(values):
                    raise InvalidRequest(f"The form has a file in the field {name[:100]}; only file takes one.", param=name[:100])
                field = name.removesuffix("[]")
                if texts in (["null"], [""]) and not _needed(model, field):
                    continue
                fields[field] = texts if name.endswith("[]") or _takes_several(model, field) or len(texts) > 1 else texts[0]
    except (MultiPartException, HTTPException, UnicodeDecodeError) as error:
        why = getattr(error, "message", None) or getattr(error, "detail", None) or "a field is not UTF-8."
        raise InvalidRequest(f"The body is no form that can be read: {why}", param="body") from error
    if isinstance(fields.get("file"), str | list):
        raise InvalidRequest("The field file holds no file.", param="file", remedy="Send it with a filename, as forms send files.")
    return parsed(fields, model, strict=strict), file


def _needed(model: type[BaseModel], name: str) -> bool:
    """Unknown ones, too: they are to be named."""
    field = model.model_fields.get(name)
    return field is None or field.is_required()


def _takes_several(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and get_origin(field.annotation) is list
