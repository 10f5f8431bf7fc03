"""The licence that a folder's model card names."""

from pathlib import Path

import pytest

from alize.weights.checkpoints.beside import MAX_HEAD, stated_licence


@pytest.mark.parametrize(
    ("card", "named"),
    [
        ("---\nlicense: apache-2.0\n---\n# A model\n", {"license": "apache-2.0"}),
        ('---\r\nlanguage:\r\n- en\r\nlicense: "MIT"\r\n---\r\n', {"license": "MIT"}),
        ("---\nlanguage: en\n---\nlicense: mit\n", {}),
        ("---\nextra:\n  license: mit\n---\n", {}),
        ("# A model\nlicense: mit\n", {}),
        ("---\n" + "x: y\n" * MAX_HEAD + "license: mit\n---\n", {}),
        ("", {}),
    ],
)
def test_the_licence_is_the_one_in_the_head_of_the_model_card(card: str, named: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(card.encode())
    assert stated_licence(tmp_path) == named


def test_a_folder_without_a_model_card_names_no_licence(tmp_path: Path) -> None:
    assert stated_licence(tmp_path) == {}
    (tmp_path / "README.md").mkdir()
    assert stated_licence(tmp_path) == {}
