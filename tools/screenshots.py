"""Draw the pictures of docs/terminal.md and docs/notebook.md: real output, in a real browser.

Runs the commands at a terminal of 100 columns and the example notebook in a kernel, keeps the
notebook with its results, and takes pictures by Chromium. Look at them before they are committed.

Usage: .venv/bin/python tools/screenshots.py [terminal] [notebook]
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from io import BytesIO, StringIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "examples" / "notebook.ipynb"
COLUMNS = 100
COMMANDS = (
    ["recommend", "--interests", "k8s, rust, knitting", "--top", "5"],
    ["alternatives", "--session", "Safety Cases for Language Models", "--interests", "rust"],
    ["recomend", "--interests", "ai"],
)
PAGE = """<body style="margin:0;background:#16181d;color:#e6e6e6"><pre style="display:inline-block;
margin:0;padding:16px 20px;font:14px/1.35 'DejaVu Sans Mono',monospace">{}</pre></body>"""


def at_terminal(arguments: list[str]) -> str:
    """Run a command at a terminal, and return all that it printed."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "eventkit", *arguments]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            command, stdout=terminal, stderr=terminal, env=environment, cwd=folder
        )
        os.close(terminal)
        shown = b""
        try:
            while piece := os.read(controller, 65_536):
                shown += piece
        except OSError:  # how Linux says that the other side was closed
            pass
        process.wait()
    os.close(controller)
    return shown.decode().replace("\r\n", "\n")


def terminal_page() -> str:
    """Return a page with the output of the commands."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), highlight=False)
    for arguments in COMMANDS:
        words = [f'"{word}"' if " " in word else word for word in arguments]
        console.print(Text(f"$ eventkit {' '.join(words)}", "bold white"))
        console.print(Text.from_ansi(at_terminal(arguments)))
    return PAGE.format(console.export_html(inline_styles=True, code_format="{code}"))


def notebook_page(folder: Path) -> str:
    """Run the notebook, keep it with its results, and return it as a page."""
    convert = [sys.executable, "-m", "nbconvert"]
    subprocess.run(
        [*convert, "--to", "notebook", "--execute", "--inplace", NOTEBOOK], check=True, cwd=folder
    )
    subprocess.run([*convert, "--to", "html", NOTEBOOK, "--output-dir", folder], check=True)
    return folder.joinpath("notebook.html").read_text(encoding="utf-8")


def main() -> None:
    """Draw the pictures that the arguments name; both without any."""
    wanted = sys.argv[1:] or ["terminal", "notebook"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        context = browser.new_context(viewport={"width": 940, "height": 400}, offline=True)
        for name in wanted:
            page = context.new_page()
            html = terminal_page() if name == "terminal" else notebook_page(Path(folder))
            page.set_content(html, wait_until="domcontentloaded")
            shown = page.locator("pre" if name == "terminal" else "main, body").first
            picture = Image.open(BytesIO(shown.screenshot()))
            # Text needs few colours: a third of the bytes.
            picture.convert("RGB").quantize(64).save(ROOT / "docs" / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
