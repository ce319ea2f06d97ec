"""What the packages promise whoever installs them, tried in a fresh root. scripts/check-packages calls it, as root:

promises.py FOLDER ROOT: FOLDER has the packages; ROOT is a fresh root with what programs expect mounted
(scripts/release-root enter). Says a line for each promise, and ends with 1 where one doesn't hold.
"""

import contextlib
import gzip
import http.client
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

MOST_PACKAGES = 200
MOST_MB = 450
DEADLINE_S = 120  # of a slow and busy machine
PROGRAMS = ["rearview", "rearview-camera"]
INSTALLED = [*PROGRAMS, "rearview-models"]  # camera and service together
OURS = [*INSTALLED, "rearview-view", "rearview-dev"]
# What only a screen or a Video4Linux device needs.
ASKED_FOR = r"libavdevice|libopencv-highgui|libgtk|libqt|libgl1|libglx|libllvm|mesa"
# systemd takes users of units with DynamicUser from 61184 to 65519.
DYNAMIC_USER = 61999
SHIPPED, CHANGED = "tcp://velovision-rearview.local:5000", "tcp://127.0.0.1:5000"  # where the service looks for the camera
SERVICES = "--services"  # our own word for ourselves in a network of its own
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Promises:
    def __init__(self):
        self.broken = 0

    def __call__(self, what, wrong):
        """wrong: what speaks against it; nothing where it holds."""
        wrong = wrong if isinstance(wrong, str) else ", ".join(map(str, wrong or []))
        self.broken += bool(wrong)
        print(f"scripts/check-packages: {'WRONG' if wrong else 'right'}  {what}{': ' + wrong if wrong else ''}", flush=True)


promise = Promises()


def run(*command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)


def words(*command):
    done = run(*command)
    if done.returncode != 0:
        sys.exit(f"scripts/check-packages: {shlex.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


class Root:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __truediv__(self, path):
        return self.folder / path.lstrip("/")

    def command(self, *command, **environment):
        variables = {"PATH": PATH, "LANG": "C.UTF-8", **environment}
        return ["chroot", str(self.folder), "env", "-i", *(f"{name}={value}" for name, value in variables.items()), *command]

    def run(self, *command, **environment):
        return run(*self.command(*command, **environment))

    def apt(self, *arguments):
        return self.run("apt-get", "-qq", "-y", "--no-install-recommends", *arguments, DEBIAN_FRONTEND="noninteractive", HOME="/root")

    def packages(self):
        """Those that are installed, with their KB."""
        rows = self.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}|${Package}|${Installed-Size}|${Version}\n").stdout.splitlines()
        return {name: (int(size or 0), version) for state, name, size, version in (row.split("|") for row in rows) if state.startswith("ii")}

    def disk_kb(self):
        left_out = [f"--exclude={self.folder}/{part}" for part in ("packages", "var/cache/apt", "var/lib/apt/lists", "var/log")]
        return int(words("du", "-skx", *left_out, self.folder).split()[0])

    def traces(self):
        """What bears our name, but for apt's and dpkg's own memory."""
        found = words("find", self.folder, "-xdev", "(", "-path", self / "packages", "-o", "-path", self / "var/cache", "-o", "-path",
                      self / "var/lib/apt", "-o", "-path", self / "var/log", ")", "-prune", "-o", "(", "-iname", "*rearview*", "-o",
                      "-iname", "*velovision*", ")", "-print").split()
        users = [f"{file}: {line}" for file in ("passwd", "group", "shadow") for line in (self / f"etc/{file}").read_text().splitlines()
                 if "rearview" in line]
        return [one.removeprefix(str(self.folder)) for one in found] + users


def of_package(deb, field):
    return words("dpkg-deb", "-f", deb, field).strip()


def listed(deb):
    return {line.split(None, 5)[5].split(" -> ")[0].removeprefix(".") for line in words("dpkg-deb", "-c", deb).splitlines()}


