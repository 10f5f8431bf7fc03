"""Pulls from a hub: whole or not at all, never twice, and taken up where they broke."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from alize.errors import CheckpointInvalid, DownloadFailed, Missing
from alize.weights import download
from alize.weights.checkpoints import open_checkpoint
from alize.weights.manifest import incoming, read_manifest
from alize.weights.pull import located, pull, verify
from tests.weights.checkpoints.tiny_gguf import llama
from tests.weights.checkpoints.tiny_mmproj import EYE, EYE_TENSORS, mmproj, write
from tests.weights.hub_server import COMMIT, Hub, serving

NAME = "owner/tiny"
ROWS = 50_000
GGUF = llama(tensors=[("token_embd.weight", (8, ROWS), 0, 0)], data=np.arange(8 * ROWS, dtype="<f4").tobytes()).bytes()  # 1.6 MB
PARAMS = {"dim": 8, "n_layers": 1, "n_heads": 2, "n_kv_heads": 1, "head_dim": 4, "hidden_dim": 16, "vocab_size": 5, "norm_eps": 1e-5}


def consolidated() -> dict[str, bytes]:
    table = np.arange(40, dtype="f4").reshape(5, 8)
    return {
        "README.md": b"# tiny",
        ".gitattributes": b"*.safetensors filter=lfs",
        "params.json": json.dumps(PARAMS).encode(),
        "tekken.json": b"{}",
        "consolidated-00001-of-00002.safetensors": save({"tok_embeddings.weight": table}),
        "consolidated-00002-of-00002.safetensors": save({"output.weight": table, "norm.weight": table[0]}),
        "config.json": b'{"model_type": "mistral"}',
        "model.safetensors": b"the same weights again, which nobody needs",
    }


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one large GGUF file. No token of the machine's own goes there, and retries wait for nothing."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(download, "FIRST_PAUSE", 0.0)
    with serving(Hub(files={"model.gguf": GGUF, "README.md": b"# tiny"}, large=frozenset({"model.gguf"}))) as server:
        yield server


def whole(path: Path) -> None:
    assert path.read_bytes() == GGUF
    assert open_checkpoint(path).array("tok_embeddings.weight")[-1, -1] == 8 * ROWS - 1


def test_a_file_is_fetched_checked_and_recorded(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    path = pull(NAME, tmp_path, endpoint=hub.url, progress=lambda *report: seen.append(report))
    whole(path)
    assert path == tmp_path / "models" / "owner--tiny" / "model.gguf"
    assert seen[-1] == (len(GGUF), len(GGUF), NAME)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    manifest = read_manifest(tmp_path, NAME)
    assert manifest is not None
    assert (manifest.source, manifest.revision, manifest.sha256) == ("hub:owner/tiny", COMMIT, hashlib.sha256(GGUF).hexdigest())
    assert not incoming(tmp_path, NAME).exists()
    card, where = located(NAME, tmp_path, {})
    assert (card.id, card.sha256, card.context, where) == (NAME, manifest.sha256, 64, path)
    verify(tmp_path, NAME)


@pytest.mark.parametrize("name", [NAME, "owner/no-such"])
def test_a_pull_that_brought_nothing_leaves_nothing(hub: Hub, tmp_path: Path, name: str) -> None:
    with pytest.raises(DownloadFailed):
        pull(name, tmp_path, endpoint="http://127.0.0.1:9" if name == NAME else hub.url)
    assert list(incoming(tmp_path, name).parent.iterdir()) == []


def test_what_is_here_is_not_asked_for_again(hub: Hub, tmp_path: Path) -> None:
    path = pull(NAME, tmp_path, endpoint=hub.url)
    before = len(hub.asked)
    assert pull(NAME, tmp_path, endpoint=hub.url) == path
    assert pull(NAME, tmp_path, endpoint="http://127.0.0.1:9", offline=True) == path
    assert len(hub.asked) == before


def test_only_the_files_that_make_the_model_are_fetched(hub: Hub, tmp_path: Path) -> None:
    hub.files, hub.large = consolidated(), frozenset(name for name in consolidated() if name.endswith(".safetensors"))
    path = pull(NAME, tmp_path, endpoint=hub.url)
    assert {file.name for file in path.iterdir()} == {
        "manifest.json",
        "params.json",
        "tekken.json",
        "consolidated-00001-of-00002.safetensors",
        "consolidated-00002-of-00002.safetensors",
    }
    assert set(open_checkpoint(path)) == {"tok_embeddings.weight", "output.weight", "norm.weight"}
    card, _ = located(NAME, tmp_path, {})
    lines = "".join(f"{hashlib.sha256(hub.files[name]).hexdigest()}  {name}\n" for name in sorted(hub.large - {"model.safetensors"}))
    assert card.sha256 == hashlib.sha256(lines.encode()).hexdigest()


def test_one_of_several_files_and_a_revision_can_be_chosen(hub: Hub, tmp_path: Path) -> None:
    hub.files = {"q4/a b.gguf": GGUF, "c.gguf": GGUF}
    hub.large = frozenset(hub.files)
    with pytest.raises(CheckpointInvalid, match=r"several models: c\.gguf, q4/a b\.gguf"):
        pull(NAME, tmp_path, endpoint=hub.url)
    path = pull(f"{NAME}@v1/x:q4/a b.gguf", tmp_path, endpoint=hub.url)
    whole(path)
    assert path.parts[-2:] == ("q4", "a b.gguf")
    assert "/api/models/owner/tiny/revision/v1/x" in [asked.path for asked in hub.asked]
    assert located(f"{NAME}@v1/x:q4/a b.gguf", tmp_path, {})[1] == path


def test_what_a_model_sees_with_is_fetched_with_it_and_can_be_chosen_among_several(hub: Hub, tmp_path: Path) -> None:
    folder = write(tmp_path / "made", mmproj(EYE, EYE_TENSORS))
    model, projector = ((folder / name).read_bytes() for name in ("model.gguf", "mmproj.gguf"))
    hub.files = {"m-Q4_0.gguf": model, "mmproj-F16.gguf": projector, "mmproj-F32.gguf": projector}
    hub.large = frozenset(hub.files)
    with pytest.raises(CheckpointInvalid, match=r"with: mmproj-F16\.gguf, mmproj-F32\.gguf"):
        pull(NAME, tmp_path, endpoint=hub.url)
    chosen = f"{NAME}:m-Q4_0.gguf+mmproj-F32.gguf"
    path = pull(chosen, tmp_path, endpoint=hub.url)
    assert {file.name for file in path.parent.iterdir()} == {"manifest.json", "m-Q4_0.gguf", "mmproj-F32.gguf"}
    card, where = located(chosen, tmp_path, {})
    assert where == path
    assert "vision" in card.capabilities
    assert open_checkpoint(path).projector == path.with_name("mmproj-F32.gguf")
    lines = "".join(f"{hashlib.sha256(hub.files[name]).hexdigest()}  {name}\n" for name in ("m-Q4_0.gguf", "mmproj-F32.gguf"))
    assert card.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    verify(tmp_path, chosen)
    del hub.files["mmproj-F16.gguf"]
    assert pull(f"{NAME}@main:m-Q4_0.gguf", tmp_path, endpoint=hub.url).parent.joinpath("mmproj-F32.gguf").is_file()


def test_the_hub_of_these_tests_speaks_as_the_public_client_expects(hub: Hub) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    api = HfApi(endpoint=hub.url, token=False)
    info = api.model_info(NAME, revision="main", files_metadata=True)
    sizes = {file.rfilename: (file.size, file.blob_id, file.lfs and file.lfs.sha256) for file in info.siblings or []}
    assert info.sha == COMMIT
    assert sizes["model.gguf"] == (len(GGUF), hashlib.sha1(b"blob %d\0" % len(GGUF) + GGUF).hexdigest(), hashlib.sha256(GGUF).hexdigest())
    assert sizes["README.md"][2] is None
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("owner/absent", revision="main")
    hub.refuse = (403, "GatedRepo")
    with pytest.raises(GatedRepoError):
        api.model_info(NAME, revision="main")


# ── what goes wrong on the way ──


def test_a_connection_that_breaks_is_taken_up_where_it_broke(hub: Hub, tmp_path: Path) -> None:
    hub.cut = [600_000, 500_000]
    whole(pull(NAME, tmp_path, endpoint=hub.url))
    assert [asked.range for asked in hub.fetched()] == [None, "bytes=600000-", "bytes=1100000-"]


def test_a_connection_that_only_ever_breaks_is_given_up_and_the_next_pull_goes_on(hub: Hub, tmp_path: Path) -> None:
    hub.cut = [700_000] + [0] * 20
    with pytest.raises(DownloadFailed, match=rf"broke off after 700000 of {len(GGUF)} bytes") as failed:
        pull(NAME, tmp_path, endpoint=hub.url)
    assert "goes on from there" in str(failed.value.remedy)
    with pytest.raises(Missing):
        located(NAME, tmp_path, {})
    hub.cut.clear()
    hub.asked.clear()
    whole(pull(NAME, tmp_path, endpoint=hub.url))
    assert [asked.range for asked in hub.fetched()] == ["bytes=700000-"]


def test_answers_that_end_early_without_a_word_do_not_go_on_for_ever(hub: Hub, tmp_path: Path) -> None:
    hub.statuses = [200] * 20  # each an empty file
    with pytest.raises(DownloadFailed, match="broke off after 0 of"):
        pull(NAME, tmp_path, endpoint=hub.url)


def test_a_server_that_is_busy_for_a_while_is_asked_again(hub: Hub, tmp_path: Path) -> None:
    hub.statuses = [503, 429, 500]
    whole(pull(NAME, tmp_path, endpoint=hub.url))


@pytest.mark.parametrize("fault", ["no_ranges", "wrong_ranges"])
def test_a_server_that_cannot_go_on_gives_the_file_from_its_start(fault: str, hub: Hub, tmp_path: Path) -> None:
    hub.cut = [600_000]
    setattr(hub, fault, True)
    whole(pull(NAME, tmp_path, endpoint=hub.url))


def test_damage_on_the_way_is_noticed_and_fetched_again(hub: Hub, tmp_path: Path) -> None:
    hub.corrupt = 1
    whole(pull(NAME, tmp_path, endpoint=hub.url))
    assert [asked.range for asked in hub.fetched()] == [None, None]


@pytest.mark.parametrize("large", [True, False])
def test_damage_that_comes_twice_is_refused_and_nothing_is_kept(large: bool, hub: Hub, tmp_path: Path) -> None:
    hub.corrupt = 2
    hub.large = hub.large if large else frozenset()  # checked by SHA-256, or as git does
    with pytest.raises(DownloadFailed, match="checksum"):
        pull(NAME, tmp_path, endpoint=hub.url)
    assert not list(tmp_path.rglob("*.part"))
    assert not list(tmp_path.rglob("*.gguf"))
    whole(pull(NAME, tmp_path, endpoint=hub.url))


def test_a_checksum_that_is_another_files_is_refused(hub: Hub, tmp_path: Path) -> None:
    def lie(values: dict[str, Any]) -> dict[str, Any]:
        values["siblings"][0]["lfs"]["sha256"] = "0" * 64
        return values

    hub.listing = lie
    with pytest.raises(DownloadFailed, match="0" * 64):
        pull(NAME, tmp_path, endpoint=hub.url)


def test_a_file_longer_than_said_is_not_taken(hub: Hub, tmp_path: Path) -> None:
    def lie(values: dict[str, Any]) -> dict[str, Any]:
        values["siblings"][0]["lfs"]["size"] = 1000
        return values

    hub.listing = lie
    with pytest.raises(DownloadFailed, match="answered with something else"):
        pull(NAME, tmp_path, endpoint=hub.url)
    hub.no_length = True
    with pytest.raises(DownloadFailed, match="checksum"):
        pull(NAME, tmp_path, endpoint=hub.url)


def test_the_page_of_a_network_that_wants_a_login_is_not_taken_for_the_file(hub: Hub, tmp_path: Path) -> None:
    hub.cut, hub.pages = [600_000], [b"<html>Welcome</html>"] * 2
    whole(pull(NAME, tmp_path, endpoint=hub.url))
    assert [asked.range for asked in hub.fetched()] == [None, None, None, "bytes=600000-"]


def test_a_new_release_in_between_is_not_mixed_with_the_old_one(hub: Hub, tmp_path: Path) -> None:
    hub.files, hub.large = consolidated(), frozenset(name for name in consolidated() if name.endswith(".safetensors"))
    hub.statuses = [200, 404]  # an empty params.json, which is wrong; then nothing
    with pytest.raises(DownloadFailed):
        pull(NAME, tmp_path, endpoint=hub.url)
    hub.statuses.clear()
    newer = np.full((5, 8), 7, "f4")
    hub.files["consolidated-00001-of-00002.safetensors"] = save({"tok_embeddings.weight": newer})
    hub.commit = "f" * 40
    path = pull(NAME, tmp_path, endpoint=hub.url)
    assert np.array_equal(open_checkpoint(path).array("tok_embeddings.weight"), newer)
    manifest = read_manifest(tmp_path, NAME)
    assert manifest is not None
    assert manifest.revision == "f" * 40


def test_a_file_that_was_named_and_not_noted_is_checked_rather_than_fetched_again(hub: Hub, tmp_path: Path) -> None:
    hub.files, hub.large = consolidated(), frozenset(name for name in consolidated() if name.endswith(".safetensors"))
    hub.refuse_file = "consolidated-00002-of-00002.safetensors"
    with pytest.raises(DownloadFailed):
        pull(NAME, tmp_path, endpoint=hub.url)
    (incoming(tmp_path, NAME) / "whole.json").unlink()
    spoiled = incoming(tmp_path, NAME) / "files" / "tekken.json"
    spoiled.write_bytes(b"[]")  # of the right size
    hub.refuse_file = ""
    hub.asked.clear()
    pull(NAME, tmp_path, endpoint=hub.url)
    fetched = [asked.path.rpartition("/")[2] for asked in hub.asked if "/resolve/" in asked.path]
    assert fetched == ["tekken.json", "consolidated-00002-of-00002.safetensors"]
    verify(tmp_path, NAME)


# ── refusals ──


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (401, "GatedRepo", "is gated"),
        (403, "GatedRepo", "is gated"),
        (401, "RepoNotFound", "does not exist, or is private"),
        (404, "RepoNotFound", "does not exist, or is private"),
        (404, "RevisionNotFound", "no such revision"),
        (500, "", "answered 500"),
    ],
)
def test_a_refusal_of_the_hub_is_said_in_words(status: int, code: str, says: str, hub: Hub, tmp_path: Path) -> None:
    hub.refuse = (status, code)
    with pytest.raises(DownloadFailed, match=says) as failed:
        pull(NAME, tmp_path, endpoint=hub.url)
    assert NAME in failed.value.message
    assert failed.value.remedy


def test_a_repository_that_is_not_there_is_named(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"owner/absent.*does not exist"):
        pull("owner/absent", tmp_path, endpoint=hub.url)


def test_the_token_goes_to_the_hub_and_to_nobody_else(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    whole(pull(NAME, tmp_path, endpoint=hub.url))
    assert {asked.authorization for asked in hub.asked if asked.path.startswith("/blobs/")} == {None}
    assert {asked.authorization for asked in hub.asked if not asked.path.startswith("/blobs/")} == {"Bearer secret"}


@pytest.mark.parametrize("token", ["secret\n", " secret "])
def test_a_token_out_of_a_file_may_end_in_a_new_line(token: str, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    whole(pull(NAME, tmp_path, endpoint=hub.url))
    assert hub.asked[0].authorization == "Bearer secret"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HF_TOKEN", "secrét", "HF_TOKEN holds a character"),
        ("HF_TOKEN", "secret\r\nHost: elsewhere", "HF_TOKEN holds a character"),
        ("ALL_PROXY", "gopher://127.0.0.1:9", "as the environment says: Unknown scheme"),
        ("SSL_CERT_FILE", "/nowhere/at/all.pem", "as the environment says"),
    ],
)
def test_an_environment_that_cannot_be_used_is_said(
    name: str, value: str, says: str, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(DownloadFailed, match=says) as failed:
        pull(NAME, tmp_path, endpoint=hub.url)
    assert "secr" not in failed.value.text
    assert failed.value.remedy


@pytest.mark.parametrize(
    "endpoint",
    [f"http://{'a' * 70}.example", "http://a..b", "http://127.0.0.1:9", "nonsense", "http://", "ftp://127.0.0.1/", "http://[::1", ""],
)
def test_a_hub_that_cannot_be_reached_is_named_with_what_to_do(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=f"cannot be reached for {NAME}") as failed:
        pull(NAME, tmp_path, endpoint=endpoint)
    assert "hub_endpoint" in str(failed.value.remedy)


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b"{}", b'{"sha": "../..", "siblings": []}', b'{"sha": "' + b"a" * 40 + b'", "siblings": [1]}', b"[" * 100_000],
)
def test_an_answer_that_is_no_hubs_is_refused(answer: bytes, hub: Hub, tmp_path: Path) -> None:
    hub.listing = lambda values: answer
    with pytest.raises(DownloadFailed, match="did not answer as a hub does"):
        pull(NAME, tmp_path, endpoint=hub.url)


@pytest.mark.parametrize(
    "name", ["../../evil.gguf", "/etc/evil.gguf", "a/../../evil.gguf", "..\\evil.gguf", "c:evil.gguf", "\nevil.gguf", 7]
)
def test_a_file_name_that_leads_out_of_the_folder_is_never_taken_up(name: Any, hub: Hub, tmp_path: Path) -> None:
    def lie(values: dict[str, Any]) -> dict[str, Any]:
        values["siblings"][0]["rfilename"] = name
        return values

    hub.listing = lie
    with pytest.raises(CheckpointInvalid, match="holds no model"):
        pull(NAME, tmp_path / "home", endpoint=hub.url)
    assert not [path for path in tmp_path.rglob("*") if "evil" in path.name]


@pytest.mark.parametrize("size", [-1, 2**63, 10**400, True, "9", None])
def test_a_size_that_cannot_be_is_refused(size: Any, hub: Hub, tmp_path: Path) -> None:
    def lie(values: dict[str, Any]) -> dict[str, Any]:
        values["siblings"][0]["lfs"]["size"] = size
        return values

    hub.listing = lie
    with pytest.raises(DownloadFailed, match="gives no size or checksum"):
        pull(NAME, tmp_path, endpoint=hub.url)


def test_a_file_that_is_no_gguf_is_refused_before_it_is_fetched(hub: Hub, tmp_path: Path) -> None:
    hub.files["model.safetensors"] = bytes(1000)
    with pytest.raises(CheckpointInvalid, match=r"'model\.safetensors' is no GGUF file"):
        pull(f"{NAME}:model.safetensors", tmp_path, endpoint=hub.url)
    assert len(hub.asked) == 1


def test_a_file_without_a_checksum_is_not_trusted(hub: Hub, tmp_path: Path) -> None:
    def lie(values: dict[str, Any]) -> dict[str, Any]:
        del values["siblings"][0]["lfs"], values["siblings"][0]["blobId"]
        return values

    hub.listing = lie
    with pytest.raises(DownloadFailed, match=r"model\.gguf: the hub gives no size or checksum"):
        pull(NAME, tmp_path, endpoint=hub.url)


def test_an_architecture_that_cannot_be_run_is_refused_before_its_weights_are_fetched(hub: Hub, tmp_path: Path) -> None:
    hub.files = {"config.json": b'{"model_type": "gpt2"}', "model.safetensors": bytes(1000)}
    hub.large = frozenset({"model.safetensors"})
    with pytest.raises(CheckpointInvalid, match="gpt2"):
        pull(NAME, tmp_path, endpoint=hub.url)
    assert not [asked for asked in hub.asked if "model.safetensors" in asked.path]


def test_weights_that_do_not_open_stay_for_a_version_that_can_open_them(hub: Hub, tmp_path: Path) -> None:
    hub.files["model.gguf"] = llama({"general.architecture": (8, "later")}).bytes()
    for _ in range(2):
        with pytest.raises(CheckpointInvalid, match="'later'"):
            pull(NAME, tmp_path, endpoint=hub.url)
        with pytest.raises(Missing):
            located(NAME, tmp_path, {})
    assert len(hub.fetched()) == 1


# ── the machine ──


def test_more_than_the_disk_holds_is_refused_with_the_numbers_before_a_byte_is_fetched(hub: Hub, tmp_path: Path) -> None:
    def lie(values: dict[str, Any]) -> dict[str, Any]:
        values["siblings"][0]["lfs"]["size"] = 10**18
        return values

    hub.listing = lie
    with pytest.raises(DownloadFailed, match=r"needs 1000000000\.00 GB more .* GB are free"):
        pull(NAME, tmp_path, endpoint=hub.url)
    assert not hub.fetched()


PULL = (
    "import sys; from pathlib import Path; from alize.weights.pull import pull; pull(sys.argv[1], Path(sys.argv[2]), endpoint=sys.argv[3])"
)


def test_a_disk_that_fills_up_on_the_way_is_said_and_what_is_there_is_kept(hub: Hub, tmp_path: Path) -> None:
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    command = [sys.executable, "-c", PULL, NAME, str(tmp_path), hub.url]
    ended = subprocess.run(command, capture_output=True, text=True, preexec_fn=small_files_only)
    assert "DownloadFailed" in ended.stderr
    assert "cannot be written: File too large" in ended.stderr
    assert [path.stat().st_size for path in tmp_path.rglob("*.part")] == [1_000_000]
    hub.asked.clear()
    whole(pull(NAME, tmp_path, endpoint=hub.url))
    assert [asked.range for asked in hub.fetched()] == ["bytes=1000000-"]


def test_a_pull_that_is_killed_goes_on_with_only_the_rest(hub: Hub, tmp_path: Path) -> None:
    hub.hold = threading.Event()
    process = subprocess.Popen([sys.executable, "-c", PULL, NAME, str(tmp_path), hub.url], stderr=subprocess.PIPE)
    half, deadline = len(GGUF) // 2, time.monotonic() + 60
    while not any(path.stat().st_size >= half - 100_000 for path in tmp_path.rglob("*.part")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)  # until the bytes are there: the condition decides, not the time
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    hub.hold.set()
    with pytest.raises(Missing):
        located(NAME, tmp_path, {})
    (part,) = tmp_path.rglob("*.part")
    kept = part.stat().st_size
    hub.asked.clear()
    whole(pull(NAME, tmp_path, endpoint=hub.url))  # its lock fell open with it
    assert [asked.range for asked in hub.fetched()] == [f"bytes={kept}-"]


def test_pulls_of_one_model_at_once_fetch_it_once(hub: Hub, tmp_path: Path) -> None:
    hub.hold = threading.Event()
    waiting = threading.Barrier(4, timeout=60)  # three that wait, and this test
    paths: list[Path] = []

    def report(done: int, total: int, what: str) -> None:
        if "another pull" in what:
            waiting.wait()

    threads = [threading.Thread(target=lambda: paths.append(pull(NAME, tmp_path, endpoint=hub.url, progress=report))) for _ in range(4)]
    for thread in threads:
        thread.start()
    waiting.wait()
    hub.hold.set()
    for thread in threads:
        thread.join()
    assert len(paths) == 4
    assert len(set(paths)) == 1
    assert len(hub.fetched()) == 1
    whole(paths[0])
