"""What can be said of documents without a program: their links lead somewhere, their JSON and YAML can be read, and
config/*.json is valid by the schema beside it. Argument: the tree."""

import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
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
    listed = subprocess.run(["git", "-C", root, "ls-files", "*.md"], capture_output=True, text=True, check=False)
    # Where there is no git, a folder of documents is one as well.
    texts = [root / name for name in listed.stdout.split("\n") if name] or [*root.glob("*.md"), *root.glob("docs/*.md")]
    faults = []
    for files, faults_of in ((texts, wrong_links),
                             ([root / "config/rearview.json", root / "config/camera.json"], wrong_configuration),
                             ([root / "docs/openapi.yaml"], wrong_api)):
        for file in filter(pathlib.Path.exists, files):
            faults += [f"{file.relative_to(root)}: {fault}" for fault in faults_of(file)]
    print("\n".join(faults) or "all documents hold together")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