def check_files(debs, symbols):
    promise("the packages are there: " + ", ".join(OURS), [name for name in OURS if name not in debs])
    found = run("lintian", "--allow-root", "--no-tag-display-limit", "--fail-on=none", *debs.values(), *symbols.values()).stdout.splitlines()
    promise(f"lintian finds no error ({sum(line.startswith('W:') for line in found)} warnings)", [line for line in found if line.startswith("E:")])
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for name in [*PROGRAMS, "rearview-view"]:
            unpacked = pathlib.Path(folder, name)
            words("dpkg-deb", "-x", debs[name], unpacked)
            program = unpacked / "usr/bin" / name
            sections = words("readelf", "--sections", "--wide", program)
            if ".symtab" in sections or ".debug_info" in sections:
                faults.append(f"{name} isn't stripped")
            build_id = re.search(r"Build ID: (\w\w)(\w+)", words("readelf", "--notes", program))
            if not build_id or name not in symbols or f"/usr/lib/debug/.build-id/{build_id[1]}/{build_id[2]}.debug" not in listed(symbols[name]):
                faults.append(f"no package {name}-dbgsym has its symbols")
    promise("programs are stripped, and packages beside them have their symbols", faults)


def install(root, debs):
    (root / "packages").mkdir()
    for deb in debs.values():
        shutil.copy(deb, root / "packages")
    path = {name: f"/packages/{pathlib.Path(deb).name}" for name, deb in debs.items()}
    done = root.run("apt-get", "-qq", "update")
    if done.returncode != 0:
        sys.exit(f"scripts/check-packages: apt-get update: {done.stderr}")
    before, disk_before = root.packages(), root.disk_kb()
    wanted = [path[name] for name in INSTALLED]
    recommended = root.run("apt-get", "-s", "install", *wanted).stdout.count("\nInst ")
    done = root.apt("install", *wanted)
    promise("camera and service are installed in a fresh root", "" if done.returncode == 0 else done.stderr.strip())
    if done.returncode != 0:
        sys.exit(1)
    new = {name: size for name, (size, _) in root.packages().items() if name not in before}
    said_mb, disk_mb = sum(new.values()) * 1024 / 1e6, (root.disk_kb() - disk_before) * 1024 / 1e6
    ours_mb = sum(new.get(name, 0) for name in INSTALLED) * 1024 / 1e6
    figures = f"{len(new)} packages, {disk_mb:.0f} MB on the disk and {said_mb:.0f} MB as the packages say, {ours_mb:.0f} of them ours"
    promise(f"they are at most {MOST_PACKAGES} packages and {MOST_MB} MB above a minimal system ({figures}; {recommended} packages with "
            "what those recommend)", "" if len(new) <= MOST_PACKAGES and max(said_mb, disk_mb) <= MOST_MB else "more; the largest are " +
            ", ".join(f"{name} {size * 1024 / 1e6:.0f}" for name, size in sorted(new.items(), key=lambda one: -one[1])[:12]))
    promise("nothing of a desktop's comes along", [name for name in new if re.match(ASKED_FOR, name)])
    for name in ("rearview-view", "rearview-dev"):
        done = root.run("apt-get", "-s", "--no-install-recommends", "install", *(path[one] for one in (*INSTALLED, name)))
        promise(f"{name} can be installed beside them ({done.stdout.count(chr(10) + 'Inst ')} packages more)",
                "" if done.returncode == 0 else done.stderr.strip())


def check_programs(root):
    versions = {name: root.run(name, "--version") for name in PROGRAMS}
    alike = re.compile(r"(\S+) \d+\.\d+\.\d+\ncommit [0-9a-f]{12}\nFFmpeg \S+\nOpenCV \S+\n")
    promise("both programs print --version, with the commit and libraries",
            [f"{name}: {done.stdout}{done.stderr}" for name, done in versions.items() if not alike.match(done.stdout)])
    networks = root.run("rearview", "models", "list").stdout.strip().splitlines()[-1:]
    said = re.search(r"^onnxruntime (\S+)$", versions["rearview"].stdout, re.M)
    libraries = root.run("ldd", "/usr/bin/rearview").stdout
    library = re.search(r"libonnxruntime\S* => (\S+)", libraries)
    version = said[1] if said else "none"
    at = os.path.normpath(library[1]) if library else "none"
    owner = root.run("dpkg-query", "-S", at).stdout.split(":")[0]
    promise(f"networks run on ONNX Runtime {version}, which is the installed {at} of the package {owner}",
            "" if said and owner and f"Run by onnxruntime {version}" in networks[0] else f"{networks}, {library and library[0]}")
    promise("the network is found and is the right one", "" if "rearview-vehicle: right, /usr/share/" in
            root.run("rearview", "models", "verify").stdout else root.run("rearview", "models", "verify").stderr)


