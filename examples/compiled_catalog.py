"""Compiles 20,000 sessions once, saves them, and answers from the file.

$ python examples/compiled_catalog.py
Catalog(20,000 sessions)
['Talk 19996', 'Talk 19993', 'Talk 19990']
['Talk 11995', 'Talk 11992', 'Talk 11989']
"""

import tempfile
from pathlib import Path

from eventkit import Catalog, Filter

sessions = [
    {
        "id": f"talk-{number}",
        "title": f"Talk {number}",
        "tags": ["Rust" if number % 7 == 0 else "Python", f"level {number % 3}"],
        "location": f"Room {number // 4_000}",
        "popularity": number / 20_000,
    }
    for number in range(20_000)
]

with tempfile.TemporaryDirectory() as directory:
    file = Path(directory) / "talks.catalog"
    Catalog(sessions).save(file)
    catalog = Catalog.open(file)  # by memory map: processes share it
    print(catalog)
    for choice in (None, Filter(locations=["Room 2"])):
        found = catalog.recommend(["python", "level 1"], 3, filter=choice)
        print([session["title"] for session in found["sessions"]])
