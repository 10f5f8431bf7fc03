"""Every setting. In: defaults, `DIR/settings.toml`, the environment, the command line (later wins). Out: one frozen Settings.

Each value remembers where it came from; `describe()` prints that at start. The environment is read once: changing it later
changes nothing. `docs/reference/settings.md` is made from the `help` texts here.
"""

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, cast, get_type_hints

from alize.errors import SettingInvalid

__all__ = ["Settings", "default_of", "environment_name", "home_folder", "is_adapter_name", "settings_fields"]


def _setting(default: Any, help: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"help": help, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one installation."""

    home: Path = _setting(Path("~/.alize"), "Folder that holds every byte of state.")
    # ── listening ──
    host: str = _setting("127.0.0.1", "Address to listen on. Anything but loopback needs keys: `auth = false` is refused there.")
    port: int = _setting(8600, "Port to listen on.")
    auth: bool = _setting(True, "Ask for an API key or signing in. May be false on loopback only (`--no-auth`).")
    api_key: str = _setting("", "A fixed first admin key, not a random one. `alize chat --url` sends the same variable.", secret=True)
    tls_certificate: str = _setting("", "PEM file of the server's certificate chain; with `tls_key`, serves HTTPS.")
    tls_key: str = _setting("", "PEM file of the certificate's private key.")
    root_path: str = _setting("", "Path prefix that a reverse proxy strips, such as `/alize`.")
    trusted_proxies: tuple[str, ...] = _setting((), "Addresses whose X-Forwarded-* headers are believed; none by default.")
    cors_origins: tuple[str, ...] = _setting((), "Origins whose pages may call the API from a browser; none by default, `*` for all.")
    outside_hosts: tuple[str, ...] = _setting(
        (),
        "Hosts that pictures may be fetched from: those a request shows the model, and those in answers, once the person who reads agrees. "
        "`upload.example.org`, or `*.example.org` for every name below it (not itself). None by default. `*` allows all, which is unwise: "
        "an answer can write what it was told into a picture's address, and whoever owns the host then reads it.",
    )
    # ── the model ──
    model: str = _setting("smollm2-135m-instruct", "Model to serve: an id or alias of the catalog, or a path to weights.")
    models: tuple[str, ...] = _setting(
        (),
        "Further models that are offered beside `model`, named alike, each loaded when it is first asked; `installed` is every model in "
        "`home` that writes. What does not fit into `memory` together takes turns.",
    )
    pinned: tuple[str, ...] = _setting(
        ("model",), "Models that are never put to sleep once they are loaded; `model` is the one that the setting `model` names."
    )
    idle_seconds: float = _setting(0.0, "Seconds without a request after which a model that is not pinned is put to sleep; 0 is never.")
    model_wait_seconds: float = _setting(300.0, "Longest that a request waits for its model to be loaded; then it is answered 503.")
    model_wait_requests: int = _setting(
        256, "Requests that may wait for models to be loaded; beyond, who has an even share is answered 429."
    )
    weight_folders: tuple[str, ...] = _setting(
        (), "Folders beside `home` from which administrators may load weights and adapters through the API."
    )
    embedding_model: str = _setting(
        "all-minilm-l6-v2",
        "Model of `POST /v1/embeddings` beside `model`, named alike. It is fetched and loaded, in a process of its own, when it is "
        "first asked. Empty: none.",
    )
    model_aliases: tuple[str, ...] = _setting((), "Further names for models: `mistral-small-latest=smollm2-135m-instruct,…`.")
    adapters: tuple[str, ...] = _setting(
        (), "Adapters of the model, each served as a model of its own name: `NAME=PATH,…`, of a folder of PEFT's or of mistral-finetune's."
    )
    offline: bool = _setting(
        False,
        "Ask nothing of the network: weights that `alize pull` has not brought are an error, pictures of answers are not fetched, and an "
        "upstream may be on this machine only.",
    )
    hub_endpoint: str = _setting("https://huggingface.co", "Where `alize pull` finds models that are named like `owner/name`.")
    # ── an upstream ──
    upstream_url: str = _setting(
        "",
        "Another Mistral or OpenAI compatible API whose models are offered beside the own ones: `https://api.mistral.ai/v1`. Empty: none.",
    )
    upstream_key: str = _setting("", "The key that is sent to `upstream_url`, and nowhere else.", secret=True)
    upstream_models: tuple[str, ...] = _setting(
        (), "Which of its models to offer, by their names there or as `here=there`; empty offers all it lists that chat."
    )
    upstream_context: int = _setting(32768, "Longest context of its models, in tokens, where it does not say.")
    upstream_timeout: float = _setting(300.0, "Seconds of silence after which an answer of the upstream is given up.")
    # ── the engine ──
    runner: str = _setting(
        "auto",
        "What computes: `native`, the C++ core for processors: several times as fast, and so far for models of Llama's, Qwen 3's and "
        "Mixtral's shape in BF16, F16, and GGUF's Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K; `torch`, PyTorch, which runs every "
        "model; or auto: native where it can run the model, and there is no GPU.",
    )
    dtype: str = _setting("auto", "Number format of the weights: auto, float32 or bfloat16. `auto` measures both at load.")
    gpu_kernels: bool = _setting(
        False,
        "On a GPU, let kernels in Triton compute attention and experts, and record decode steps. They have been tested without a GPU only.",
    )
    kernels: str = _setting(
        "auto",
        "Which kernels the native core computes with: `portable`, `avx2`, `avx512` or `amx`, `dotprod` or `i8mm` on Arm; or auto: the "
        "fastest that the processor has. All give the same bits; the others are for measuring and for ruling a processor out as a cause.",
    )
    threads: int = _setting(0, "Threads that compute; 0 takes every core this process may use.")
    weights_in_memory: str = _setting(
        "auto",
        "How weights are kept: `expanded` to the number format, which computes fastest; `stored` as their file has them, decoded piece by "
        "piece in every product, which takes an eighth for a 4-bit file; or auto: expanded where that leaves a quarter of the free memory.",
    )
    memory: float = _setting(
        0.0,
        "GiB that the weights and caches of all models may take together; 0 is what the machine, or its container, has free at the start.",
    )
    cache_memory: float = _setting(
        0.0, "GiB for cached keys and values; 0 takes a quarter of what is free, at most 8, and room for 2,048 tokens at least."
    )
    cache_dtype: str = _setting(
        "auto",
        "How the native core keeps keys and values: `int8`, with scales; `bfloat16`, which takes 1.7 times as much and is read more "
        "slowly; or auto: int8. From what its file says in float32, SmolLM2 is moved by a KL of 0.0010 nats with the one and 0.0008 with "
        "the other. PyTorch keeps them in the numbers that it computes with: with `int8` a model that it would have to compute is refused.",
    )
    max_context: int = _setting(0, "Longest prompt and answer together, in tokens; 0 takes the model's own limit.")
    step_tokens: int = _setting(512, "Tokens one engine step may compute: larger favours throughput, smaller the delay between tokens.")
    step_seconds: float = _setting(
        0.0,
        "Seconds that an engine step may take which reads a prompt: the longest pause between the tokens of answers, and what another's "
        "question waits for at most. 0 is twice as long as the answers alone take, and no bound where none is written. A step takes longer "
        "where the answers alone do, and reads 8 tokens at least.",
    )
    hang_seconds: float = _setting(
        300.0,
        "Seconds after which an engine step that does not end is taken to hang: the engine is restarted, and says what it was doing. "
        "Longer than the longest step that computes, also of a large model on a slow machine; 0 waits for ever.",
    )
    max_running: int = _setting(256, "Sequences computed together.")
    max_waiting: int = _setting(1024, "Sequences that may wait, and requests for vectors; beyond, who has an even share is answered 429.")
    tenant_weights: tuple[str, ...] = _setting(
        (),
        "Who gets more prompts read and answers written, or fewer, than an even share where several ask at once: "
        "`ws_1=2,ws_1/key_7=4,…`, a workspace beside other workspaces, or a person or a key within theirs, by the ids "
        "that metrics name; of all others it is 1.",
    )
    decode_steps: int = _setting(1, "Decode steps per runner call, where nothing in the batch needs Python in between.")
    prefix_cache: bool = _setting(True, "Keep computed prompts, for those that begin alike.")
    share_prefixes: bool = _setting(
        False,
        "Let all people and keys of a workspace find what was computed of each other's prompts, pictures, sounds and schemas: common "
        "instructions are computed once. Who shares can find out what others have asked, by how soon a first token comes.",
    )
    prefix_disk: float = _setting(
        1.0,
        "GiB of computed prompts and answers that are kept in `home/prefixes` for the time after a restart: keys and values, no text, but "
        "what the text was could be found out from them. The longest unused go first. 0 keeps none.",
    )
    speculation: bool = _setting(
        True,
        "Compute tokens that may follow together with the one before them, where that is faster: taken from a request's `prediction`, or "
        "from where the text has said the same before. The answer is the same, to the bit; a runner whose bits depend on what it computes "
        "together goes without.",
    )
    draft_model: str = _setting(
        "",
        "A smaller model with the same vocabulary, named as `model` is: it guesses what follows where the text itself says nothing of it, "
        "where that is faster. The native core computes both. Empty: none. Without `speculation` it is not loaded.",
    )
    max_adapters: int = _setting(16, "Most adapters in memory under a name.")
    max_adapter_rank: int = _setting(256, "Highest rank of an adapter: of rank 256 it computes an eighth of what a layer 4096 wide does.")
    adapter_memory: float = _setting(2.0, "GiB that all adapters together may take, beside the weights and the cache.")
    # ── the API ──
    strict: bool = _setting(True, "Refuse unknown request fields as the public API does; false ignores them.")
    max_body_bytes: int = _setting(10 * 2**20, "Largest request body; a larger one is answered 413.")
    max_embeddings: int = _setting(2048, "Most texts of one request for embeddings; one more is answered 400.")
    max_images: int = _setting(8, "Most images of one chat request, each of at most 10 MiB; one more is answered 400.")
    max_audio_seconds: float = _setting(1800.0, "Longest sound of one request, all of its sounds together; more is answered 400.")
    upload_bytes_per_person: int = _setting(
        2 * 2**30,
        "Bytes of pictures and sounds that are kept for one person, and what their keys upload; an upload beyond is answered 409. 0 is no "
        "limit.",
    )
    requests_per_minute: int = _setting(0, "Requests a workspace may make in a minute; 0 is no limit.")
    tokens_per_minute: int = _setting(0, "Tokens a workspace may use in a minute, prompt and answer; 0 is no limit.")
    keep_alive_seconds: float = _setting(15.0, "A comment is sent on a silent stream this often, so that proxies keep it open.")
    stall_seconds: float = _setting(
        60.0, "Longest that a client may take nothing of its answer, or less than 256 bytes a second; then it counts as one that has left."
    )
    drain_seconds: float = _setting(30.0, "How long SIGTERM waits for running answers.")
    default_temperature: float = _setting(0.7, "Temperature where a request gives none. Where it is set, a model's own gives way to it.")
    default_max_tokens: int = _setting(
        0, "Most tokens of an answer without a limit; 0 fills the context. Where it is set, a model's own gives way."
    )
    # ── storage and logs ──
    database_url: str = _setting("", "SQLAlchemy address of the database; empty is SQLite in `home`.", secret=True)
    log_level: str = _setting("info", "debug, info, warning or error. On a terminal, info tells no requests.")
    log_format: str = _setting("auto", "json, text, or auto: text on a terminal.")
    metrics_tenants: int = _setting(
        100,
        "People and keys that /metrics tells apart, the first to come; the others are `other` together. Each takes some 60 series for "
        "every model. 0: none, and all are `all`.",
    )
    otlp_endpoint: str = _setting(
        "",
        "Where traces are sent, by OTLP over HTTP: `http://127.0.0.1:4318`, to which /v1/traces is added, or an address with a path. Needs "
        "`alize[otlp]`. Nothing is sent anywhere else; empty: nothing at all.",
    )
    log_prompts: bool = _setting(False, "Write prompts and answers to the log. Off: no text of a user is ever logged.")
    origins: Mapping[str, str] = field(default_factory=dict[str, str], metadata={"internal": True})

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", self.home.expanduser().absolute())
        _check(self)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: Any) -> "Settings":
        """Collect the settings. `given` are command-line values; None means not given.

        Raises SettingInvalid naming the setting, where its value came from and what it may be.
        """
        environ = os.environ if environ is None else environ
        home = Path(given["home"] or "") if given.get("home") else home_folder(environ)
        values: dict[str, Any] = {"home": home}
        origins = {"home": "command line" if given.get("home") else "environment" if "ALIZE_HOME" in environ else "default"}
        types = get_type_hints(cls)
        for origin, source in (
            (str(home.expanduser() / "settings.toml"), _read_file(home.expanduser() / "settings.toml")),
            ("environment", {f.name: environ[environment_name(f.name)] for f in settings_fields() if environment_name(f.name) in environ}),
            ("command line", {name: value for name, value in given.items() if value is not None}),
        ):
            for name, value in source.items():
                if name == "home":
                    if origin not in ("environment", "command line"):
                        raise SettingInvalid(f"home cannot be set in {origin}: that file lies in it.", remedy="Use ALIZE_HOME or --home.")
                    continue
                if name not in types or name == "origins":
                    raise SettingInvalid(f"Unknown setting '{name}' ({origin}).", remedy="docs/reference/settings.md lists them all.")
                values[name] = _convert(name, value, types[name], origin)
                origins[name] = origin
        return cls(**values, origins=origins)

    def describe(self) -> Iterator[tuple[str, str, str]]:
        """(name, value, where it came from) of every setting that is not at its default. Secrets are not shown."""
        for f in settings_fields():
            origin = self.origins.get(f.name, "default")
            if origin != "default":
                value = getattr(self, f.name)
                yield f.name, "…" if f.metadata["secret"] else str(value), origin

    def came(self, name: str) -> str:
        """Where a value came from, for a message to end with: ` (environment: ALIZE_PORT)`; nothing for a default."""
        origin = self.origins.get(name, "default")
        return "" if origin == "default" else f" ({origin}: {environment_name(name)})" if origin == "environment" else f" ({origin})"

    def temperature(self, card: float | None, *, another: bool = False) -> float:
        """The temperature of a request that gives none. `card`: the model's own, which gives way to what somebody set on purpose.

        `another`: the answer is to stand beside one that was drawn the same way. At 0 it would be the same again, so a model whose own
        is 0 gives way to the default.
        """
        chosen = self._chosen("default_temperature")
        return self.default_temperature if card is None or chosen or (another and card == 0) else card

    def max_tokens(self, card: int) -> int:
        """The longest answer where a request gives no limit, 0 for what the context leaves: a model's own, unless the setting is set."""
        return self.default_max_tokens if self._chosen("default_max_tokens") else card or self.default_max_tokens

    def _chosen(self, name: str) -> bool:
        return self.origins.get(name, "default") != "default"

    def adapter_paths(self) -> dict[str, str]:
        """`adapters` as {name: absolute path}."""
        pairs = (tuple(part.strip() for part in pair.split("=", 1)) for pair in self.adapters)
        return {name: str(Path(path).expanduser().absolute()) for name, path in cast("Iterable[tuple[str, str]]", pairs)}

    def aliases(self) -> dict[str, str]:
        """`model_aliases` as {alias: model}."""
        return dict(cast(tuple[str, str], tuple(part.strip() for part in pair.split("=", 1))) for pair in self.model_aliases)

    def weights_of_tenants(self) -> dict[str, float]:
        """`tenant_weights` as {tenant: weight}."""
        return {name.strip(): float(weight) for name, _, weight in (pair.partition("=") for pair in self.tenant_weights)}


def is_adapter_name(name: str) -> bool:
    """Whether an adapter may be called so."""
    return _ADAPTER.fullmatch(name) is not None


def settings_fields() -> list[Field[Any]]:
    """The fields that are settings, in the order of the class."""
    return [f for f in fields(Settings) if not f.metadata.get("internal")]


def environment_name(setting: str) -> str:
    """
    >>> environment_name("max_running")
    'ALIZE_MAX_RUNNING'
    """
    return f"ALIZE_{setting.upper()}"


def home_folder(environ: Mapping[str, str]) -> Path:
    """The state folder where no command line names one."""
    return Path(environ.get("ALIZE_HOME") or "~/.alize")


def default_of(f: Field[Any]) -> Any:
    """The default of a setting, for the reference page."""
    return f.default if f.default is not MISSING else None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingInvalid(f"{path} is not valid TOML: {error}.") from error
    except OSError as error:
        raise SettingInvalid(f"{path} cannot be read: {error.strerror}.") from error


def _convert(name: str, value: Any, kind: Any, origin: str) -> Any:
    try:
        if kind is bool:
            return value if isinstance(value, bool) else _BOOLEANS[str(value).strip().lower()]
        if kind is int and isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
        if kind is float and not isinstance(value, bool):
            return float(value)
        if kind is str and isinstance(value, str):
            return value
        if kind == tuple[str, ...]:
            parts = cast("list[object]", value.split(",") if isinstance(value, str) else list(cast("Iterable[object]", value)))
            return tuple(str(part).strip() for part in parts if str(part).strip())
    except (ValueError, KeyError, TypeError):
        pass
    shown = "…" if any(f.name == name and f.metadata["secret"] for f in settings_fields()) else repr(value)
    raise SettingInvalid(f"{name} = {shown} ({origin}) is not {_EXPECTED.get(str(kind), 'usable')}.", param=name)


_EXPECTED = {
    str(bool): "true or false",
    str(int): "a whole number",
    str(float): "a number",
    str(str): "text",
    str(tuple[str, ...]): "a list separated by commas",
}
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}

