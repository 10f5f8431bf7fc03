"""Families that hear against transformers: the same random weights hear the same, and say the same of it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402

from alize.errors import CheckpointInvalid  # noqa: E402
from alize.model.attend import PackedCausal  # noqa: E402
from alize.model.hearing import HearingTransformer  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.model.pieces import ROWS  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.model.families import HEARING, exact, reference, saved  # noqa: E402

AUDIO = 24
WHOLE = [name for name in HEARING if "Realtime" not in name]
STREAMS = [name for name in HEARING if "Realtime" in name]


def load(folder: Path, kind: Any) -> HearingTransformer:
    checkpoint = open_checkpoint(folder)
    model = load_model(checkpoint, kind)
    checkpoint.close()
    assert isinstance(model, HearingTransformer)
    return model


def drawn(columns: int, kind: Any, seed: int = 0) -> Any:
    return torch.tensor(np.random.default_rng(seed).standard_normal((8, columns)), dtype=kind)


@pytest.mark.parametrize("family", WHOLE)
@pytest.mark.parametrize("chunks", [1, 2, 3])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-8), ("float32", 1e-4)])
def test_sounds_and_text_give_what_transformers_gives(family: str, chunks: int, dtype: str, tolerance: float, tmp_path: Path) -> None:
    """Of one chunk, and of several: a sound of more than half a minute."""
    theirs, kind = reference(HEARING[family]), getattr(torch, dtype)
    ours = load(saved(theirs, tmp_path), kind)
    mels = [drawn(40 * chunks, kind), drawn(40, kind, 1)]
    piece = ours.hearing.piece
    tokens = torch.tensor([1, 5, 6, *[AUDIO] * piece * chunks, 40, 41, 42, *[AUDIO] * piece, 50])
    with torch.no_grad():
        heard = torch.cat([ours.hear(mel) for mel in mels])
        embeds = torch.nonzero(tokens == AUDIO)[:, 0], heard
        logits = ours.head(ours(tokens, torch.arange(len(tokens)), PackedCausal(ours.config, [len(tokens)]), embeds))
    with exact(theirs, kind):
        features = torch.stack([chunk for mel in mels for chunk in mel.split(40, dim=1)])
        rows = theirs.get_audio_features(features).pooler_output
        expected = theirs(tokens[None], input_features=features).logits[0]
    assert rows.std() > 0.1
    assert expected.std() > 0.5
    assert (heard - rows).abs().max() < tolerance
    assert (logits - expected).abs().max() < tolerance


def test_a_chunk_of_many_pieces_is_heard_as_transformers_hears_it(tmp_path: Path) -> None:
    rows = 2 * ROWS + 76
    theirs = reference(replace(HEARING["Voxtral"], ear={"max_source_positions": rows}))
    ours = load(saved(theirs, tmp_path), torch.float64)
    mel = drawn(2 * rows, torch.float64)
    with torch.no_grad():
        heard = ours.hear(mel)
    with exact(theirs, torch.float64):
        expected = theirs.get_audio_features(mel[None]).pooler_output
    assert expected.std() > 0.1
    assert (heard - expected).abs().max() < 1e-8


@pytest.mark.parametrize("family", STREAMS)
@pytest.mark.parametrize("tokens", [1, 3, 40])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-8), ("float32", 1e-4)])
def test_a_stream_gives_what_transformers_gives(family: str, tokens: int, dtype: str, tolerance: float, tmp_path: Path) -> None:
    """40 tokens are past both windows."""
    theirs, kind = reference(HEARING[family]), getattr(torch, dtype)
    ours = load(saved(theirs, tmp_path), kind)
    mel = drawn(8 * tokens, kind)
    words = torch.tensor(np.random.default_rng(2).integers(0, 97, tokens))
    with torch.no_grad():
        heard = ours.hear(mel)
        embeds = torch.arange(tokens), heard
        logits = ours.head(ours(words, torch.arange(tokens), PackedCausal(ours.config, [tokens]), embeds))
    with exact(theirs, kind):
        rows = theirs.get_audio_features(mel[None]).pooler_output[0]
        delay = theirs.config.default_num_delay_tokens
        expected = theirs(words[None], input_features=mel[None], num_delay_tokens=delay).logits[0]
    assert rows.std() > 0.1
    assert expected.std() > 0.5
    assert (heard - rows).abs().max() < tolerance
    assert (logits - expected).abs().max() < tolerance


def test_what_a_stream_has_heard_does_not_change_when_more_comes(tmp_path: Path) -> None:
    ours = load(saved(reference(HEARING["Voxtral Realtime"]), tmp_path), torch.float64)
    mel = drawn(160, torch.float64)
    with torch.no_grad():
        assert (ours.hear(mel)[:7] - ours.hear(mel[:, :56])).abs().max() < 1e-12


def test_the_delay_is_told_to_every_layer(tmp_path: Path) -> None:
    folder = saved(reference(HEARING["Voxtral Realtime"]), tmp_path)
    said = []
    for delay in (3, 8):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "default_num_delay_tokens": delay}))
        ours, words = load(folder, torch.float64), torch.arange(5)
        with torch.no_grad():
            said.append(ours.head(ours(words, words, PackedCausal(ours.config, [5]))))
    assert (said[0] - said[1]).abs().max() > 1e-3


# ── Mistral's own form ──

PARAMS = {"dim": 32, "n_layers": 3, "n_heads": 4, "n_kv_heads": 2, "head_dim": 8, "hidden_dim": 48, "vocab_size": 97}
SOUND = {"sampling_rate": 16000, "frame_rate": 12.5, "num_mel_bins": 8, "hop_length": 160, "window_size": 400}
EAR = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "vocab_size": 51866, "audio_encoding_args": SOUND}
STREAM = {
    **EAR,
    **{"head_dim": 12, "n_kv_heads": 2, "use_biases": True, "use_cache": False, "rope_theta": 1e6, "causal": True, "norm_eps": 1e-5},
    **{"pos_embed": "rope", "max_source_positions": None, "ffn_type": "swiglu", "norm_type": "rms_norm", "sliding_window": 9},
}
EYE = {
    **{"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2},
    **{"patch_size": 4, "image_size": 32},
}
NAMES = {
    "Voxtral": ("mm_whisper_embeddings.", ""),
    "Voxtral Realtime": ("mm_streams_embeddings.embedding_module.", ".conv"),
}


def consolidated(family: str, source: Path, folder: Path, encoder: dict[str, Any] | None = None, **params: Any) -> Path:
    """The weights of a folder as one of Mistral's own releases holds them."""
    outer, conv = NAMES[family]
    checkpoint = open_checkpoint(source)
    held: dict[str, Any] = {}
    for name in checkpoint:
        theirs = name.replace("audio_language_adapter.w_in", "audio_language_projection.0")
        theirs = theirs.replace("audio_language_adapter.w_out", "audio_language_projection.2")
        theirs = theirs.replace("conv_layers.0.", f"conv_layers.0{conv}.").replace("conv_layers.1.", f"conv_layers.1{conv}.")
        inside = theirs.startswith(("whisper_encoder", "audio_language", "tok_embeddings"))
        held[outer + theirs if inside else theirs] = torch.tensor(checkpoint.array(name))
    held.pop(f"{outer}whisper_encoder.embed_positions.weight", None)  # sines, which are computed
    checkpoint.close()
    folder.mkdir()
    save_file(held, folder / "consolidated.safetensors")
    streams = {
        "ada_rms_norm_t_cond": True,
        "ada_rms_norm_t_cond_dim": 32,
        "num_delay_tokens": 3,
        "tied_embeddings": True,
        "sliding_window": 7,
    }
    own = {"norm_eps": 1e-5, "rope_theta": 1e6, **streams} if conv else {"norm_eps": 1e-5, "rope_theta": 1e8}
    ear = {**(STREAM if conv else {**EAR, "max_source_positions": 20}), **(encoder or {})}
    several = {"whisper_model_args": {"encoder_args": ear, "downsample_args": {"downsample_factor": 4}}}
    (folder / "params.json").write_text(json.dumps({**PARAMS, **own, "multimodal": several, **params}))
    return folder


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Of Voxtral with the positions that every release has: sines."""
    from alize.model.audio import sines

    folders = {}
    for family in NAMES:
        theirs = reference(HEARING[family])
        if family == "Voxtral":
            theirs.model.audio_tower.embed_positions.weight.data = sines(20, 16)
        folders[family] = saved(theirs, tmp_path_factory.mktemp("release"))
    return folders


@pytest.mark.parametrize("family", NAMES)
def test_a_release_of_mistral_hears_what_the_same_weights_hear_elsewhere(family: str, released: dict[str, Path], tmp_path: Path) -> None:
    elsewhere = load(released[family], torch.float64)
    ours = load(consolidated(family, released[family], tmp_path / "own"), torch.float64)
    mel = drawn(80, torch.float64)
    tokens = torch.arange(ours.hear(mel).shape[0])
    with torch.no_grad():
        said = [
            model.head(model(tokens, tokens, PackedCausal(model.config, [len(tokens)]), (tokens, model.hear(mel))))
            for model in (ours, elsewhere)
        ]
    assert torch.equal(said[0], said[1])


def test_the_sines_are_those_of_whisper() -> None:
    from transformers.models.whisper.modeling_whisper import sinusoids

    from alize.model.audio import sines

    assert (sines(1500, 1280) - sinusoids(1500, 1280)).abs().max() < 1e-6


@pytest.mark.parametrize(
    ("family", "change", "named"),
    [
        ("Voxtral", {"dim": 0}, "dim"),
        ("Voxtral", {"dim": "wide"}, "dim"),
        ("Voxtral", {"n_heads": 3}, "heads"),
        ("Voxtral", {"n_heads": 0}, "heads"),
        ("Voxtral", {"n_layers": 2**40}, "layers"),
        ("Voxtral", {"n_layers": 1}, "whisper_encoder.transformer.layers.1"),
        ("Voxtral", {"hidden_dim": 65}, "whisper_encoder.transformer.layers.0.feed_forward.w1"),
        ("Voxtral", {"max_source_positions": 21}, "21 rows"),
        ("Voxtral", {"audio_encoding_args": None}, "audio_encoding_args"),
        ("Voxtral", {"audio_encoding_args": {**SOUND, "num_mel_bins": 2**30}}, "bands"),
        ("Voxtral", {"audio_encoding_args": {**SOUND, "sampling_rate": 8000}}, "sampling_rate"),
        ("Voxtral", {"audio_encoding_args": {**SOUND, "hop_length": 320}}, "hop_length"),
        ("Voxtral", {"norm_type": "rms_norm"}, "norm_type"),
        ("Voxtral", {"echo": 1}, "echo"),
        ("Voxtral", {"n_kv_heads": 1}, "n_kv_heads"),
        ("Voxtral Realtime", {"head_dim": 11}, "head_dim"),
        ("Voxtral Realtime", {"sliding_window": 0}, "window"),
        ("Voxtral Realtime", {"sliding_window": None}, "sliding_window"),
        ("Voxtral Realtime", {"rope_theta": -1.0}, "rope_theta"),
        ("Voxtral Realtime", {"causal": False}, "pos_embed"),
    ],
)
def test_a_mistaken_encoder_is_refused_by_what_is_wrong_in_it(
    family: str, change: dict[str, Any], named: str, released: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(CheckpointInvalid, match=named):
        load(consolidated(family, released[family], tmp_path / "own", change), torch.float32)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ada_rms_norm_t_cond": False}, "ada_rms_norm_t_cond"),
        ({"ada_rms_norm_t_cond_dim": 16}, "ada_rms_norm_t_cond"),
        ({"num_delay_tokens": 0}, "delay"),
        ({"multimodal": {"whisper_model_args": {"encoder_args": STREAM}}}, "downsample_args"),
        ({"multimodal": {"whisper_model_args": {"encoder_args": STREAM, "downsample_args": {"downsample_factor": 0}}}}, "stack"),
        ({"vision_encoder": EYE}, "hears"),
    ],
)
def test_a_mistaken_stream_is_refused_by_what_is_wrong(
    change: dict[str, Any], named: str, released: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(CheckpointInvalid, match=named):
        load(consolidated("Voxtral Realtime", released["Voxtral Realtime"], tmp_path / "own", **change), torch.float32)


@pytest.mark.parametrize(
    ("family", "place", "entry", "value"),
    [
        ("Voxtral", "", "projector_hidden_act", "relu"),
        ("Voxtral", "", "audio_config", None),
        ("Voxtral", "audio_config", "model_type", "whisper"),
        ("Voxtral", "audio_config", "activation_function", "relu"),
        ("Voxtral", "audio_config", "scale_embedding", True),
        ("Voxtral", "audio_config", "intermediate_size", 63),
        ("Voxtral Realtime", "", "downsample_factor", 2),
        ("Voxtral Realtime", "audio_config", "hidden_act", "gelu"),
        ("Voxtral Realtime", "audio_config", "rope_parameters", {"rope_type": "yarn", "factor": 4.0}),
    ],
)
def test_a_mistaken_config_json_is_refused_by_the_entry(
    family: str, place: str, entry: str, value: object, released: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(released[family], tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    (config[place] if place else config)[entry] = value
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointInvalid, match=rf"{entry}|{place or entry}"):
        load(folder, torch.float32)


@pytest.mark.parametrize("family", HEARING)
def test_what_hears_may_stay_in_its_file(family: str, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(saved(reference(HEARING[family]).bfloat16(), tmp_path))
    mel = drawn(40, torch.float32)
    with torch.no_grad():
        expanded, stored = (load_model(checkpoint, stored=stored).hear(mel) for stored in (False, True))
    assert (expanded - stored).abs().max() < 1e-4
