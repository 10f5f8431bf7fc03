"""Pictures among the tokens of a conversation: each where its marks stand, and none where a template has left some out."""

import numpy as np
import pytest

from alize.engine.base import Sight
from alize.errors import UnsupportedParameter
from alize.prompt.placing import images_in, marked, placed, sight_with
from alize.tokenize.base import ImageMarks

MARKS = ImageMarks(10, 12, 13)
SIGHT = Sight(side=2, most=8)
WIDE, SMALL = np.zeros((3, 4, 6), np.float32), np.ones((3, 2, 2), np.float32)
WIDE_TOKENS, SMALL_TOKENS = [10, 10, 10, 12, 10, 10, 10, 13], [10, 13]


def test_images_stand_where_their_marks_are_in_the_order_of_the_conversation() -> None:
    tokens = [1, *WIDE_TOKENS, *SMALL_TOKENS, 2, *WIDE_TOKENS]
    images = placed(tokens, [WIDE, SMALL, WIDE], MARKS, SIGHT)
    assert [(image.start, image.rows, image.columns) for image in images] == [(1, 2, 3), (9, 1, 1), (12, 2, 3)]
    assert images[0].key == images[2].key != images[1].key


@pytest.mark.parametrize("tokens", [[], [1, 2], WIDE_TOKENS, [*SMALL_TOKENS, *WIDE_TOKENS], [*WIDE_TOKENS, 10], [*WIDE_TOKENS, 12, 13]])
def test_a_template_that_has_left_an_image_out_is_refused(tokens: list[int]) -> None:
    with pytest.raises(UnsupportedParameter, match="no place for these images"):
        placed(tokens, [WIDE, SMALL], MARKS, SIGHT)


def test_only_images_are_marked_and_text_is_left_alone() -> None:
    text = {"type": "text", "text": "and"}
    first, second = ({"type": "image_url", "image_url": f"data:{name}", "path": name} for name in "ab")
    messages = [{"role": "user", "content": [first, text]}, {"role": "assistant", "content": "Yes"}, {"role": "tool", "content": [second]}]
    assert images_in(messages) == [first, second]
    assert [message["content"] for message in marked(messages, [(2, 3), (1, 1)])] == [
        [{"type": "image", "rows": 2, "columns": 3}, text],
        "Yes",
        [{"type": "image", "rows": 1, "columns": 1}],
    ]


def test_a_model_sees_no_further_than_its_weights_and_its_tokenizer_both_do() -> None:
    assert sight_with(None, SIGHT) is sight_with(MARKS, None) is None
    assert sight_with(MARKS, SIGHT) == SIGHT  # the tokenizer does not say
    assert sight_with(ImageMarks(10, 12, 13, 2, 4), SIGHT) == Sight(2, 4)
    assert sight_with(ImageMarks(10, 12, 13, 2, 100), SIGHT) == SIGHT