def check_shared(root):
    missing = []
    for name in INSTALLED:
        documents = root / f"usr/share/doc/{name}"
        if not (documents / "copyright").is_file() or not [*documents.glob("changelog*")]:
            missing.append(f"{documents}: copyright or changelog")
    for file in ("README.md", "CHANGELOG.md", "install.md", "settings.md", "openapi.yaml"):
        if not [*(root / "usr/share/doc/rearview").glob(f"{file}*")]:
            missing.append(f"/usr/share/doc/rearview/{file}")
    licences = (root / "usr/share/doc/rearview/copyright").read_text()
    missing += [f"{word} in the copyright" for word in ("Apache-2.0", "OpenCV") if word not in licences]
    promise("licences, changelog and documents are there", missing)

    commands = re.findall(r"^  ([a-z]+)  ", root.run("rearview", "--help").stdout.split("Subcommands:")[1], re.M)
    pages = [*PROGRAMS, *(f"rearview-{command}" for command in commands if command != "view")]
    faults = []
    for file in [*(f"man1/{page}.1" for page in pages), "man5/rearview.json.5", "man5/rearview-camera.json.5"]:
        page = root / f"usr/share/man/{file}.gz"
        if not page.is_file():
            faults.append(f"{file} is missing")
        elif not re.search(r"\.SH NAME\n\S+ \\- \w", gzip.decompress(page.read_bytes()).decode()):
            faults.append(f"{file} has no name")
        else:
            faults += run("man", "--warnings", "-l", page).stderr.splitlines()
    promise(f"each of {len(pages)} commands and both files of settings have a manual page", faults)

    faults = []
    for name in PROGRAMS:
        script = root / f"usr/share/bash-completion/completions/{name}"
        faults += [f"bash: {name}"] if run("bash", "-n", script).returncode != 0 else []
        faults += [str(file) for file in (f"usr/share/zsh/vendor-completions/_{name}", f"usr/share/fish/vendor_completions.d/{name}.fish")
                   if not (root / file).is_file()]
    promise("bash, zsh and fish complete both programs", faults)

    faults = []
    for name in ("rearview", "camera"):
        named = re.search(r'"\$schema": "(.*?)"', (root / f"etc/rearview/{name}.json").read_text())[1]
        if named != f"/usr/share/rearview/{name}.schema.json" or "properties" not in json.loads((root / named).read_text()):
            faults.append(f"/etc/rearview/{name}.json names {named}")
    promise("settings name their schemas in /usr/share", faults)


def unit_setting(root, unit, key, default=""):
    found = re.findall(rf"^{key}=(.*)$", (root / f"usr/lib/systemd/system/{unit}.service").read_text(), re.M)
    return found[-1] if found else default


def check_units(root):
    def state(unit):
        return root.run("systemctl", "--root=/", "is-enabled", unit).stdout.strip()

    installed = [f"{name} is {state(name)}" for name in PROGRAMS if state(name) != "disabled"]
    promise("both units are off once installed", installed)
    root.run("systemctl", "--root=/", "preset-all")
    promise("and stay off by their presets", [f"{name} is {state(name)}" for name in PROGRAMS if state(name) != "disabled"])
    verified = root.run("systemd-analyze", "--man=no", "verify", *(f"{name}.service" for name in PROGRAMS))
    promise("systemd understands the units", [line for line in verified.stderr.splitlines() if "rearview" in line])

    user = unit_setting(root, "rearview-camera", "User")
    accounts = dict(line.split(":", 1) for line in (root / "etc/passwd").read_text().splitlines())
    recordings = root / unit_setting(root, "rearview-camera", "ReadWritePaths")
    wrong = "" if user in accounts else f"no user {user}"
    if not wrong:
        place = recordings.stat() if recordings.is_dir() else None
        uid = int(accounts[user].split(":")[1])
        wrong = "" if place and (place.st_uid, place.st_mode & 0o777) == (uid, 0o750) else f"{recordings} isn't {user}'s alone"
    promise(f"the camera has its user {user} and the folder of its recordings", wrong)


