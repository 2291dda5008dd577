"""Whose clock dates the files on a drive."""

import sys
from pathlib import Path

import pytest

from sdgen_admin.disk.clock import STEP_NS, file_system_of, has_our_clock, hides_for_ns
from tests.odd_drive import MakeDrive

DAY_NS = 24 * 3600 * 10**9
MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
36 27 0:40 / /mnt rw - tmpfs none rw
40 27 0:45 / /mnt/nas rw,relatime shared:5 master:1 - nfs4 server:/export rw,vers=4.2
41 27 0:46 / /mnt/nas/scratch rw - xfs /dev/vdb rw
42 27 0:47 / /mnt/my\\040drive rw - cifs //server/my\\040drive rw
43 27 0:48 / /mnt/d rw,noatime - 9p D:\\134 rw
44 27 0:49 / /mnt/back\\134040slash rw - vfat /dev/vdc rw
45 27 0:50 / /mnt/twice rw - ext4 /dev/vdd rw
46 45 0:51 / /mnt/twice rw - fuse.sshfs host: rw
a line that is something else
"""


@pytest.mark.parametrize(
    ("path", "file_system"),
    [
        ("/", "ext4"),
        ("/srv/images", "ext4"),
        ("/mnt", "tmpfs"),
        ("/mnt/other", "tmpfs"),
        ("/mnt/nas", "nfs4"),
        ("/mnt/nas/images", "nfs4"),
        ("/mnt/nasty/images", "tmpfs"),
        ("/mnt/nas/scratch/images", "xfs"),
        ("/mnt/my drive/images", "cifs"),
        ("/mnt/d/sd/out", "9p"),
        ("/mnt/back\\040slash/images", "vfat"),
        ("/mnt/twice/images", "fuse.sshfs"),
    ],
)
def test_a_folder_is_on_the_innermost_and_latest_mount(path: str, file_system: str) -> None:
    assert file_system_of(path, MOUNTS) == file_system


def test_a_mount_point_may_hold_what_ends_lines_elsewhere() -> None:
    mounts = "1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:9 / /mnt/a\u2028b rw - nfs4 server:/x rw\n"

    assert file_system_of("/mnt/a\u2028b/images", mounts) == "nfs4"


def test_without_mounts_nothing_is_known() -> None:
    assert file_system_of("/srv/images", "") is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says which file system a folder is on")
def test_a_local_drive_is_dated_by_our_clock(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)

    assert has_our_clock(str(tmp_path))
    assert has_our_clock(str(tmp_path / "link"))
    assert hides_for_ns(str(tmp_path)) == STEP_NS


def test_another_drive_may_have_a_clock_of_its_own(odd_drive: MakeDrive, tmp_path: Path) -> None:
    drive = odd_drive()
    (tmp_path / "link").symlink_to(drive.path)

    assert hides_for_ns(str(drive.path)) == DAY_NS
    assert hides_for_ns(str(tmp_path / "link")) == DAY_NS