_HOST = re.compile(r"(\*\.)?([a-z0-9_-]+\.)+[a-z][a-z0-9-]*", re.IGNORECASE)
_TENANT = re.compile(r"ws_[^\s/=]+(/[^\s/=]+)?")  # as tenant_of in storage/ids.py writes it
_ADAPTER = re.compile(r"[\w.:/-]{1,200}", re.ASCII)
_CHOICES = {
    "runner": ("auto", "native", "torch"),
    "dtype": ("auto", "float32", "bfloat16", "float64"),
    "weights_in_memory": ("auto", "stored", "expanded"),
    "cache_dtype": ("auto", "bfloat16", "int8"),
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("auto", "json", "text"),
}

_WEIGHTS = (0.01, 100.0)
_BOUNDS: dict[str, tuple[float, float]] = {
    "port": (0, 65535),
    "threads": (0, 4096),
    "memory": (0, 1e6),
    "idle_seconds": (0, 1e7),
    "model_wait_seconds": (0.1, 86400),
    "model_wait_requests": (0, 1 << 20),
    "cache_memory": (0, 1e6),
    "prefix_disk": (0, 1e6),
    "upstream_context": (256, 1e9),
    "upstream_timeout": (1, 3600),
    "max_context": (0, 1e9),
    "step_tokens": (16, 1 << 20),
    "step_seconds": (0, 3600),
    "hang_seconds": (0, 86400),
    "max_running": (1, 1 << 16),
    "max_waiting": (0, 1 << 20),
    "decode_steps": (1, 64),
    "max_adapters": (0, 1 << 12),
    "max_adapter_rank": (1, 1 << 16),
    "adapter_memory": (0, 1e6),
    "max_body_bytes": (1024, 1 << 40),
    "max_embeddings": (1, 1 << 20),
    "max_images": (0, 1000),
    "max_audio_seconds": (0, 86400),
    "upload_bytes_per_person": (0, 1 << 50),
    "requests_per_minute": (0, 1e9),
    "tokens_per_minute": (0, 1e12),
    "keep_alive_seconds": (0.1, 3600),
    "stall_seconds": (0.1, 86400),
    "drain_seconds": (0, 3600),
    "metrics_tenants": (0, 1000),
    "default_temperature": (0, 1.5),
    "default_max_tokens": (0, 1e9),
}


