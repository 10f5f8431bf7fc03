"""The errors of the whole project. In: what went wrong. Out: one exception that knows its status, type, code and whether to retry.

AlizeError                          500 server_error
├─ InvalidRequest                   400 invalid_request_error
│  ├─ InvalidModel                  400 … 1500
│  ├─ PromptTooLong                 400 … 3051
│  ├─ InvalidMessageOrder           400 … 3230
│  ├─ InvalidToolCall               400 … 3280
│  ├─ InvalidMedia                  400 … 3310
│  ├─ UnsupportedParameter          400 … unsupported_parameter
│  ├─ RequestTimeout                408 … request_timeout (retry)
│  ├─ ValidationFailed              422 … (keeps the public `detail` list)
│  └─ PayloadTooLarge               413 … payload_too_large
├─ AuthenticationFailed             401 authentication_error
├─ PermissionDenied                 403 permission_error
│  ├─ CsrfFailed                    403 … csrf_failed
│  └─ OutsideRefused                403 … outside_refused
├─ NotFound                         404 not_found_error
├─ MethodNotAllowed                 405 invalid_request_error
├─ Conflict                         409 conflict_error
├─ RateLimited                      429 rate_limit_error … 1300 (retry)
│  └─ QueueFull                     429 … 3505 (retry)
├─ OutsideFailed                    502 server_error … outside_failed (retry)
├─ EngineUnavailable                503 server_error … engine_unavailable (retry)
│  └─ EngineCrashed                 503 … engine_crashed (retry)
├─ UpstreamFailed                   502 server_error … upstream_failed (retry)
│  ├─ UpstreamRefused               502 … upstream_refused
│  └─ UpstreamTimeout               504 … upstream_timeout (retry)
├─ StorageFailed                    503 server_error … storage_failed (retry)
│  └─ DiskFull                      507 … disk_full
└─ LocalError                       a command cannot go on: exit status 1, never on the wire
   ├─ SettingInvalid                a setting's value cannot be used
   ├─ HomeUnusable                  the state folder is unwritable, or held by another `alize up`
   ├─ BackupFailed                  a backup cannot be written, or an archive cannot be restored
   ├─ PortTaken
   ├─ OutOfMemory                  the weights or the cache do not fit into memory
   ├─ CheckpointInvalid             a weights file is truncated, corrupt or of an unknown kind
   ├─ DownloadFailed                a pull stopped: network, disk, checksum
   ├─ ConversionFailed              a model cannot be written in the form that was asked for
   └─ Missing                       an optional part (PyTorch, a model) is not installed

Each message says what was wrong and where; `remedy` says what to do next; `reason` says both without a language, for a page that has words
of its own. On the wire every error has one shape (`body`).
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from alize.reasons import Reason

__all__ = [
    "AlizeError",
    "AuthenticationFailed",
    "BackupFailed",
    "CheckpointInvalid",
    "Conflict",
    "ConversionFailed",
    "CsrfFailed",
    "DiskFull",
    "DownloadFailed",
    "EngineCrashed",
    "EngineUnavailable",
    "HomeUnusable",
    "InvalidMedia",
    "InvalidMessageOrder",
    "InvalidModel",
    "InvalidRequest",
    "InvalidToolCall",
    "LocalError",
    "MethodNotAllowed",
    "Missing",
    "NotFound",
    "OutOfMemory",
    "OutsideFailed",
    "OutsideRefused",
    "PayloadTooLarge",
    "PermissionDenied",
    "PortTaken",
    "PromptTooLong",
    "QueueFull",
    "RateLimited",
    "RequestTimeout",
    "SettingInvalid",
    "StorageFailed",
    "UnsupportedParameter",
    "UpstreamFailed",
    "UpstreamRefused",
    "UpstreamTimeout",
    "ValidationFailed",
]


class AlizeError(Exception):
    """Base of every error raised on purpose."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: ClassVar[str | None] = None
    retry: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        remedy: str | None = None,
        retry_after: float | None = None,
        reason: Reason | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.remedy = remedy
        self.retry_after = retry_after  # seconds; sent as the Retry-After header
        self.reason = reason

    @property
    def text(self) -> str:
        """The message and its remedy as one sentence for a person."""
        return f"{self.message} {self.remedy}" if self.remedy else self.message

    def body(self) -> dict[str, Any]:
        """The JSON object sent to a client: the six keys that clients of the public API parse, and the reason where there is one."""
        return {
            "object": "error",
            "message": self.text,
            "type": self.type,
            "param": self.param,
            "code": self.code,
            "raw_status_code": self.status,
            **({} if self.reason is None else self.reason.body()),
        }


