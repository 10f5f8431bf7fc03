"""tokenizer.json: ids equal those of the library and of transformers; what would not be exact is refused by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers import Tokenizer as Library

from alize.errors import AlizeError, CheckpointInvalid, InvalidRequest
from alize.tokenize import Tokenizer, load_tokenizer
from alize.tokenize.alphabet import byte_level_characters
from alize.tokenize.library import ids_of
from alize.weights.checkpoints.base import TokenizerFiles

CONTROL = ("<s>", "</s>", "<|im_end|>")
TEXTS = st.one_of(st.text(), st.text("hello wrd\n▁éA1中'<s>|im_end/", max_size=40))


def byte_level(**options: Any) -> Library:
    merges = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("Ġ", "w"), ("o", "r"), ("Ġw", "or"), ("Ġ", "Ġ")]
    entries = [*CONTROL, *byte_level_characters(), *(left + right for left, right in merges)]
    made = Library(models.BPE(vocab={text: id for id, text in enumerate(entries)}, merges=merges, **options))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(CONTROL))
    made.add_tokens([AddedToken("<tool>", normalized=False)])
    return made


def sentencepiece(scheme: str | None) -> Library:
    """In Llama 2's manner: by a normaliser (None), or by a Metaspace with this scheme."""
    merges = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("▁", "hello"), ("▁", "w"), ("▁", "▁")]
    letters = [*"helowrdA1'", "▁", "\n"]
    entries = ["<unk>", *CONTROL, *(f"<0x{byte:02X}>" for byte in range(256)), *letters, *(left + right for left, right in merges)]
    vocab = {text: id for id, text in enumerate(entries)}
    made = Library(models.BPE(vocab=vocab, merges=merges, byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    if scheme is None:
        made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    else:
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)  # pyright: ignore
    strip = [] if scheme == "never" else [decoders.Strip(" ", 1, 0)]
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip])
    made.add_special_tokens(["<unk>", *CONTROL])
    return made


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Tokenizer]:
    """Writes a release (a library tokenizer, or a document) and loads it; further files are given by their names."""

    def load(release: Library | dict[str, Any] | str, **files: Any) -> Tokenizer:
        folder = tmp_path_factory.mktemp("release")
        text = release if isinstance(release, str) else release.to_str() if isinstance(release, Library) else json.dumps(release)
        (folder / "tokenizer.json").write_text(text, encoding="utf-8", errors="surrogatepass")
        for name, content in files.items():
            (folder / f"{name}.json").write_text(json.dumps(content))
        return load_tokenizer(TokenizerFiles(files={path.name: path for path in folder.iterdir()}))

    return load


KINDS: dict[str, Callable[[], Library]] = {
    "byte-level": byte_level,
    "merges ignored": lambda: byte_level(ignore_merges=True),
    "normaliser": lambda: sentencepiece(None),
    "metaspace first": lambda: sentencepiece("first"),
    "metaspace always": lambda: sentencepiece("always"),
    "metaspace never": lambda: sentencepiece("never"),
}


@pytest.fixture(scope="session")
def pairs(load: Callable[..., Tokenizer]) -> dict[str, tuple[Tokenizer, Library]]:
    template = {"chat_template": "{% for m in messages %}{{ '<s>' + m.content + '</s>' }}{% endfor %}"}
    return {name: (load(make(), tokenizer_config=template), make()) for name, make in KINDS.items()}


@pytest.mark.parametrize("kind", list(KINDS))
@settings(max_examples=120)
@given(text=TEXTS.filter(lambda text: not any(marker in text for marker in (*CONTROL, "<unk>"))))
def test_ids_and_texts_of_harmless_words_equal_the_library_s(pairs: dict[str, tuple[Tokenizer, Library]], kind: str, text: str):
    ours, library = pairs[kind]
    ids = library.encode(text, add_special_tokens=False).ids
    assert ours.encode(text) == ids
    assert ours.decode(ids) == library.decode(ids, skip_special_tokens=True)
    stream = ours.stream()
    assert "".join(stream.push([id]).text for id in ids) + stream.flush().text == ours.decode(ids)


@pytest.mark.parametrize("kind", list(KINDS))
@settings(max_examples=80)
@given(words=st.lists(TEXTS.filter(lambda text: not any(marker in text for marker in (*CONTROL, "<unk>"))), max_size=3))
def test_ids_between_markers_equal_the_library_s(pairs: dict[str, tuple[Tokenizer, Library]], kind: str, words: list[str]):
    ours, library = pairs[kind]
    rendered = "".join(f"<s>{text}</s>" for text in words)
    assert ours.template([{"role": "user", "content": text} for text in words]) == library.encode(rendered, add_special_tokens=False).ids


