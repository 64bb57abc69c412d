"""A temporary folder ends with its process: in order, or when the next process looks."""

import gc
import subprocess
import sys
from pathlib import Path

from fraud_platform.feeding.temporary_folder import TemporaryFolder

HOLDER = """
import sys, time
from pathlib import Path
from fraud_platform.feeding.temporary_folder import TemporaryFolder
folder = TemporaryFolder("rows-", Path(sys.argv[1]))
(folder.path / "row").write_text("c1,12.34")
print(folder.path, flush=True)
sys.stdin.read()
"""


def holder(parent: Path) -> tuple[subprocess.Popen, Path]:
    """A process that has a folder, until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(parent)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, Path(process.stdout.readline().strip())


def test_a_folder_lasts_as_long_as_its_object(tmp_path):
    folder = TemporaryFolder("rows-", tmp_path)
    (folder.path / "row").write_text("c1,12.34")
    path = folder.path
    del folder
    gc.collect()
    assert not path.exists()


def test_a_folder_is_gone_when_its_process_has_ended(tmp_path):
    process, path = holder(tmp_path)
    assert path.is_dir()
    process.communicate()
    assert (process.returncode, list(tmp_path.iterdir())) == (0, [])


def test_what_a_killed_process_leaves_is_deleted_and_what_others_hold_is_kept(tmp_path):
    killed, left = holder(tmp_path)
    running, held = holder(tmp_path)
    killed.kill()
    killed.communicate()
    assert (left / "row").exists()
    mine = TemporaryFolder("rows-", tmp_path)
    try:
        assert set(tmp_path.iterdir()) == {held, mine.path}
        assert (held / "row").exists()
    finally:
        running.communicate()


def test_what_has_another_name_or_is_no_folder_is_kept(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "rows-file").write_text("")
    (tmp_path / "rows-link").symlink_to(tmp_path / "other")
    folder = TemporaryFolder("rows-", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"other", "rows-file", "rows-link", folder.path.name}
