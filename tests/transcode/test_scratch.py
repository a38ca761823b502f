import asyncio
import sys
from pathlib import Path

import pytest

from transcode.errors import ToolFailed
from transcode.scratch import check_regular, open_folder

HOLD = """
import asyncio, sys
from pathlib import Path
from transcode.scratch import open_folder
async def main():
    async with open_folder(Path(sys.argv[1])) as folder:
        print(folder, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_a_folder_is_private_and_vanishes(tmp_path):
    async with open_folder(tmp_path / "scratch") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").write_text("x")
    assert not folder.exists()


async def test_folders_of_living_processes_stay_and_of_killed_ones_are_swept(tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(10):
        held = Path((await process.stdout.readline()).decode().strip())
    async with open_folder(tmp_path):
        assert held in set(tmp_path.iterdir())
    process.kill()
    await process.communicate()
    async with open_folder(tmp_path):
        assert held not in set(tmp_path.iterdir())


async def test_two_hundred_folders_at_once_do_not_sweep_each_other(tmp_path):
    async def one() -> bool:
        async with open_folder(tmp_path) as folder:
            await asyncio.sleep(0.05)
            return folder.is_dir()

    assert all(await asyncio.gather(*(one() for _ in range(200))))


@pytest.mark.parametrize("make", ["symlink_to", "hardlink_to"])
def test_links_are_no_results(tmp_path, make):
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    getattr(folder / "made", make)(tmp_path / "secret")
    with pytest.raises(ToolFailed):
        check_regular(folder)


async def test_a_child_left_by_a_killed_process_is_killed_with_its_folder(tmp_path):
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(10):
        held = Path((await holder.stdout.readline()).decode().strip())
    stray = await asyncio.create_subprocess_exec("tail", "-f", "/dev/null", "--retry", f"{held}/original")
    other = await asyncio.create_subprocess_exec("tail", "-f", "/dev/null")
    holder.kill()
    await holder.communicate()
    async with open_folder(tmp_path):
        async with asyncio.timeout(5):
            assert await stray.wait() == -9
        assert other.returncode is None
    other.kill()
    await other.wait()
