"""`fraud declaration` over shipped declarations, and over files that are wrong or hostile."""

import json
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from fraud_platform.cli.main import app
from fraud_platform.core.declaration.faults import MOST_KEPT, MOST_SHOWN, Faults
from fraud_platform.core.declaration.yaml_tree import parsed
from fraud_platform.core.printable import printable
from fraud_platform.shipped_declarations import shipped_declaration, shipped_names
from fraud_platform_tests.support.declarations import FIRST_FEATURE_LINE, declared, text_of
from fraud_platform_tests.support.hostile_text import OBEYED


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["declaration", *arguments], env={"COLUMNS": "80"})


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    """A sound declaration in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = Path("cards.yaml")
    path.write_text(text_of("{value: amount}", "{count: {}, per: card, over: [1h, 1d]}"))
    return path


def test_a_sound_declaration_is_one_line(file):
    result = run("check", str(file))
    assert (result.exit_code, result.stderr) == (0, "")
    fields = len(declared().world.fields)
    assert result.stdout.startswith(f"cards.yaml: {fields} fields, 3 features, feature set ")
    assert result.stdout.count("\n") == 1


def test_without_an_argument_it_is_the_one_in_force(file, monkeypatch):
    assert run("check").stdout.startswith("simulated.yaml: 10 fields, 52 features")
    monkeypatch.setenv("DECLARATION", str(file.absolute()))
    assert f"{file}: " in run("check").stdout


@pytest.mark.parametrize("name", shipped_names())
def test_what_is_shipped_is_sound_and_can_be_shown(name):
    assert run("check", name).stdout.startswith(f"{name}.yaml: ")
    features = json.loads(run("show", name, "--json").stdout)["features"]
    shown = run("show", name)
    assert shown.exit_code == 0 and max(map(len, shown.stdout.splitlines())) <= 80
    assert [feature["name"] for feature in features if feature["name"] not in shown.stdout] == []


def test_without_a_name_it_is_the_one_that_this_release_runs():
    assert run("check").stdout == "simulated.yaml: 10 fields, 52 features, feature set b3f5976fb60dc68f\n"


@pytest.mark.parametrize("count", [1, MOST_SHOWN + 5])
def test_every_fault_is_a_line_with_its_place(file, count):
    file.write_text(text_of(*["{value: amont}"] * count))
    result = run("check", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    lines = range(FIRST_FEATURE_LINE, FIRST_FEATURE_LINE + count)
    told = [f"cards.yaml:{line}:13: there is no field amont: did you mean amount?" for line in lines]
    assert result.stderr.splitlines() == told


def test_a_file_of_faults_says_where_reading_ended(file):
    file.write_text(text_of(*["{value: amont}"] * 1000))
    *faults, last = run("check", str(file)).stderr.splitlines()
    assert len(faults) == MOST_KEPT and last == f"reading ended after {MOST_KEPT} faults: mend these first"


def test_other_commands_tell_the_first_faults_and_how_many_more(file):
    file.write_text(text_of(*["{value: amont}"] * (MOST_SHOWN + 5)))
    result = run("show", str(file))
    assert result.exit_code == 2
    assert result.stderr.startswith("error: cards.yaml:") and result.stderr.endswith("  … and 5 more\n")


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_file_that_is_not_there_is_one_line(command):
    result = run(command, "nowhere/cards.yaml")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: declaration nowhere/cards.yaml: No such file or directory; ")


def test_tables_say_what_the_file_leaves_out(file):
    shown = run("show", str(file)).stdout
    rows = [line.split() for line in shown.splitlines()]
    assert ["card", "id", "card.pan_hash", "key", "personal"] in rows
    assert ["amount", "decimal", "amount", "amount", "scale", "2"] in rows
    assert ["count_1h", "card", "1h", "transactions", "transactions", "in", "1h,"] in [row[:7] for row in rows]


def test_json_has_fields_and_features(file):
    document = json.loads(run("show", str(file), "--json").stdout)
    assert (document["name"], document["history"]) == ("cards", "30d")
    assert (
        document["fields"][1] | {"name": "card", "type": "id", "role": "key", "personal": True} == document["fields"][1]
    )
    assert [(feature["kind"], feature["name"]) for feature in document["features"]] == [
        ("value", "amount"),
        ("count", "count_1h"),
        ("count", "count_1d"),
    ]
    assert f"feature set {document['feature_set']}\n" in run("check", str(file)).stdout


HOSTILE = ("[/x]", "[link=https://example.org]here[/link]", ":smiley:", "\x1b[2J", "\u202egnp.exe", "a\nforged line")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_text_of_the_file_is_shown_as_it_is(text, file):
    written = json.dumps(text)
    fields = {"tip": f"{{type: decimal, scale: 2, unit: {written}}}"}
    file.write_text(text_of(f"{{value: amount, meaning: {written}, unit: {written}}}", **fields))
    result = run("show", str(file))
    assert result.exit_code == 0 and not OBEYED.search(result.stdout)
    assert printable(text).replace(" ", "") in "".join(result.stdout.split())
    assert json.loads(run("show", str(file), "--json").stdout)["features"][0]["meaning"] == text


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_text_of_the_file_cannot_forge_a_fault(text, file):
    file.write_text(text_of(f"{{value: amount, {json.dumps(text)}: 1}}"))
    result = run("check", str(file))
    assert result.exit_code == 2 and not OBEYED.search(result.stderr)
    assert all(line.startswith("cards.yaml:") for line in result.stderr.splitlines())


def test_the_schema_takes_what_is_shipped():
    schema = json.loads(run("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    for name in shipped_names():
        declaration = parsed(shipped_declaration(name), Faults(name)).plain()
        jsonschema.validate(declaration, schema, jsonschema.Draft202012Validator)


def test_a_proposal_is_printed_or_written_and_passes_the_check(file):
    Path("history.csv").write_text(
        "id,card,time,amount,fraud\n"
        + "".join(f"A{n},k{n % 3},2026-04-02 08:0{n}:00,{n}.5,{n % 2}\n" for n in range(9))
    )
    printed, written = run("init", "history.csv"), run("init", "history.csv", "-o", "mine.yaml", "--name", "mine")
    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert Path("mine.yaml").read_text() == printed.stdout.replace("name: history\n", "name: mine\n")
    assert "fraud declaration check mine.yaml" in written.stdout
    assert run("check", "mine.yaml").stdout.startswith("mine.yaml: 4 fields, ")


def test_a_proposal_overwrites_nothing(file):
    before = file.read_text()
    result = run("init", "history.csv", "-o", str(file))
    assert (result.exit_code, file.read_text()) == (2, before)
    assert "cards.yaml is there already" in result.stderr


@pytest.mark.parametrize("command", ["init", "check", "show", "schema"])
def test_help_has_examples(command):
    assert f"fraud declaration {command}" in " ".join(run(command, "--help").stdout.split())
