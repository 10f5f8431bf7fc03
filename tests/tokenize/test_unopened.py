"""What reads sounds is loaded with the first sound, not with the tokenizer of a model that may never hear one."""

import subprocess
import sys
import textwrap

import pytest
import soundfile

from alize.tokenize.unopened import FORMATS


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


LOAD = """
    import sys
    from pathlib import Path
    from alize.errors import AlizeError
    from alize.tokenize import load_tokenizer
    from alize.weights.checkpoints.base import TokenizerFiles
    try:
        load_tokenizer(TokenizerFiles(files={"tekken.json": Path("there-is-none")}))
    except (AlizeError, OSError):
        pass
    assert "mistral_common.tokens.tokenizers.audio" in sys.modules
"""


def test_mistrals_tokenizers_come_without_libsndfile() -> None:
    assert run(LOAD + "    print([name for name in ('soundfile', '_soundfile') if name in sys.modules])").strip() == "[]"


def test_whoever_needs_sounds_then_has_them_also_mistral_common_itself() -> None:
    use = """
    import io
    from mistral_common.protocol.instruct import chunk
    from mistral_common.tokens.tokenizers import audio
    import soundfile
    file = io.BytesIO()
    soundfile.write(file, [0.0] * 160, 16000, format="WAV")
    assert audio.Audio.from_bytes(file.getvalue()).duration == 0.01
    assert chunk.sf.info(io.BytesIO(file.getvalue())).frames == 160
    assert chunk.sf.SoundFile is soundfile.SoundFile
    print("heard")
    """
    assert run(LOAD + use).strip() == "heard"


def test_the_formats_are_those_of_the_library() -> None:
    assert sorted(FORMATS) == sorted(soundfile.available_formats())


@pytest.mark.parametrize("before", ["import soundfile", "sys.modules['soundfile'] = None"])
def test_a_library_that_is_there_already_or_not_at_all_is_left_as_it_is(before: str) -> None:
    code = f"""
    import sys
    {before}
    there = sys.modules["soundfile"]
    from alize.tokenize.unopened import soundfile_unopened
    with soundfile_unopened():
        assert sys.modules["soundfile"] is there
    assert sys.modules["soundfile"] is there
    print("left")
    """
    assert run(code).strip() == "left"