@pytest.mark.parametrize("kind", list(KINDS))
@settings(max_examples=80)
@given(text=st.lists(st.sampled_from([*CONTROL, "<unk>", "<", "s>", "hello", " ", "|im_end|>"]), max_size=5).map("".join))
def test_markers_in_a_text_are_text(pairs: dict[str, tuple[Tokenizer, Library]], kind: str, text: str):
    ours, _ = pairs[kind]
    ids = ours.encode(text)
    assert all(ours.token_bytes(id) for id in ids)
    assert ours.decode(ids).lstrip() == text.lstrip(), "a Metaspace loses one space at the start, there too"


def test_a_word_the_release_takes_whole_is_taken_whole(pairs: dict[str, tuple[Tokenizer, Library]]):
    ours, _ = pairs["byte-level"]
    assert [ours.token_text(id) for id in ours.encode("he<tool>ll")] == ["he", "<tool>", "ll"]


def test_what_comes_before_a_text_is_read_from_the_post_processor_or_the_configuration(load: Callable[..., Tokenizer]):
    plain = byte_level()
    begun = byte_level()
    begun.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    nested = byte_level()
    nested.post_processor = processors.Sequence(
        [
            processors.ByteLevel(),
            processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)]),
        ]
    )
    assert load(plain).bos_id is None
    assert load(begun).bos_id == load(nested).bos_id == 0
    assert load(begun, tokenizer_config={"add_bos_token": False}).bos_id is None
    assert load(plain, tokenizer_config={"add_bos_token": True, "bos_token": "<s>"}).bos_id == 0
    assert load(begun).encode("hello") == plain.encode("hello", add_special_tokens=False).ids, "it is never in a text's ids"


def test_every_end_the_release_names_ends_an_answer(load: Callable[..., Tokenizer]):
    assert load(byte_level()).stop_ids == {1, 2}, "</s> and <|im_end|> can be nothing else"
    assert load(byte_level(), tokenizer_config={"eos_token": {"content": "hello"}}).stop_ids == {1, 2, byte_level().token_to_id("hello")}
    assert load(byte_level(), generation_config={"eos_token_id": 7}).stop_ids == {1, 2, 7}
    assert load(byte_level(), generation_config={"eos_token_id": [7, 8]}).stop_ids == {1, 2, 7, 8}


def test_a_template_is_taken_from_wherever_the_release_puts_it(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_text(byte_level().to_str())
    files = {"tokenizer.json": tmp_path / "tokenizer.json"}

    def says(**given: Any) -> str:
        tokenizer = load_tokenizer(TokenizerFiles(files=files, **given))
        return tokenizer.decode(tokenizer.template([{"role": "user", "content": "x"}]))

    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "config"}))
    files["tokenizer_config.json"] = tmp_path / "tokenizer_config.json"
    assert says() == "config"
    named = [{"name": "tool_use", "template": "{% if not tools %}{% endif %}tools"}, {"name": "default", "template": "named"}]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": named}))
    assert says() == "named"
    assert says(chat_template="named") == "named"
    both = load_tokenizer(TokenizerFiles(files=files, chat_template="named"))
    assert both.decode(both.template([{"role": "user", "content": "x"}], [{"type": "function"}])) == "tools"
    (tmp_path / "chat_template.jinja").write_text("file")
    files["chat_template.jinja"] = tmp_path / "chat_template.jinja"
    assert says() == "file"
    assert says(chat_template="given") == "given"


def changed(**changes: Any) -> dict[str, Any]:
    """The byte-level document with parts replaced; `model` and its like are merged in."""
    document: dict[str, Any] = json.loads(byte_level().to_str())
    for key, value in changes.items():
        document[key] = {**document[key], **value} if isinstance(value, dict) and isinstance(document.get(key), dict) else value
    return document


