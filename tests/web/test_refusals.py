"""What a person is refused, whole and in their own language: nothing of it is the server's English."""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Frame, Page, expect

from tests import house as houses
from tests.house import House
from tests.web.people import Person, calling

pytestmark = pytest.mark.slow

LONG = "lighthouse " * 9000
WORDS = {
    "fr-FR": {
        "message": "Message",
        "too long": r"La réponse a échoué\. La question est trop longue pour le modèle : avec ses fichiers et la consigne système, elle"
        r" compte \d \d{3} jetons, et 8 192 peuvent tenir\. Raccourcissez-la ou joignez moins de fichiers\. Votre message est conservé\.",
        "dropped": "plus transmis",
        "no model": r"La réponse a échoué\. Il n’y a pas de modèle smollm2-135m-instructs ici\."
        r" Les plus proches : smollm2-135m-instruct\b.*\. Votre message est conservé\.",
        "queue": r"La réponse a échoué\. Le serveur est très occupé : 1 demande est passée avant\. Réessayez dans un moment\.",
        "attempts": r"Trop de tentatives\. Attendez \d+ minutes?, jusqu’à \d\d:\d\d, puis réessayez\.",
        "email": "Adresse e-mail",
        "password": "Mot de passe",
        "sign in": "Se connecter",
    },
    "ja-JP": {
        "message": "メッセージ",
        "too long": r"回答に失敗しました：質問がモデルには長すぎます。"
        r"ファイルとシステムプロンプトを含めて\d,\d{3}トークンあり、上限は8,192トークンです。"
        r"短くするか、添付を減らしてください。メッセージは残っています。",
        "dropped": "送られなくなりました",
        "no model": r"回答に失敗しました：モデル smollm2-135m-instructs はここにありません。近い名前：smollm2-135m-instruct\b",
        "queue": r"回答に失敗しました：サーバーが混み合っています。先に1件の要求が待っています。しばらくしてからもう一度お試しください。",
        "attempts": r"試行回数が多すぎます。\d+ 分（\d+:\d\dまで）待ってから、もう一度お試しください。",
        "email": "メールアドレス",
        "password": "パスワード",
        "sign in": "サインイン",
    },
}
either = pytest.mark.parametrize("locale", WORDS)


@pytest.fixture(scope="module")
def house(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The real server, of one place and without a queue: an answer that fills its context takes longer than anything here."""
    folder = tmp_path_factory.mktemp("house")
    settings = {"max_context": "8192", "max_running": "1", "max_waiting": "0"}
    running = houses.start(folder / "home", folder / "log.txt", smollm2, **settings)
    running.wait_ready()
    yield running
    running.stop(signal.SIGKILL)


def ask(person: Person, locale: str, text: str) -> None:
    box = person.tab.get_by_role("textbox", name=WORDS[locale]["message"], exact=True)
    box.fill(text)
    box.press("Enter")


def told(person: Person, locale: str, what: str) -> None:
    """Spaces that do not break are a matter of setting."""
    person.sees(re.compile(re.sub(" (?!\\?)", r"\\s", WORDS[locale][what])))


@either
def test_a_question_that_is_too_long(arrive: Callable[..., Person], locale: str) -> None:
    ada = arrive(locale=locale)
    ask(ada, locale, LONG)
    told(ada, locale, "too long")
    loaded: list[Frame] = []

    def anew(frame: Frame) -> None:
        loaded.append(frame)

    ada.tab.on("framenavigated", anew)
    # What the page asked for before it is loaded anew may be answered then, and goes with it.
    with ada.tab.expect_response(lambda response: bool(loaded) and "/context" in response.url) as context:
        ada.tab.reload()  # and so it is kept
    assert context.value.json()["dropped"]  # the next question would go without it: said here, that would contradict the refusal
    told(ada, locale, "too long")
    ada.tab.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    expect(ada.tab.get_by_text(re.compile(WORDS[locale]["dropped"]))).to_have_count(0)


@either
def test_a_model_that_is_not_there(arrive: Callable[..., Person], house: House, cookies: dict[str, str], locale: str) -> None:
    chat = uuid4().hex
    with calling(house, cookies) as client:
        made = client.post("/api/conversations", json={"id": chat, "title": "x", "model": "smollm2-135m-instructs"})
        assert made.status_code == 201, made.text
    ada = arrive(f"/c/{chat}", locale=locale)
    ask(ada, locale, "?")
    told(ada, locale, "no model")


@either
def test_a_server_that_has_no_room(arrive: Callable[..., Person], house: House, locale: str) -> None:
    ada = arrive(locale=locale)
    body = {"model": "smollm2-135m-instruct", "messages": [{"role": "user", "content": "?"}], "stream": True, "min_tokens": 7900}
    with house.client() as client, client.stream("POST", "/v1/chat/completions", json=body) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_bytes()  # kept: one that nobody holds closes the connection, which ends the answer
        next(pieces)
        ask(ada, locale, "?")
        told(ada, locale, "queue")
        pieces.close()


@either
def test_too_many_wrong_passwords(visitor: Callable[..., Page], house: House, cookies: dict[str, str], locale: str) -> None:
    words, tab = WORDS[locale], visitor(locale=locale)
    bob = Person(tab, house.url).open("/sign-in")
    tab.get_by_label(words["email"]).fill(f"{locale}@example.org")
    password = tab.get_by_role("textbox", name=words["password"])
    for number in range(6):
        password.fill(f"not this one {number}")
        with tab.expect_response("**/api/session") as answered:
            bob.button(words["sign in"]).click()
        assert answered.value.status == (429 if number == 5 else 401)
    told(bob, locale, "attempts")
    expect(tab.get_by_text(re.compile("Too many|failed attempts"))).to_have_count(0)
