"""What an error says, apart from the language it is said in. In: a reason's name and its values. Out: what a page words by itself.

`message` is an English sentence; whoever shows it in another language needs what it is made of. Each reason is declared here once, with
the values of its sentence; `web/src/i18n` has the sentence in each language, and a test holds the two, and whoever raises, to each other.
How a value is written goes by its name:

    bytes, most_bytes, …     a size                 words     somebody else's own words, or "": quoted as they are
    seconds, most_seconds    a span of time         any list  its texts, one after another
    any other number         a count                detail    this server's own English: quoted as that
    any other text           a name, as it is
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["REASONS", "Reason", "Value", "because"]

Value = int | float | str | list[str]


@dataclass(frozen=True, slots=True)
class Reason:
    """One of `REASONS`."""

    name: str
    values: Mapping[str, Value]

    def body(self) -> dict[str, Any]:
        """What is added to an error's JSON."""
        return {"reason": self.name, "values": dict(self.values)}


def because(name: str, /, **values: Value) -> Reason:
    """
    >>> because("question_too_long", tokens=9042, limit=8192).body()
    {'reason': 'question_too_long', 'values': {'tokens': 9042, 'limit': 8192}}
    """
    return Reason(name, values)


REASONS: Mapping[str, tuple[str, ...]] = {
    # a question and its files
    "question_too_long": ("tokens", "limit"),
    "prompt_too_long": ("tokens", "limit"),
    "prompt_empty": (),
    "message_empty": (),
    "text_unreadable": ("words",),
    "template_missing": (),
    "template_refuses": ("words",),
    "template_stopped": ("detail",),
    "markers_in_text": (),
    "answer_not_continued": (),
    "character_unstorable": (),
    "value_unstorable": ("words",),
    "model_blind": ("model",),
    "model_deaf": ("model",),
    "images_too_many": ("images", "most"),
    "images_most": ("most",),
    "sounds_too_long": (),
    "image_too_large": ("most_bytes",),
    "image_too_many_pixels": ("most",),
    "image_unknown": ("kinds",),
    "image_damaged": ("words",),
    "sound_too_large": ("most_bytes",),
    "sound_too_long": ("most_seconds",),
    "sound_unknown": ("kinds",),
    "sound_kind": ("kind", "kinds"),
    "sound_channels": ("channels", "rate", "most_channels", "most_rate"),
    "sound_empty": (),
    "sound_damaged": ("words",),
    "media_too_large": ("bytes", "most_bytes"),
    "media_busy": ("bytes",),
    "file_too_large": ("most_bytes",),
    "file_untyped": ("types",),
    "files_full": ("taken_bytes", "most_bytes"),
    "upload_gone": (),
    "body_too_large": ("most_bytes",),
    "body_slow": ("bytes",),
    "head_slow": (),
    # conversations
    "attachment_gone": (),
    "conversation_gone": (),
    "conversation_gone_long_ago": (),
    "message_gone": (),
    "run_gone": (),
    "id_taken": (),
    "not_under_answer": (),
    "only_answers_again": (),
    "nothing_to_continue": (),
    "continued_already": (),
    "sent_before": (),
    "list_changed": (),
    # models and engines
    "model_unknown": ("model",),
    "model_unknown_near": ("model", "near"),
    "model_unnamed": (),
    "model_unknown_upstream_away": ("model", "detail"),
    "model_writes_nothing": ("model",),
    "model_not_for_talk": ("model",),
    "model_asleep": ("model",),
    "model_failed": ("model",),
    "model_too_large": ("model", "bytes", "most_bytes"),
    "model_not_there": ("model", "detail"),
    "model_pinned": ("model",),
    "model_changing": ("model",),
    "model_refused": ("detail",),
    "adapter_lost": ("model", "detail"),
    "adapter_unknown": ("adapter",),
    "parameter_unsupported": ("parameter",),
    "queue_full": ("requests",),
    "requests_used": ("most", "seconds"),
    "tokens_used": ("most", "seconds"),
    "engine_starting": (),
    "engine_restarting": (),
    "engine_unstartable": (),
    "engine_ended": (),
    "model_loading": (),
    "model_loading_at": ("percent",),
    "shutting_down": (),
    "server_failed": ("request",),
    "answer_failed": (),
    "model_spoilt": (),
    "page_unknown": ("path",),
    # the server that answers for a model
    "upstream_ended": ("host", "words"),
    "upstream_busy": ("host", "words"),
    "upstream_refuses": ("host", "words"),
    "upstream_key": ("host", "status"),
    "upstream_redirects": ("host", "status"),
    "upstream_unknown": ("host", "status", "words"),
    "upstream_status": ("host", "status", "words"),
    "upstream_silent": ("host",),
    "upstream_untrusted": ("host", "words"),
    "upstream_unreachable": ("host",),
    "upstream_broke": ("host",),
    "upstream_no_answer": ("host",),
    "upstream_too_long": ("host",),
    "upstream_event_too_long": ("most_bytes",),
    "upstream_withholds": ("host",),
    # people
    "attempts_used": ("seconds",),
    "sign_in_busy": (),
    "sign_in_wrong": (),
    "old_password_wrong": (),
    "password_short": ("characters", "least"),
    "password_long": ("characters", "most"),
    "email_invalid": (),
    "email_taken": (),
    "name_empty": (),
    "name_long": ("characters", "most"),
    "name_hidden": (),
    "setup_done": (),
    "setup_token_wrong": (),
    "setup_elsewhere": (),
    "no_accounts": (),
    "not_signed_in": (),
    "session_ended": (),
    "session_gone": (),
    "session_damaged": (),
    "sessions_two": (),
    "token_wrong": (),
    "origin_other": ("origin", "host"),
    "page_elsewhere": (),
    "host_elsewhere": ("host",),
    "origin_elsewhere": ("origin",),
    "scope_lacking": ("scope",),
    "people_only": (),
    "account_gone": (),
    "last_owner": (),
    "invitation_used": (),
    "invitation_gone": (),
    "role_unknown": ("role", "roles"),
    "invitation_days": ("most", "days"),
    "key_gone": (),
    "key_name_kept": ("name",),
    "key_name": ("most",),
    "key_scope_unknown": ("scope", "scopes"),
    "key_scope_none": (),
    "key_scope_lacking": ("scope",),
    "key_end_past": (),
    # the database
    "storage_busy": (),
    "storage_undone": (),
    "storage_damaged": ("words",),
    "storage_unwritable": ("words",),
    "storage_old": ("words",),
    "storage_disk": ("words",),
    "storage_untaken": ("words",),
    "storage_unusable": ("words",),
    "storage_conflict": ("words",),
    "disk_full": (),
}
