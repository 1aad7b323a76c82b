"""The real programmes that the page is tried with, as `eventkit serve --feed` makes them."""

import json

from eventkit.feeds import portable_manifest, read

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
FEEDS = {
    "FOSDEM": "feeds/schedule-xml/fosdem-2026.xml",
    "re:Invent": "feeds/other-json/aws-reinvent-2020.json",
}


def manifest_of(folder, name):
    """The manifest of a real programme; `None` if its file is not there."""
    if name == "Gen Con":
        file = folder / "gencon-2017.sessions.json"
        if not file.is_file():
            return None
        sessions = json.loads(file.read_text("utf-8"))
        return {"name": "Gen Con 2017", "weights": WEIGHTS, "sessions": sessions}
    file = folder / FEEDS[name]
    return portable_manifest(read(file))[0] if file.is_file() else None