TOKEN = {"id": 0, "content": "<s>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "not a JSON object"),
        ("[" * 100_000, "cannot be read"),
        ("{}", "model is missing"),
        ({"model": {"type": "WordLevel", "vocab": []}}, "the model 'WordLevel' is not known"),
        ({"model": {"type": "WordPiece", "vocab": {}}}, "model.unk_token 'None' is no entry"),
        (changed(model={"vocab": {"a": -1}}), "does not map texts to ids"),
        (changed(model={"vocab": {"a": "b"}}), "does not map texts to ids"),
        (changed(model={"vocab": {**json.loads(byte_level().to_str())["model"]["vocab"], "zz": 10**12}}), "ids up to 1000000000000"),
        (changed(model={"dropout": 0.1}), "model.dropout is 0.1"),
        (changed(model={"end_of_word_suffix": "</w>"}), "end_of_word_suffix is '</w>'"),
        (changed(model={"merges": [["x", "unheard of"]]}), "cannot read it"),
        (changed(decoder=None), "the decoder None is not known"),
        (changed(decoder={"type": "WordPiece"}), "the decoder 'WordPiece' is not known"),
        (changed(added_tokens=3), "added_tokens is not a list"),
        (changed(added_tokens=[3]), "no object"),
        (changed(added_tokens=[{"id": 1}]), "without a text or an id"),
        (changed(added_tokens=[{**TOKEN, "single_word": True}]), "matched as a single word"),
        (changed(added_tokens=[{**TOKEN, "normalized": True}], normalizer={"type": "Lowercase"}), "matched after normalisation"),
        (changed(pre_tokenizer={"type": "Unheard"}), "cannot read it"),
        (changed(post_processor={"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<x>"}}]}), "puts '<x>' around a text"),
    ],
)  # fmt: skip
def test_what_is_damaged_or_unknown_is_refused_by_name(load: Callable[..., Tokenizer], release: Any, message: str):
    with pytest.raises(CheckpointInvalid) as caught:
        load(release)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"tokenizer_config": []}, "tokenizer_config.json is not a JSON object"),
        ({"tokenizer_config": {"eos_token": 3}}, "eos_token is 3, not a string"),
        ({"tokenizer_config": {"chat_template": 3}}, "neither a text nor a list"),
        ({"tokenizer_config": {"chat_template": [{"name": "default"}]}}, "neither a text nor a list"),
        ({"tokenizer_config": {"chat_template": [{"name": "rag", "template": "x"}]}}, "none of the chat templates (rag) is the default"),
        ({"tokenizer_config": {"add_bos_token": True}}, "bos_token is no entry"),
        ({"generation_config": {"eos_token_id": 10**6}}, "eos_token_id 1000000 is outside"),
        ({"generation_config": {"eos_token_id": ["x"]}}, "eos_token_id 'x' is outside"),
    ],
)
def test_files_beside_it_are_checked_too(load: Callable[..., Tokenizer], files: dict[str, Any], message: str):
    with pytest.raises(CheckpointInvalid) as caught:
        load(byte_level(), **files)
    assert message in caught.value.message


def test_unknown_text_that_would_become_a_control_token_is_refused(load: Callable[..., Tokenizer]):
    document = changed(model={"unk_token": "<s>"})
    del document["model"]["vocab"]["Ā"]
    with pytest.raises(CheckpointInvalid, match="stands for text without an entry"):
        load(document)


def test_a_release_with_its_own_way_of_cutting_is_cut_that_way(load: Callable[..., Tokenizer]):
    def make() -> Library:
        made = byte_level()
        made.normalizer = normalizers.NFC()
        cut = pre_tokenizers.Split(Regex(r"\p{N}{1,3}| ?\p{L}+|\s+"), "isolated")
        made.pre_tokenizer = pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        return made

    ours, library = load(make()), make()
    for text in ("hello 12345 wor", "e\u0301 中", "  hello"):
        assert ours.encode(text) == library.encode(text, add_special_tokens=False).ids


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)
DOCUMENT = json.loads(byte_level().to_str())
PLACES = [
    *((key,) for key in DOCUMENT),
    *((part, key) for part in ("model", "decoder", "pre_tokenizer") for key in DOCUMENT[part]),
    *(("added_tokens", 0, key) for key in TOKEN),
]


@settings(max_examples=100)
@given(place=st.sampled_from(PLACES), junk=JUNK)
@example(place=("normalizer",), junk=[""])  # which the library reads, and panics at any text
def test_a_lying_document_is_refused_or_works_but_never_breaks(load: Callable[..., Tokenizer], place: tuple[Any, ...], junk: Any):
    document = json.loads(json.dumps(DOCUMENT))
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = junk
    try:
        tokenizer = load(document)
        tokenizer.decode(tokenizer.encode("hello <s>"))
    except AlizeError:
        pass


def test_a_text_at_which_the_library_breaks_is_refused_and_ends_nothing_else():
    breaking = Library.from_str(json.dumps({**DOCUMENT, "normalizer": [""]}))
    with pytest.raises(InvalidRequest, match="cannot read the text: index out of bounds") as refused:
        ids_of(breaking, "hello")
    assert refused.value.reason is not None
    assert refused.value.reason.name == "text_unreadable"
