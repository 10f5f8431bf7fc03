"""The GGUF reader believes nothing: what lies is refused by name, at once, and without the memory that the lie asks for."""

import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.gguf_file import MAX_ELEMENTS, MAX_HEADER, MAX_STRING, read_gguf
from tests.weights.checkpoints.tiny_gguf import ARRAY, BOOL, CODES, FLOAT32, STRING, UINT8, UINT32, UINT64, Gguf, entry, llama, text

F32, F16, Q4_0 = 0, 1, 2
HUGE = 2**63


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a file and returns its path."""

    def written(content: Gguf | bytes) -> Path:
        path = tmp_path / "model.gguf"
        path.write_bytes(content.bytes() if isinstance(content, Gguf) else content)
        return path

    return written


def test_every_kind_of_metadata_comes_back(write: Callable[..., Path]) -> None:
    entries = [entry(f"number.{kind}", kind, 7) for kind in CODES if kind != BOOL]
    entries += [
        entry("yes", BOOL, 1),
        entry("word", STRING, "hé"),
        entry("words", ARRAY, (STRING, ["a", "", "ç"])),
        entry("flags", ARRAY, (BOOL, [1, 0])),
        entry("floats", ARRAY, (FLOAT32, [0.5, -2.0])),
        entry("empty", ARRAY, (UINT8, [])),
        entry("nested", ARRAY, (ARRAY, [(UINT32, [1, 2]), (UINT32, [])])),
    ]
    for version in (2, 3):
        metadata = read_gguf(write(Gguf(version=version, entries=entries))).metadata
        assert all(metadata[f"number.{kind}"] == 7 for kind in CODES if kind != BOOL)
        assert (metadata["yes"], metadata["word"], metadata["words"]) == (True, "hé", ["a", "", "ç"])
        assert (metadata["flags"], metadata["floats"], metadata["empty"]) == ([True, False], [0.5, -2.0], [])
        assert metadata["nested"] == [[1, 2], []]


def test_what_the_package_of_the_format_writes_is_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(6, 64)).astype(np.float32)
    writer = gguf.GGUFWriter(tmp_path / "model.gguf", "llama")
    writer.add_custom_alignment(64)
    writer.add_string("general.name", "tiny")
    writer.add_array("tokenizer.ggml.tokens", ["<s>", "a", "b"])
    writer.add_array("tokenizer.ggml.scores", [0.0, -1.5, 2.0])
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    writer.add_tensor("plain", values)
    writer.add_tensor("half", values.astype(np.float16))
    writer.add_tensor("small", gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q4_1), raw_dtype=gguf.GGMLQuantizationType.Q4_1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    file = read_gguf(tmp_path / "model.gguf")
    assert file.metadata["tokenizer.ggml.tokens"] == ["<s>", "a", "b"]
    assert file.metadata["tokenizer.ggml.scores"] == [0.0, -1.5, 2.0]
    assert file.metadata["tokenizer.ggml.add_bos_token"] is False
    assert {name: (tensor.kind, tensor.shape) for name, tensor in file.tensors.items()} == {
        "plain": ("F32", (6, 64)),
        "half": ("F16", (6, 64)),
        "small": ("Q4_1", (6, 64)),
    }
    assert file.tensors["plain"].data.tobytes() == values.tobytes()


def test_tensors_are_views_of_the_mapped_file(write: Callable[..., Path]) -> None:
    data = read_gguf(write(llama())).tensors["token_embd.weight"].data
    assert not data.flags.owndata
    assert not data.flags.writeable


LIES: dict[str, tuple[Gguf | bytes, str]] = {
    "nothing": (b"", "is empty"),
    "another kind of file": (b"PK\x03\x04" + bytes(40), "no GGUF file"),
    "three bytes": (b"GGU", "takes 4 bytes"),
    "a header cut off": (b"GGUF\x03\0\0\0", "takes 16 bytes"),
    "the other byte order": (Gguf(version=int.from_bytes(b"\x03\0\0\0", "big")), "big-endian"),
    "the first version": (Gguf(version=1), "version 1"),
    "a later version": (Gguf(version=4), "version 4"),
    "more entries than bytes": (Gguf(claims=(0, HUGE)), f"{HUGE} entries"),
    "more tensors than bytes": (Gguf(claims=(HUGE, 0)), f"{HUGE} tensors"),
    "a key longer than the file": (Gguf(entries=[struct.pack("<Q", HUGE) + bytes(40)]), "the key of entry 0"),
    "a key of a kilobyte": (Gguf(entries=[entry("k" * 2000, UINT8, 1)]), "the key of entry 0"),
    "a text longer than the file": (Gguf(entries=[text("k") + struct.pack("<IQ", STRING, 2**23) + bytes(40)]), "'k' takes"),
    "a text of exabytes": (Gguf(entries=[text("k") + struct.pack("<IQ", STRING, HUGE) + bytes(40)]), "'k' claims"),
    "a text that is no UTF-8": (Gguf(entries=[entry("k", STRING, b"\xff\xfe")]), "'k' is not valid UTF-8"),
    "a word that is no UTF-8": (Gguf(entries=[entry("k", ARRAY, (STRING, [b"ok", b"\xff"]))]), "'k': text 1"),
    "a word longer than the file": (Gguf(entries=[text("k") + struct.pack("<IIQ3Q", ARRAY, STRING, 2, 0, HUGE, 0)]), "text 1 of 2"),
    "an array longer than the file": (Gguf(entries=[text("k") + struct.pack("<IIQ", ARRAY, UINT64, HUGE) + bytes(40)]), f"{HUGE} values"),
    "an entry of an unknown kind": (Gguf(entries=[text("k") + struct.pack("<I", 13) + bytes(40)]), "unknown kind 13"),
    "an array of an unknown kind": (Gguf(entries=[text("k") + struct.pack("<IIQ", ARRAY, 99, 1) + bytes(40)]), "unknown kind 99"),
    "a truth value of 2": (Gguf(entries=[entry("k", BOOL, 2)]), "neither 0 nor 1"),
    "the same key twice": (Gguf(entries=[entry("k", UINT8, 1)] * 2), "'k' is there twice"),
    "arrays within arrays": (
        Gguf(entries=[text("k") + struct.pack("<I", ARRAY) + struct.pack("<IQ", ARRAY, 1) * 5000]),
        "arrays within arrays",
    ),
    "arrays without anything in them": (
        Gguf(entries=[text("k") + struct.pack("<IIQ", ARRAY, ARRAY, 70_000) + struct.pack("<IQ", UINT8, 0) * 70_000]),
        "'k' brings the values",
    ),
    "a key that moves the cursor": (Gguf(entries=[entry("\x1b[2J", UINT8, 1)] * 2), "'\\x1b[2J' is there twice"),
    "an alignment of 0": (llama({"general.alignment": (UINT32, 0)}), "general.alignment is 0"),
    "an alignment of 48": (llama({"general.alignment": (UINT32, 48)}), "general.alignment is 48"),
    "an alignment of a gigabyte": (llama({"general.alignment": (UINT32, 2**30)}), "general.alignment"),
    "an alignment that is a word": (llama({"general.alignment": (STRING, "32")}), "general.alignment is '32'"),
    "a tensor past the end": (llama(data=bytes(156)), "takes bytes"),
    "a tensor far past the end": (llama(tensors=[("token_embd.weight", (8, 5), F32, 2**62)]), "takes bytes"),
    "a shape larger than memory": (llama(tensors=[("token_embd.weight", (2**40, 2**40), F32, 0)]), "takes bytes"),
    "a shape that overflows to nothing": (llama(tensors=[("token_embd.weight", (2**32, 2**32), F32, 0)]), "takes bytes"),
    "a dimension of 0": (llama(tensors=[("token_embd.weight", (8, 0), F32, 0)]), "cannot be stored"),
    "no dimension": (llama(tensors=[("token_embd.weight", (), F32, 0)]), "0 dimensions"),
    "a thousand dimensions": (llama(tensors=[("token_embd.weight", (1,) * 1000, F32, 0)]), "1000 dimensions"),
    "half a block in a row": (llama(tensors=[("token_embd.weight", (48, 1), Q4_0, 0)]), "cannot be stored as Q4_0"),
    "a crooked offset": (llama(tensors=[("token_embd.weight", (4, 2), F32, 8)]), "no multiple of 32"),
    "the same tensor twice": (llama(tensors=[("a", (8,), F32, 0), ("a", (8,), F32, 32)]), "'a' is there twice"),
    "a tensor over another": (llama(tensors=[("a", (16,), F32, 0), ("b", (8,), F32, 32)]), "'a' and 'b' overlap"),
    "a kind that is not decoded": (llama(tensors=[("a", (32,), 20, 0)]), "stored as IQ4_NL"),
    "a kind that does not exist": (llama(tensors=[("a", (32,), 777, 0)]), "stored as number 777"),
    "a name that is no UTF-8": (Gguf(claims=(1, 0), data=struct.pack("<Q", 1) + b"\xff" + bytes(60), alignment=1), "the name of tensor 0"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_file_is_refused_by_name_without_the_memory_it_asks_for(lie: str, write: Callable[..., Path]) -> None:
    content, says = LIES[lie]
    path = write(content)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointInvalid) as refused:
            read_gguf(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(path) in refused.value.message
    assert says in refused.value.message
    assert refused.value.remedy
    assert len(refused.value.text) < 2000
    assert peak < 2**20


def test_more_values_than_any_vocabulary_has_are_refused_before_they_are_read(write: Callable[..., Path]) -> None:
    half = text("k") + struct.pack("<IIQ", ARRAY, UINT8, MAX_ELEMENTS // 2) + bytes(MAX_ELEMENTS // 2)
    more = text("l") + struct.pack("<IIQ", ARRAY, UINT8, MAX_ELEMENTS) + bytes(MAX_ELEMENTS)
    with pytest.raises(CheckpointInvalid, match="'l' brings the values"):
        read_gguf(write(Gguf(entries=[half, more])))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (Gguf(entries=[text("k") + struct.pack("<IIQQ", ARRAY, STRING, 1, 2**31)]), "'k': text 0 of 1"),
        (Gguf(claims=(0, 2**16 + 1)), "65537 entries, more than"),
        (Gguf(claims=(2**16 + 1, 0)), "65537 tensors .* more than"),
    ],
)
def test_a_large_file_full_of_nothing_is_refused_without_the_memory_it_asks_for(
    content: Gguf, says: str, write: Callable[..., Path]
) -> None:
    path = write(content)
    os.truncate(path, 2**33)  # sparse: it takes no room on the disk
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointInvalid, match=says):
            read_gguf(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**25


def test_entries_larger_than_any_models_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path, count = tmp_path / "model.gguf", MAX_HEADER // MAX_STRING
    with path.open("wb") as file:
        file.write(Gguf(claims=(0, count)).bytes()[:24])
        for number in range(count):
            file.write(text(f"k{number}") + struct.pack("<IQ", STRING, MAX_STRING))
            file.seek(MAX_STRING, os.SEEK_CUR)  # a hole: it takes no room on the disk
        file.truncate()
    with pytest.raises(CheckpointInvalid, match=rf"the {MAX_HEADER} bytes that all entries may take end"):
        read_gguf(path)


def test_a_file_cut_anywhere_is_refused(write: Callable[..., Path]) -> None:
    whole = llama({"tokenizer.ggml.tokens": (ARRAY, (STRING, ["a", "b"]))}).bytes()
    for length in range(0, len(whole), 3):
        with pytest.raises(CheckpointInvalid):
            read_gguf(write(whole[:length]))
    assert read_gguf(write(whole)).tensors


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(data=st.data())
def test_changed_bytes_give_a_file_or_a_refusal_and_nothing_else(data: st.DataObject, write: Callable[..., Path]) -> None:
    whole = bytearray(llama({"tokenizer.ggml.tokens": (ARRAY, (STRING, ["a", "b"])), "flags": (ARRAY, (BOOL, [1, 0]))}).bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + 1] = data.draw(st.binary(max_size=9))
    try:
        file = read_gguf(write(bytes(whole)))
    except CheckpointInvalid:
        return
    assert all(tensor.data.nbytes <= len(whole) for tensor in file.tensors.values())


def test_a_missing_file_a_folder_and_a_pipe_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid, match=r"There is no file .*absent\.gguf"):
        read_gguf(tmp_path / "absent.gguf")
    os.mkfifo(tmp_path / "pipe.gguf")
    for path in (tmp_path, tmp_path / "pipe.gguf"):
        with pytest.raises(CheckpointInvalid, match="cannot be read: it is not a file"):
            read_gguf(path)
