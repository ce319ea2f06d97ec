"""Every #include must follow the arrows of docs/architecture.md: a room sees only the rooms named here."""

import pathlib
import re
import sys

ALLOWED = {
    "base": set(),
    "h264": {"base"},
    "http": {"base"},
    "types": {"base"},
    "fit": {"base", "types"},
    "archive": {"base", "types"},
    "receive": {"base", "h264", "types"},
    "analyse": {"base", "types"},
    "evaluate": {"base", "types"},
    "render": {"base", "types"},
    "store": {"base", "h264", "types"},
    "serve": {"base", "types", "http", "fit"},
    "publish": {"base", "types"},
    "radar": {"base", "types"},
    "position": {"base", "types"},
    "camera": {"base", "h264", "http"},
}
ANY = {"app"}  # the only room that sees all of src
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def wrong_includes(room, files, root):
    for file in files:
        for include in INCLUDE.findall(file.read_text(encoding="utf-8")):
            target = include.split("/")[0]
            if "/" not in include:
                yield f"{file.relative_to(root)}: \"{include}\" names no room"
            elif target not in ALLOWED.keys() | ANY:
                yield f"{file.relative_to(root)}: \"{include}\" is in no known room"
            elif target != room and (room not in ANY or target == "camera") and target not in ALLOWED.get(room, set()):
                yield f"{file.relative_to(root)}: {room} must not see {target} (\"{include}\")"


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in {".h", ".cpp"})


def main():
    root = pathlib.Path(sys.argv[1])
    faults = []
    for folder in sorted(p for p in (root / "src").iterdir() if p.is_dir()):
        files = sources(folder)
        if files and folder.name not in ALLOWED.keys() | ANY:
            faults.append(f"src/{folder.name}: a room that tests/architecture/arrows_test.py doesn't know")
            continue
        faults += wrong_includes(folder.name, files, root)
    faults += wrong_includes("camera", sources(root / "camera"), root)
    print("\n".join(faults) or "all arrows run one way")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
