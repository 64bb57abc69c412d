"""Files that outlive a power cut: in which order content and names reach the disk, and what a crash leaves."""

import os
from pathlib import Path

import pytest

from streaming.state.durable_files import durable_file, remove_unfinished, write_text


@pytest.fixture
def steps(monkeypatch) -> list[str]:
    """What is synced and renamed, in order; files and folders by name."""
    done: list[str] = []
    replace = Path.replace

    def sync(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        done.append(f"sync {'content' if name.endswith('.unfinished') else name}")

    def rename(path: Path, target: Path) -> Path:
        done.append(f"rename {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", rename)
    return done


def test_content_is_synced_then_the_name_and_the_folders_that_are_new(tmp_path, steps):
    write_text(tmp_path / "state" / "0" / "run", "text")
    assert steps == [f"sync {tmp_path.name}", "sync state", "sync content", "rename run", "sync 0"]
    assert (tmp_path / "state" / "0" / "run").read_text() == "text"


def test_a_writer_that_fails_leaves_what_was_there(tmp_path):
    write_text(tmp_path / "run", "before")
    with pytest.raises(KeyboardInterrupt), durable_file(tmp_path / "run") as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run").read_text() == "before"


def test_two_writers_with_the_same_process_id_do_not_meet(tmp_path):
    """As in two containers on one volume."""
    with durable_file(tmp_path / "run") as one, durable_file(tmp_path / "run") as other:
        one.write(b"one")
        other.write(b"other")
        assert len(list(tmp_path.iterdir())) == 2
    assert [path.read_text() for path in tmp_path.iterdir()] == ["one"]


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path):
    write_text(tmp_path / "0" / "run", "text")
    half = durable_file(tmp_path / "0" / "run")
    half.__enter__().close()  # and killed
    remove_unfinished(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["0", "run"]