class Service:
    """A unit's program, started as systemd would: its user, its folders, its command."""

    def __init__(self, root, unit):
        user = unit_setting(root, unit, "User")
        identity = ["--init-groups"]
        variables = {}
        if unit_setting(root, unit, "DynamicUser") == "yes":
            user, identity = str(DYNAMIC_USER), ["--clear-groups"]
            for key, folder in (("StateDirectory", "var/lib/private"), ("RuntimeDirectory", "run/private")):
                name = unit_setting(root, unit, key)
                (root / folder).mkdir(mode=0o700, exist_ok=True)
                # systemd shows the unit this one of all private folders.
                (root / folder).chmod(0o711)
                (root / folder / name).mkdir(mode=0o755)
                os.chown(root / folder / name, DYNAMIC_USER, DYNAMIC_USER)
                (root / folder).parent.joinpath(name).symlink_to(f"private/{name}")
                variables[re.sub(r"(?<!^)([A-Z])", r"_\1", key).upper()] = f"/{folder}/{name}"
        address = root / f"run/{unit}.notify"
        self.news = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.news.bind(str(address))
        address.chmod(0o777)
        self.news.settimeout(DEADLINE_S)
        self.log = root / f"run/{unit}.log"
        self.begun = time.monotonic()
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                root.command("setpriv", "--reuid", user, "--regid", user, *identity, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all",
                             "--", *shlex.split(unit_setting(root, unit, "ExecStart")), NOTIFY_SOCKET=f"/run/{unit}.notify", **variables),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.news.close()

    def ready(self):
        with contextlib.suppress(TimeoutError):
            while self.process.poll() is None:
                if b"READY=1" in self.news.recv(4096):
                    return ""
        return f"it isn't ready and said: {self.said()}"

    def said(self):
        return " / ".join(self.log.read_text().splitlines()[-5:])

    def stop(self):
        if self.process.poll() is not None:
            return f"it had ended with {self.process.returncode} and said: {self.said()}"
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(DEADLINE_S)
        return "" if code == 0 else f"it ended with {code} and said: {self.said()}"


def get(path):
    connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=DEADLINE_S)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def eventually(condition):
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if value := condition():
                return value
        time.sleep(0.02)
    return None


def live():
    status, body = get("/healthz")
    cameras = json.loads(body)["cameras"]
    return status == 200 and all(camera["state"] == "live" for camera in cameras) and cameras


def picture():
    status, body = get("/api/v1/cameras/rear/snapshot.jpg")
    return status == 200 and body[:2] == b"\xff\xd8" and body


def check_services(root):
    """Both services in a network of their own, on the ports of their settings."""
    words("ip", "link", "set", "lo", "up")
    settings = root / "etc/rearview/rearview.json"
    settings.write_text(settings.read_text().replace(SHIPPED, CHANGED))
    with Service(root, "rearview-camera") as camera:
        promise("rearview-camera starts as its unit says and is ready", camera.ready())
        with socket.create_connection(("127.0.0.1", 5000), DEADLINE_S) as stream:
            begin = stream.recv(5, socket.MSG_WAITALL)
        promise("it streams a drawn road", "" if begin == b"\0\0\0\1\x67" else f"it begins with {begin.hex()}")
        with Service(root, "rearview") as service:
            promise("rearview starts as its unit says and is ready", service.ready())
            seen = eventually(picture)
            took_s = time.monotonic() - service.begun
            page, body = get("/") if seen else (None, b"")
            promise(f"the page and a picture are there (after {took_s:.1f} s)", "" if page == 200 and b"<html" in body else service.said())
            promise("/healthz is good, and the camera live", "" if eventually(live) else service.said())
            promise("rearview ends when asked to", service.stop())
        promise("rearview-camera ends when asked to", camera.stop())
    state = [*(root / "var/lib/rearview/").iterdir()]
    promise("what it keeps lies in its state folder and is its own", "" if state and all(one.stat().st_uid == DYNAMIC_USER for one in state) else f"{state}")
    recordings = root / unit_setting(root, "rearview-camera", "ReadWritePaths")
    promise("the camera's recordings lie in theirs", "" if [*recordings.glob("log*.mkv*")] else f"{recordings} has {[*recordings.iterdir()]}")


