"""What can be said of documents without a program: their links lead somewhere, the files and tests that they name are
there, their JSON and YAML can be read, and config/*.json is valid by the schema beside it. Argument: the tree."""

import fnmatch
import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
OTHERS = {"gmock.h", "gtest.h", "lamps.cpp"}  # of libraries, and what a reader is told to write
REF = re.compile(r"\$ref:\s*['\"]?#/([\w/.-]+)")


def anchors(text):
    """The names that GitHub gives to headings."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def wrong_links(file):
    for link in LINK.findall(re.sub(r"`[^`\n]*`", "", FENCE.sub("", file.read_text(encoding="utf-8")))):
        if re.match(r"[a-z]+:", link):
            continue  # what others publish may be away for an hour
        path, _, anchor = link.partition("#")
        target = file.parent / path if path else file
        if not target.exists():
            yield f"({link}) leads nowhere"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f"({link}): there is no such heading"


class Tree:
    """What there is to be named."""

    def __init__(self, root, files):
        self.root = root
        self.files = set(files)
        self.folders = {str(folder) for name in files for folder in pathlib.PurePath(name).parents} - {"."}
        # Where a path that a document names may begin.
        self.begins = ("", "src/", "src/analyse/", "tests/")
        texts = {name: (root / name).read_text(encoding="utf-8") for name in files
                 if name.startswith("tests/") and name.endswith((".cpp", ".py", "CMakeLists.txt"))}
        self.tests = {f"{suite}.{test}" for text in texts.values()
                      for suite, test in re.findall(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", text, re.MULTILINE)}
        self.scripts = {name.removeprefix("tests/").rpartition(".")[0] for name in texts}
        self.methods = {test for text in texts.values() for test in re.findall(r"^ +def (test_\w+)", text, re.MULTILINE)}
        self.programs = {f"{kind}.{name}" for text in texts.values()
                         for kind, name in re.findall(r"rearview_(e2e|archive|fleet)\((\w+) ", text)}
        self.programs |= {name for text in texts.values() for name in re.findall(r"add_test\(NAME ([\w.]+)", text)}

    def is_path(self, name):
        """Sources and tests may be named without their ending."""
        name = name.rstrip("/")
        if "*" in name:
            return any(fnmatch.filter(self.files, begin + name) for begin in self.begins)
        return any(begin + name + end in self.files or begin + name in self.folders
                   for begin in self.begins for end in ("", ".h", ".cpp", ".py"))

    def names_a_path(self, name):
        """Whether it can only be meant as one of ours: a source file, or something in a folder of ours."""
        if re.search(r"[A-Z]{3}|^[/.~]|\.\.", name):
            return False  # a placeholder, or somewhere in the system
        first, slash, rest = name.partition("/")
        if not slash:
            return name not in OTHERS and re.search(r"^[a-z0-9_]+\.(h|cpp)$|_test\.py$", name) is not None
        return bool(rest) and any(begin + first in self.folders for begin in self.begins)

    def is_test(self, name):
        if name.startswith("test_"):
            return name in self.methods
        if re.match(r"[A-Z]\w*\.", name):
            return bool(fnmatch.filter(self.tests, name))
        name = name.removesuffix(".py")
        return name in self.programs or any(one == name or one.endswith("/" + name) for one in self.scripts)


def wrong_paths(file, tree):
    for name in sorted(set(re.findall(r"`([\w./*-]+)`", FENCE.sub("", file.read_text(encoding="utf-8"))))):
        if not tree.names_a_path(name) or tree.is_path(name):
            continue
        # A file may be named without its folder.
        if "/" not in name and any(one.endswith("/" + name) for one in tree.files):
            continue
        yield f"there is no {name}"


def wrong_tests(file, tree):
    """In tables whose last column is of tests."""
    inside = False
    for line in file.read_text(encoding="utf-8").split("\n"):
        if re.match(r"\|.*\|\s*test\s*\|\s*$", line):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not re.fullmatch(r"[|\s-]+", line):
            told = line.rstrip("| ").rpartition(" | ")[2]
            named = re.findall(r"`([^`]+)`", told)
            if not named and told != "the same":
                yield f"no test is named for: {line.split('|')[1].strip()}"
            yield from (f"there is no test {name}" for name in named if not tree.is_test(name))


def wrong_configuration(file):
    text = re.sub(r"(^|[\s,])//[^\n]*", r"\1", file.read_text(encoding="utf-8"))
    schema = json.loads(file.with_suffix(".schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for fault in jsonschema.Draft202012Validator(schema).iter_errors(json.loads(text)):
        yield f"{fault.json_path}: {fault.message}"


def wrong_api(file):
    text = file.read_text(encoding="utf-8")
    api = yaml.safe_load(text)
    for ref in sorted(set(REF.findall(text))):
        at = api
        for part in ref.split("/"):
            at = at.get(part) if isinstance(at, dict) else None
        if at is None:
            yield f"#/{ref} leads nowhere"


def main():
    root = pathlib.Path(sys.argv[1])
    listed = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True, check=False)
    listed = [name for name in listed.stdout.split("\n") if name and (root / name).exists()]
    # Where there is no git, a folder of documents is one as well.
    texts = [root / name for name in listed if name.endswith(".md")] or [*root.glob("*.md"), *root.glob("docs/*.md")]
    faults = []
    named = ()
    if listed:
        tree = Tree(root, listed)
        ours = [text for text in texts if text.parent in (root, root / "docs") and text.name != "CHANGELOG.md"]
        named = ((ours, lambda file: wrong_paths(file, tree)), (ours, lambda file: wrong_tests(file, tree)))
    for files, faults_of in (*named, (texts, wrong_links),
                             ([root / "config/rearview.json", root / "config/camera.json"], wrong_configuration),
                             ([root / "docs/openapi.yaml"], wrong_api)):
        for file in filter(pathlib.Path.exists, files):
            faults += [f"{file.relative_to(root)}: {fault}" for fault in faults_of(file)]
    print("\n".join(faults) or "all documents hold together")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