def _check(settings: Settings) -> None:
    for name, choices in _CHOICES.items():
        value: Any = getattr(settings, name)
        if value not in choices:
            raise SettingInvalid(f"{name} = {value!r}{settings.came(name)} is not one of {', '.join(choices)}.", param=name)
    for name, (low, high) in _BOUNDS.items():
        value = getattr(settings, name)
        if not low <= value <= high:  # also catches NaN
            raise SettingInvalid(f"{name} = {value}{settings.came(name)} is not between {low:.15g} and {high:.15g}.", param=name)
    for pair in settings.model_aliases:
        if not all(part.strip() for part in pair.partition("=")):
            raise SettingInvalid(f"model_aliases: '{pair}' is not written alias=model.", param="model_aliases")
    _check_weights(settings)
    _check_adapters(settings)
    for host in settings.outside_hosts:
        if host != "*" and not _HOST.fullmatch(host):
            raise SettingInvalid(
                f"outside_hosts: '{host}' is neither a host's full name nor *.NAME.",
                param="outside_hosts",
                remedy="Write no scheme, port, path or IP address: upload.example.org",
            )
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise SettingInvalid("tls_certificate and tls_key are needed together.", param="tls_key")
    if settings.root_path and (not settings.root_path.startswith("/") or settings.root_path.endswith("/")):
        raise SettingInvalid(f"root_path = {settings.root_path!r} must begin with / and not end with one.", param="root_path")
    if settings.api_key and len(settings.api_key) < 16:
        raise SettingInvalid(f"api_key{settings.came('api_key')} is shorter than 16 characters: anyone could guess it.", param="api_key")
    if not settings.auth and settings.host not in ("127.0.0.1", "::1", "localhost"):
        raise SettingInvalid(
            f"auth = false is allowed on loopback only, not on {settings.host}.", param="auth", remedy="Use API keys there."
        )


