"""Every #include must follow the arrows of docs/architecture.md: a room sees only the rooms named here."""

import pathlib
import re
import sys
import tempfile

# A room within another stands as a path; what lies directly in the outer one is a room, too.
ALLOWED = {
    "base": set(),
    "h264": {"base"},
    "http": {"base"},
    "types": {"base"},
    "site": {"base", "http", "types"},
    "fit": {"base", "types"},
    "nats": {"base"},
    "archive": {"base", "nats", "types"},
    "receive": {"base", "h264", "types"},
    "analyse": {"base", "types"},
    "analyse/common": {"base", "types"},
    **{f"analyse/{room}": {"base", "types", "analyse", "analyse/common"}
       for room in ("view", "network", "looming", "tracking", "approach")},
    "analyse/chain": {"base", "types", "analyse", "analyse/common", "analyse/view", "analyse/network", "analyse/looming",
                      "analyse/tracking", "analyse/approach"},
    "evaluate": {"base", "types"},
    "render": {"base", "types"},
    "store": {"base", "h264", "types"},
    "serve": {"base", "types", "http", "site", "fit"},
    "publish": {"base", "nats", "types"},
    "collect": {"base", "http", "nats", "site", "types"},
    "radar": {"base", "types"},
    "position": {"base", "types"},
    "camera": {"base", "h264", "http"},
}
ANY = {"app"}  # the only room that sees all of src
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
ROOMS = ALLOWED.keys() | ANY
PARTED = {room.split("/")[0] for room in ROOMS if "/" in room}


def room_of(path):
    """Of a path below src: its room, None where there is none. Folders within a room that isn't parted belong to it."""
    parts = path.split("/")[:-1]
    if not parts:
        return None
    name = "/".join(parts[:2]) if parts[0] in PARTED else parts[0]
    return name if name in ROOMS else None


def faults_of(file, path):
    """path: below src, or camera/..."""
    room = room_of(path)
    if room is None:
        yield f"{path}: in a folder that tests/architecture/arrows_test.py doesn't know"
        return
    for include in INCLUDE.findall(file.read_text(encoding="utf-8")):
        target = room_of(include)
        if target is None:
            yield f"{path}: \"{include}\" is in no known room"
        elif target != room and (room not in ANY or target == "camera") and target not in ALLOWED.get(room, set()):
            yield f"{path}: {room} must not see {target} (\"{include}\")"


def faults(root):
    for base, folder in ((root / "src", root / "src"), (root, root / "camera")):
        for file in sorted(folder.rglob("*")):
            if file.suffix in {".h", ".cpp"}:
                yield from faults_of(file, file.relative_to(base).as_posix())


def check_that_wrong_arrows_are_found():
    wrong = {
        "types/a.h": "receive/b.h",  # up
        "render/a.h": "store/b.h",  # to a sibling
        "site/access/a.h": "publish/b.h",  # out of a folder within a room
        "analyse/common/a.h": "analyse/stage.h",  # up within a room
        "analyse/view/a.h": "analyse/looming/b.h",  # to a sibling within a room
        "analyse/tracking/a.h": "analyse/chain/b.h",
        "analyse/stage.h": "analyse/common/a.h",
        "evaluate/a.h": "analyse/stage.h",
        "app/a.h": "camera/b.h",
        "base/a.h": "b.h",  # of no room
        "base/b.h": "cellar/b.h",
        "analyse/cellar/a.h": "base/a.h",  # from no room
    }
    right = {"app/b.h": "analyse/chain/b.h", "analyse/chain/b.h": "analyse/view/a.h",
             "analyse/view/b.h": "analyse/common/a.h", "serve/b.h": "site/access/a.h"}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, include in (wrong | right).items():
            file = root / "src" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f'#include "{include}"\n', encoding="utf-8")
        found = list(faults(root))
    for path in wrong:
        assert any(fault.startswith(f"{path}: ") for fault in found), f"{path} was let through"
    assert len(found) == len(wrong), found


def main():
    check_that_wrong_arrows_are_found()
    found = list(faults(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "all arrows run one way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
