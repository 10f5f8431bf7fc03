"""Tasks for a model that calls tools. In: a seed. Out: questions with tools to call, and what the right calls are.

kind       tool_choice  the question
pick       any          asks for one tool; it has one text
copied     any          says each argument as it is to stand: cities, numbers, dates, one word of several
typed      any          asks for whole numbers, true and false, lists, an object within an object
idle       auto         needs no tool; the right answer is text
auto       auto         needs one tool, of those of `pick`; the right answer is a call
named      a function   as `copied` and `typed`, with the tool named
parallel   any          needs one tool twice, for two cities

Each kind has tasks with 1, 3 and 10 tools, in turn: the one that is asked for, at a place that is drawn, among others that are drawn.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["COUNTS", "KINDS", "TUNING", "Task", "made"]

Arguments = dict[str, Any]
Schema = dict[str, Any]
Chance = random.Random

COUNTS = (1, 3, 10)
KINDS = {"pick": 34, "copied": 34, "typed": 34, "idle": 26, "auto": 26, "named": 26, "parallel": 20}
"""How many there are of each, 200 in all."""
TUNING = 1
"""The seed of the tasks by which the form of descriptions and calls was chosen; they are never measured."""

CITIES = (
    "Paris", "Lyon", "Aix", "Berlin", "Hamburg", "Madrid", "Seville", "Rome", "Milan", "Vienna", "Prague", "Warsaw", "Oslo", "Lisbon",
    "Porto", "Dublin", "Athens", "Cairo", "Nairobi", "Lagos", "Tokyo", "Osaka", "Seoul", "Hanoi", "Delhi", "Mumbai", "Sydney", "Perth",
    "Toronto", "Montreal", "Boston", "Chicago", "Denver", "Lima", "Quito", "Santiago", "Bogota", "Havana",
)  # fmt: skip
NAMES = (
    "Anna", "Bruno", "Chloe", "David", "Emma", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Keiko", "Liam", "Maria", "Nora", "Omar",
    "Paula", "Quentin", "Rosa", "Samuel", "Tara",
)  # fmt: skip
ROOMS = ("kitchen", "bedroom", "bathroom", "living room", "office", "garage", "hall", "cellar")
DISHES = ("lasagna", "ratatouille", "chicken curry", "apple pie", "pancakes", "onion soup", "paella", "goulash", "falafel", "risotto")
SONGS = ("Yesterday", "Imagine", "Halo", "Thriller", "Hurt", "Creep", "Hello", "Respect", "Africa", "Jolene")
WORDS = ("serendipity", "ephemeral", "austere", "candid", "lucid", "obsolete", "resilient", "verbose", "zenith", "gregarious")
COMPANIES = ("Apple", "Renault", "Siemens", "Nestle", "Toyota", "Airbus", "Nokia", "Shell", "Adidas", "Ferrari")
COUNTRIES = ("France", "Japan", "Brazil", "Kenya", "Canada", "Norway", "Egypt", "India", "Mexico", "Portugal")
BOOKS = ("Dune", "Emma", "Ulysses", "Dracula", "Walden", "Candide", "Middlemarch", "Beloved", "Persuasion", "Frankenstein")
THINGS = ("milk", "bread", "eggs", "apples", "rice", "butter", "coffee", "soap", "candles", "tomatoes", "cheese", "salt")
EVENTS = ("Dentist", "Team meeting", "Yoga class", "Board review", "Piano lesson", "Haircut", "Birthday party", "Job interview")
CURRENCIES = ("EUR", "USD", "GBP", "JPY", "CHF")
STREETS = ("5 Oak Street", "12 Mill Lane", "8 Harbour Road", "31 Station Square", "7 Rose Avenue", "44 Kings Road")

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
DATE: Schema = {"type": "string", "format": "date"}


def _of(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Skill:
    """A tool, and how people ask for it."""

    name: str
    description: str
    parameters: Schema
    draw: Callable[[Chance], Arguments]
    ways: tuple[str, ...]  # questions, with the arguments at their places

    def tool(self) -> dict[str, Any]:
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}

    def asked(self, chance: Chance) -> tuple[str, Arguments]:
        arguments = self.draw(chance)
        return chance.choice(self.ways).format(**_shown(arguments)), arguments


def _shown(arguments: Arguments) -> dict[str, str]:
    """As a person says them."""
    said: dict[str, str] = {}
    for name, value in arguments.items():
        match value:
            case bool():
                said[name] = "on" if value else "off"
            case list():
                said[name] = ", ".join(map(str, value[:-1])) + f" and {value[-1]}"
            case dict():
                said |= {f"{name}_{inner}": str(deep) for inner, deep in value.items()}
            case _:
                said[name] = str(value)
    return said


def _one(name: str, values: Sequence[str]) -> Callable[[Chance], Arguments]:
    return lambda chance: {name: chance.choice(values)}


def _date(chance: Chance) -> str:
    return f"{chance.randrange(2026, 2030)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"


def _numbers(chance: Chance) -> list[int]:
    return [chance.randrange(1, 100) for _ in range(chance.randrange(3, 5))]


PLAIN = (
    Skill("get_weather", "Get the current weather of a city.", _of(city=TEXT), _one("city", CITIES), (
        "What is the weather in {city}?", "How warm is it in {city} right now?", "Is it raining in {city}?")),
    Skill("get_time", "Get the local time of a city.", _of(city=TEXT), _one("city", CITIES), (
        "What time is it in {city}?", "Tell me the local time in {city}.")),
    Skill("search_recipe", "Search for a recipe of a dish.", _of(dish=TEXT), _one("dish", DISHES), (
        "Find a recipe for {dish}.", "How do I cook {dish}?")),
    Skill("play_song", "Play a song by its title.", _of(title=TEXT), _one("title", SONGS), (
        "Play the song {title}.", "I want to listen to {title}.")),
    Skill("define_word", "Look up a word in the dictionary.", _of(word=TEXT), _one("word", WORDS), (
        "What does the word {word} mean?", "Look up the definition of {word}.")),
    Skill("get_stock_price", "Get the price of a company's stock.", _of(company=TEXT), _one("company", COMPANIES), (
        "What is the stock price of {company}?", "How much is a share of {company} today?")),
    Skill("find_book", "Find a book in the library's catalog.", _of(title=TEXT), _one("title", BOOKS), (
        "Does the library have the book {title}?", "Find the book {title} in the catalog.")),
    Skill("call_contact", "Call a person of the address book by phone.", _of(name=TEXT), _one("name", NAMES), (
        "Call {name}.", "Please phone {name} now.")),
    Skill("get_population", "Get the number of people who live in a country.", _of(country=TEXT), _one("country", COUNTRIES), (
        "How many people live in {country}?", "What is the population of {country}?")),
)  # fmt: skip

COPIED = (
    Skill("book_hotel", "Book a hotel room in a city.", _of(city=TEXT, nights=WHOLE),
        lambda c: {"city": c.choice(CITIES), "nights": c.randrange(2, 15)}, (
        "Book a hotel in {city} for {nights} nights.", "I need a hotel room for {nights} nights in {city}.")),
    Skill("add_event", "Add an event to the calendar.", _of(title=TEXT, date=DATE),
        lambda c: {"title": c.choice(EVENTS), "date": _date(c)}, (
        "Add the event '{title}' to my calendar on {date}.", "Put '{title}' in my calendar for {date}.")),
    Skill("get_forecast", "Get the weather forecast of a city.", _of(city=TEXT, unit={"enum": ["celsius", "fahrenheit"]}),
        lambda c: {"city": c.choice(CITIES), "unit": c.choice(["celsius", "fahrenheit"])}, (
        "Give me the forecast for {city} in {unit}.", "What will the weather be in {city}, in {unit}?")),
    Skill("convert_currency", "Convert an amount of money to another currency.",
        _of(amount=WHOLE, source={"enum": list(CURRENCIES)}, target={"enum": list(CURRENCIES)}),
        lambda c: {"amount": c.randrange(10, 900), **dict(zip(("source", "target"), c.sample(CURRENCIES, 2), strict=True))}, (
        "Convert {amount} {source} to {target}.", "How much is {amount} {source} in {target}?")),
    Skill("search_flights", "Search for flights between two cities.", _of(origin=TEXT, destination=TEXT, date=DATE),
        lambda c: {**dict(zip(("origin", "destination"), c.sample(CITIES, 2), strict=True)), "date": _date(c)}, (
        "Find flights from {origin} to {destination} on {date}.", "I want to fly from {origin} to {destination} on {date}.")),
    Skill("send_money", "Send money to a person.", _of(recipient=TEXT, amount=WHOLE),
        lambda c: {"recipient": c.choice(NAMES), "amount": c.randrange(5, 500)}, (
        "Send {amount} euros to {recipient}.", "Transfer {amount} euros to {recipient}, please.")),
)  # fmt: skip

TYPED = (
    Skill("set_thermostat", "Set the temperature of a room.", _of(room=TEXT, degrees=WHOLE),
        lambda c: {"room": c.choice(ROOMS), "degrees": c.randrange(15, 26)}, (
        "Set the {room} to {degrees} degrees.", "Heat the {room} to {degrees} degrees.")),
    Skill("switch_light", "Switch the light of a room on or off.", _of(room=TEXT, on={"type": "boolean"}),
        lambda c: {"room": c.choice(ROOMS), "on": c.random() < 0.5}, (
        "Turn {on} the light in the {room}.", "Switch the {room} light {on}.")),
    Skill("average_numbers", "Compute the average of a list of numbers.", _of(numbers={"type": "array", "items": WHOLE}),
        lambda c: {"numbers": _numbers(c)}, ("What is the average of {numbers}?", "Compute the average of {numbers}.")),
    Skill("add_to_shopping_list", "Add items to the shopping list.", _of(items={"type": "array", "items": TEXT}),
        lambda c: {"items": c.sample(THINGS, c.randrange(2, 4))}, (
        "Add {items} to my shopping list.", "Put {items} on the shopping list.")),
    Skill("ship_parcel", "Ship a parcel to an address.", _of(kilograms=WHOLE, address=_of(street=TEXT, city=TEXT)),
        lambda c: {"kilograms": c.randrange(1, 30), "address": {"street": c.choice(STREETS), "city": c.choice(CITIES)}}, (
        "Ship a parcel of {kilograms} kilograms to {address_street} in {address_city}.",
        "Send a {kilograms} kg parcel to {address_street}, {address_city}.")),
    Skill("set_volume", "Set the volume of the speakers, from 0 to 100.", _of(percent={"type": "integer", "minimum": 0, "maximum": 100}),
        lambda c: {"percent": c.randrange(0, 101)}, ("Set the volume to {percent} percent.", "Change the volume to {percent}.")),
)  # fmt: skip

SKILLS = (*PLAIN, *COPIED, *TYPED)
TWICE = PLAIN[:2]

IDLE = (
    "Hello! How are you?", "Thank you very much.", "Write a short poem about the sea.", "Tell me a joke.", "What is 2 plus 2?",
    "Who are you?", "Good morning!", "Write one sentence about {name}.", "Explain what a noun is.", "Name three colors.",
    "Why is the sky blue?", "Write a birthday wish for {name}.", "What is the opposite of hot?", "Give me a name for a cat.",
    "Say hello to {name}.", "Is a whale a fish?", "Write a short story about {name}.", "What can I do against boredom?",
    "How do I say no politely?", "Describe a forest in one sentence.", "Good night!", "What is a verb?", "Name two animals.",
    "Invent a name for a boat.", "Write a poem about {name}.", "Which is larger, a cat or a horse?", "That was very helpful.",
    "Complete the sentence: Once upon a time", "Tell me something nice.", "Write a riddle about a river.", "What color is snow?",
    "Say goodbye to {name}.", "What is the first letter of the alphabet?", "Give me three words that rhyme with tree.",
    "I am a bit tired today.", "What do bees make?", "Correct this sentence: He go home.", "Write a slogan for a bakery.",
    "How many days has a week?", "Write a thank-you note to {name}.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    kind: str
    question: str
    tools: tuple[dict[str, Any], ...]
    choice: str  # as the library takes it: "auto", "any", or a name
    calls: tuple[tuple[str, Arguments], ...]  # the right ones, in whatever order; () where text is right


def made(seed: int) -> list[Task]:
    """The tasks of a seed: always the same, no question twice within a kind, and none of those that the form was chosen by."""
    tasks: list[Task] = []
    seen = frozenset[str]() if seed == TUNING else frozenset(task.question for task in made(TUNING))
    for kind, number in KINDS.items():
        asked = set(seen)
        for index in range(number):
            chance = random.Random(f"{seed} {kind} {index}")
            task = _task(kind, COUNTS[index % len(COUNTS)], index, chance)
            while task.question in asked:
                task = _task(kind, COUNTS[index % len(COUNTS)], index, chance)
            asked.add(task.question)
            tasks.append(task)
    return tasks


def _task(kind: str, count: int, index: int, chance: Chance) -> Task:
    skill = _skill(kind, index, chance)
    question, arguments = skill.asked(chance)
    calls = ((skill.name, arguments),)
    match kind:
        case "idle":
            question, calls = chance.choice(IDLE).format(name=chance.choice(NAMES)), ()
        case "parallel":
            first, second = chance.sample(CITIES, 2)
            what = "weather" if skill.name == "get_weather" else "local time"
            question = chance.choice(("What is the {what} in {one} and in {two}?", "Tell me the {what} of {one} and {two}."))
            question = question.format(what=what, one=first, two=second)
            calls = ((skill.name, {"city": first}), (skill.name, {"city": second}))
        case _:
            pass
    choice = {"idle": "auto", "auto": "auto", "named": skill.name}.get(kind, "any")
    others = chance.sample([other for other in SKILLS if other.name != skill.name], count - 1)
    offered = [other.tool() for other in others]
    offered.insert(chance.randrange(count), skill.tool())
    return Task(kind, question, tuple(offered), choice, calls)


def _skill(kind: str, index: int, chance: Chance) -> Skill:
    """In turn, so that each is asked for about as often with 1, 3 and 10 tools."""
    among = {"copied": COPIED, "typed": TYPED, "named": COPIED + TYPED, "parallel": TWICE, "idle": SKILLS}.get(kind, PLAIN)
    return among[(index // len(COUNTS) + index + chance.randrange(len(among))) % len(among)]