def _check_weights(settings: Settings) -> None:
    low, high = _WEIGHTS
    names = list[str]()
    for pair in settings.tenant_weights:
        name, _, weight = (part.strip() for part in pair.partition("="))
        try:
            right = _TENANT.fullmatch(name) is not None and low <= float(weight) <= high
        except ValueError:
            right = False
        if not right:
            raise SettingInvalid(
                f"tenant_weights: '{pair}' is not written TENANT=WEIGHT, with a weight between {low:g} and {high:g}.",
                param="tenant_weights",
                remedy="Write ws_1=2 for a workspace, ws_1/key_7=4 for a key of it.",
            )
        names.append(name)
    _check_once("tenant_weights", names)


def _check_adapters(settings: Settings) -> None:
    names = list[str]()
    for pair in settings.adapters:
        name, equals, path = (part.strip() for part in pair.partition("="))
        if not (name and equals and path) or not _ADAPTER.fullmatch(name):
            raise SettingInvalid(
                f"adapters: '{pair}' is not written NAME=PATH.",
                param="adapters",
                remedy="Write law=adapters/law, say. A name is of letters, digits and . _ : / -, at most 200 of them.",
            )
        names.append(name)
    _check_once("adapters", names)


def _check_once(setting: str, names: list[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise SettingInvalid(f"{setting}: '{name}' is there twice.", param=setting)
