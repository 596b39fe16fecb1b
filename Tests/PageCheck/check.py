"""Checks pages of `training diagnose --html` in headless Chromium. Called by run."""

import html
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
# Windows are never narrower than 500 pixels; frames are.
FRAME = """<!doctype html><body style="margin:0"><iframe src="{page}" style="border:0;width:{width}px;height:{height}px">
</iframe><script>addEventListener("message", event => {{ document.body.dataset.probe = JSON.stringify(event.data); }});
</script></body>"""
PROBE = (pathlib.Path(__file__).parent / "probe.js").read_text()


def write_logs(folder):
    """A run that explodes and ends in NaN, one that overfits, and a long healthy one with an odd name."""
    noise = random.Random(3)

    def exploding(step):
        growth = 1.35 ** min(max(0, step - 1000), 60)
        loss = (0.6 + 2.2 * math.exp(-step / 120)) * math.exp(noise.gauss(0, 0.07)) * growth
        row = {
            "step": step, "loss": loss if step < 1100 else "NaN", "grad_norm": 0.8 * growth**2,
            "lr": 3e-3 * min(1, step / 100), "loss_scale": 2 ** (16 - max(0, step - 1000) // 15),
            "clip_factor": min(1, 1.2 / growth),
        }
        return row | ({"val_loss": 0.75 + 2.1 * math.exp(-step / 130)} if step % 50 == 0 else {})

    def overfitting(step):
        held_out = 0.5 + 1.5 * math.exp(-step / 4) + max(0, (step - 12) / 40)
        return {"step": step, "loss": 2 * math.exp(-step / 8), "val_loss": held_out}

    def healthy(step):
        loss = (1.9 + 3 * math.exp(-step / 9000)) * math.exp(noise.gauss(0, 0.04))
        return {"step": step, "loss": loss, "grad_norm": 0.5 * math.exp(noise.gauss(0, 0.3))}

    runs = {
        "exploding.jsonl": (exploding, 1200), "overfitting.jsonl": (overfitting, 40),
        "<b>&\"'<img src=x>\u2028.jsonl": (healthy, 50_000),
    }
    for name, (row, count) in runs.items():
        (folder / name).write_text("".join(json.dumps(row(step)) + "\n" for step in range(count)))


class Browser:
    def __init__(self, folder):
        self.folder = folder
        names = ["chromium", "chromium-browser", "google-chrome"]
        self.program = next(filter(None, map(shutil.which, names)), None)
        if self.program is None:
            sys.exit("page check: expected chromium, found none")

    def open(self, page, size, *arguments):
        """What the browser prints, and its complaints."""
        profile = tempfile.mkdtemp(dir=self.folder)
        command = [
            self.program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--hide-scrollbars",
            # Whatever a page would load cannot be found.
            "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
            "--virtual-time-budget=5000", f"--user-data-dir={profile}",
            f"--window-size={size[0]},{size[1]}", *arguments, page.as_uri(),
        ]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        complaints = [line for line in result.stderr.splitlines() if "CONSOLE" in line]
        return result.stdout, complaints

    def probe(self, page, size):
        """What the probe saw in a page, and the browser's complaints."""
        copy = page.with_suffix(".probed.html")
        copy.write_text(page.read_text().replace("</body>", f"<script>{PROBE}</script></body>"))
        frame = page.with_suffix(".frame.html")
        frame.write_text(FRAME.format(page=copy.as_uri(), width=size[0], height=size[1]))
        dom, complaints = self.open(frame, size, "--dump-dom")
        found = re.search(r'data-probe="([^"]*)"', dom)
        return (json.loads(html.unescape(found[1])) if found else {}), complaints


def problems(seen, complaints, size, inside=0):
    """What is wrong with a page of so many plots of the inside of a model, in words. None for any number."""
    heat = seen.get("heat", {})
    checks = {
        "no complaint of the browser": not complaints,
        "a script that ran to its end": seen.get("ready") and "lit" in seen,
        "nothing loaded": seen.get("loaded") == [],
        "the width of the screen": seen.get("width") == size[0] and seen.get("overflow") <= 0,
        "every plot drawn": bool(seen.get("ink")) and min(seen["ink"]) > 500 and min(seen["drawn"]) > 0,
        "a flag for each finding": seen.get("flags") == seen.get("findings") and seen.get("flags", 0) > 0,
        "values beside the cursor": "loss" in seen.get("tip", ""),
        "one cursor in all plots of a run": seen.get("cursors", 0) > 1,
        "a zoom in all plots of a run": seen.get("canReset")
        and sum(zoomed < drawn for zoomed, drawn in zip(seen["zoomed"], seen["drawn"])) == seen["cursors"],
        "a way back": seen.get("whole") == seen.get("drawn") == seen.get("afterKeys"),
        "values for those who listen": "loss" in seen.get("spoken", ""),
        "a change of scale": seen.get("scaled"),
        "a finding that answers to its flag": seen.get("lit") == 1,
        "the plots of the inside": inside is None or seen.get("inside") == inside,
    }
    if inside:
        checks |= {
            "a cell for each parameter and step": 0 < heat.get("cells", 0) == heat.get("drawn")
            and heat.get("told") == heat.get("tried"),
            "cells in colours": heat.get("colors", 0) > 1,
            "a cell for those who listen": heat.get("spoken"),
            "a name for each matrix that is moved": seen.get("named"),
        }
    return [name for name, holds in checks.items() if not holds] + complaints


def diagnose(command, logs, page):
    result = subprocess.run([command, "diagnose", *logs, "--html", page], capture_output=True, text=True)
    if result.returncode not in (0, 1, 2):
        sys.exit(f"page check: {result.stderr}")


def assert_that_the_check_sees(browser, page, treated):
    """Pages that are broken on purpose have to be found out."""
    text = page.read_text()

    def without(*methods, text=text):
        return re.sub(f"({'|'.join(methods)})(\\([^)]*\\)) {{", r"\1\2 { return;", text)

    def ending(markup):
        return text.replace("</body>", markup + "</body>")

    defects = [
        ("CONSOLE", ending("<script>console.error('x')</script>")),
        ("CONSOLE", ending("<script>nothing()</script>")),
        ("CONSOLE", ending("<img src='http://localhost/x.png' alt=''>")),
        ("every plot drawn", without("drawCurve", "drawAxes")),
        ("the width of the screen", ending("<div style='width:3000px'>x</div>")),
        ("a zoom in all plots of a run", without("pointerup")),
        ("a way back", without("dblclick")),
        ("a finding that answers to its flag", without("card")),
        ("cells in colours", without("drawCell", text=treated.read_text())),
        ("a cell for each parameter and step", without("aim", text=treated.read_text())),
        ("a cell for those who listen", without("turn", text=treated.read_text())),
    ]
    for number, (problem, defect) in enumerate(defects):
        broken = page.with_name(f"broken-{number}.html")
        broken.write_text(defect)
        inside = 3 if "cell" in problem else 0
        found = problems(*browser.probe(broken, SIZES["desktop"]), SIZES["desktop"], inside)
        if not any(problem in each for each in found):
            sys.exit(f"page check: expected of a broken page: {problem}, got {found}")
    return len(defects)


def main(command, watched, pictures=None):
    failures = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        logs = folder / "logs"
        logs.mkdir()
        write_logs(logs)
        browser = Browser(folder)
        pages = {folder / "many.html": 0, folder / "one.html": 0}
        diagnose(command, [logs], folder / "many.html")
        diagnose(command, [logs / "exploding.jsonl"], folder / "one.html")
        for page in pathlib.Path(watched).glob("*.html"):
            copy = pathlib.Path(shutil.copy(page, folder))
            # The demonstration is many runs, some of them with an inside.
            pages[copy] = None if copy.stem == "demo" else 3
        for page, inside in pages.items():
            title = page.stem
            for screen, size in SIZES.items():
                for problem in problems(*browser.probe(page, size), size, inside):
                    print(f"{title} on a {screen}: expected {problem}")
                    failures += 1
                if pictures:
                    target = pathlib.Path(pictures).resolve() / f"{title}-{screen}.png"
                    target.parent.mkdir(parents=True, exist_ok=True)
                    browser.open(page, size, f"--screenshot={target}")
        defects = assert_that_the_check_sees(browser, folder / "one.html", folder / "treated.html")
    if failures:
        sys.exit(1)
    print(f"page check: {len(pages)} pages on {len(SIZES)} screens; {defects} broken ones found out")


main(*sys.argv[1:])
