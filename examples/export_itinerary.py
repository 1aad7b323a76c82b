"""Writes an itinerary as a calendar file, and as Markdown with its markup escaped.

$ python examples/export_itinerary.py
itinerary_rust.ics with 2 sessions
DTSTART:20260914T080000Z
# Event Itinerary
"""

import tempfile
from pathlib import Path

import eventkit

manifest = eventkit.load_manifest()
with tempfile.TemporaryDirectory() as directory:
    result = eventkit.export(manifest, ["rust"], 2, format="ics", output=directory)
    file = Path(result["saved"])
    print(f"{file.name} with {result['sessionCount']} sessions")
    print(next(line for line in file.read_text().splitlines() if line.startswith("DTSTART")))
markdown = eventkit.export(manifest, ["rust"], 2, escape=True)["markdown"]
print(markdown.splitlines()[0])