class InvalidRequest(AlizeError):
    status = 400
    type = "invalid_request_error"


class InvalidModel(InvalidRequest):
    code = "1500"


class PromptTooLong(InvalidRequest):
    code = "3051"


class InvalidMessageOrder(InvalidRequest):
    code = "3230"


class InvalidToolCall(InvalidRequest):
    code = "3280"


class InvalidMedia(InvalidRequest):
    """An image or a sound of a request that cannot be fetched or read."""

    code = "3310"


class UnsupportedParameter(InvalidRequest):
    code = "unsupported_parameter"


class ValidationFailed(InvalidRequest):
    """A field is missing, unknown or of the wrong kind. The official clients parse `detail` and lose the error without it."""

    status = 422
    code = "validation_failed"

    def __init__(self, detail: list[Mapping[str, Any]], message: str | None = None, *, reason: Reason | None = None) -> None:
        first = detail[0] if detail else {"loc": (), "msg": "the request is invalid"}
        where = ".".join(str(part) for part in first["loc"])
        super().__init__(message or f"{where}: {first['msg']}", param=where or None, reason=reason)
        self.detail = detail

    def body(self) -> dict[str, Any]:
        return {**super().body(), "detail": [dict(entry) for entry in self.detail]}


class PayloadTooLarge(InvalidRequest):
    status = 413
    code = "payload_too_large"


class RequestTimeout(InvalidRequest):
    """The client sent its request too slowly. Its connection is closed, since the rest of it may still come."""

    status = 408
    code = "request_timeout"
    retry = True


class AuthenticationFailed(AlizeError):
    status = 401
    type = "authentication_error"
    code = "unauthorized"


class PermissionDenied(AlizeError):
    status = 403
    type = "permission_error"
    code = "forbidden"


class CsrfFailed(PermissionDenied):
    """A browser's request without its session's token, or from a page of another origin."""

    code = "csrf_failed"


class OutsideRefused(PermissionDenied):
    """Another host may not be asked: the settings do not name it, or its name leads out of the public internet."""

    code = "outside_refused"


class NotFound(AlizeError):
    status = 404
    type = "not_found_error"
    code = "not_found"


class MethodNotAllowed(InvalidRequest):
    status = 405
    code = "method_not_allowed"


class Conflict(AlizeError):
    status = 409
    type = "conflict_error"
    code = "conflict"


class RateLimited(AlizeError):
    status = 429
    type = "rate_limit_error"
    code = "1300"
    retry = True


class QueueFull(RateLimited):
    """The engine's waiting line is full: nothing is wrong with the request, the machine is busy."""

    code = "3505"


class OutsideFailed(AlizeError):
    """Another host was asked, and gave nothing that can be used."""

    status = 502
    code = "outside_failed"
    retry = True


class EngineUnavailable(AlizeError):
    status = 503
    code = "engine_unavailable"
    retry = True


class EngineCrashed(EngineUnavailable):
    """The engine's process ended while the request was in flight; it is being restarted."""

    code = "engine_crashed"


class UpstreamFailed(AlizeError):
    """The server that answers for a model of `upstream_url` cannot be reached, failed, or sent what is no answer."""

    status = 502
    code = "upstream_failed"
    retry = True


class UpstreamRefused(UpstreamFailed):
    """It does not take this server's requests: its key, its address or its account is wrong, not what the client sent."""

    code = "upstream_refused"
    retry = False


class UpstreamTimeout(UpstreamFailed):
    """It was silent for longer than `upstream_timeout`."""

    status = 504
    code = "upstream_timeout"


class StorageFailed(AlizeError):
    status = 503
    code = "storage_failed"
    retry = True


class DiskFull(StorageFailed):
    """The disk that holds the database takes nothing more. What was acknowledged is kept."""

    status = 507
    code = "disk_full"
    retry = False


class LocalError(AlizeError):
    """A command on this machine cannot go on. Printed with its remedy; never sent to a client."""

    exit_status: ClassVar[int] = 1


class SettingInvalid(LocalError):
    code = "setting_invalid"


class HomeUnusable(LocalError):
    code = "home_unusable"


class BackupFailed(LocalError):
    code = "backup_failed"


class PortTaken(LocalError):
    code = "port_taken"


class OutOfMemory(LocalError):
    code = "out_of_memory"


class CheckpointInvalid(LocalError):
    code = "checkpoint_invalid"


class DownloadFailed(LocalError):
    code = "download_failed"


class ConversionFailed(LocalError):
    pass


class Missing(LocalError):
    code = "missing"
