"""The store's disk: a small ext4 in a file, that can be filled, fail under open files, and be exchanged for itself."""

import contextlib
import os
import pathlib
import subprocess

SIZE_MB = 96
FILLER = "filler"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


class Disk:
    """folder: where the store is. usable: false where mounting isn't permitted; the folder then is an ordinary one."""

    def __init__(self, place):
        self.image = pathlib.Path(place) / "disk.img"
        self.folder = pathlib.Path(place) / "store"
        self.folder.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(SIZE_MB << 20)
        made = run("mkfs.ext4", "-q", "-m", "0", str(self.image))
        # Below the disk lies another that nobody can write: while the disk is away nothing is put in its place.
        below = run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(self.folder)) if made.returncode == 0 else made
        self.usable = below.returncode == 0 and self._mount()
        if not self.usable and below.returncode == 0:
            run("umount", str(self.folder))
        self.why = (made.stderr or below.stderr or "no loop device").strip().splitlines()[-1] if not self.usable else ""

    def _mount(self):
        return run("mount", "-o", "loop,errors=remount-ro", str(self.image), str(self.folder)).returncode == 0

    def fill(self):
        with contextlib.suppress(OSError), open(self.folder / FILLER, "wb", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        with contextlib.suppress(OSError), open(self.folder / FILLER, "ab", buffering=0) as file:
            while file.write(bytes(512)):
                pass

    def make_room(self):
        with contextlib.suppress(FileNotFoundError):
            (self.folder / FILLER).unlink()

    def fail(self):
        """An error of the disk: the kernel makes it read-only under whoever has files open on it."""
        device = run("findmnt", "-n", "-o", "SOURCE", str(self.folder)).stdout.split()[-1]
        pathlib.Path(f"/sys/fs/ext4/{pathlib.Path(device).name}/trigger_fs_error").write_text("1")

    def exchange(self):
        """Takes the failed disk out; true once it is in again and can be written, which needs its files closed."""
        if run("findmnt", "-n", "-o", "FSTYPE", str(self.folder)).stdout.split()[-1:] == ["ext4"]:
            run("umount", "--lazy", str(self.folder))
        if not self._released():
            return False
        run("e2fsck", "-p", str(self.image))
        return self._mount() and os.access(self.folder, os.W_OK)

    def _released(self):
        return str(self.image) not in run("losetup", "-a").stdout

    def close(self):
        while run("umount", "--lazy", str(self.folder)).returncode == 0:
            pass