def repack(root, debs, suffix, comment=None):
    """The same packages under a higher version; with a comment in each file of settings, where there is one."""
    paths = []
    for name in INSTALLED:
        with tempfile.TemporaryDirectory() as folder:
            words("dpkg-deb", "-R", debs[name], folder)
            control = pathlib.Path(folder, "DEBIAN/control")
            version = re.search(r"^Version: (.*)$", control.read_text(), re.M)[1]
            control.write_text(control.read_text().replace(version, version + suffix))
            for file in pathlib.Path(folder, "etc").rglob("*.json") if comment else ():
                file.write_text(f"// {comment}\n{file.read_text()}")
            path = root / f"packages/{name}{suffix}.deb"
            words("dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", folder, path)
            paths.append(f"/packages/{path.name}")
    return paths


def check_upgrades(root, debs):
    def state(suffix):
        versions = root.packages()
        faults = [f"{name} is {versions[name][1]}" for name in INSTALLED if not versions[name][1].endswith(suffix)]
        return faults + ([] if CHANGED in (root / "etc/rearview/rearview.json").read_text() else ["the changed setting is lost"])

    done = root.apt("install", *repack(root, debs, "+1"))
    promise("an upgrade asks nothing and keeps a setting that was changed", state("+1") + ([done.stderr] if done.returncode else []))
    done = root.apt("-o", "Dpkg::Options::=--force-confold", "install", *repack(root, debs, "+2", "Of a later version."))
    settings = root / "etc/rearview"
    faults = state("+2") + ([done.stderr] if done.returncode else [])
    if "later version" not in (settings / "camera.json").read_text():
        faults.append("settings that nobody changed are not the new ones")
    if not (settings / "rearview.json.dpkg-dist").is_file():
        faults.append("the new settings don't lie beside those that were changed")
    promise("one with other defaults keeps it too, and renews what nobody changed", faults)


def check_removal(root, debs):
    recordings = unit_setting(root, "rearview-camera", "ReadWritePaths")
    done = root.apt("remove", *INSTALLED)
    left = [name for name in PROGRAMS if (root / f"usr/bin/{name}").exists()]
    kept = CHANGED in (root / "etc/rearview/rearview.json").read_text() and (root / "var/lib/rearview").is_dir()
    promise("removing takes the programs and keeps settings and state",
            left or ("" if done.returncode == 0 and kept else f"they are gone; {done.stderr}"))
    done = root.apt("purge", *INSTALLED)
    foreign = [one for one in root.traces() if not one.startswith("/opt/velovision") and ": " not in one]
    promise("purging takes settings and state", foreign + ([done.stderr] if done.returncode else []))
    there = [*(root / recordings).glob("log*.mkv*")]
    promise("and keeps recordings, and says so", "" if there and f"recordings stay in {recordings}" in done.stderr + done.stdout else
            f"{there}; {done.stderr}")
    shutil.rmtree(root / recordings)
    (root / recordings).mkdir()
    root.run("dpkg", "-i", f"/packages/{pathlib.Path(debs['rearview-camera']).name}")
    done = root.run("dpkg", "--purge", "rearview-camera")
    promise("without recordings it leaves nothing of ours", root.traces() + ([done.stderr] if done.returncode else []))


def main(folder, root):
    found = [*pathlib.Path(folder).glob("rearview*.*deb")]
    debs = {of_package(deb, "Package"): deb for deb in found}
    symbols = {name.removesuffix("-dbgsym"): debs.pop(name) for name in [*debs] if name.endswith("-dbgsym")}
    check_files(debs, symbols)
    install(root, debs)
    check_programs(root)
    check_shared(root)
    check_units(root)
    done = subprocess.run(["unshare", "--net", sys.executable, __file__, SERVICES, str(root.folder)], check=False)
    promise.broken += done.returncode
    check_upgrades(root, debs)
    check_removal(root, debs)


if __name__ == "__main__":
    if sys.argv[1] == SERVICES:
        check_services(Root(sys.argv[2]))
    else:
        main(sys.argv[1], Root(sys.argv[2]))
    sys.exit(1 if promise.broken else 0)
