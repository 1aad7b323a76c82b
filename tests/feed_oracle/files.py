"""Which oracle reads which real feed."""

from feed_oracle import calendars, frab, sites, tables

ORACLES = {
    "frab-json": frab.schedule_json,
    "schedule2": frab.schedule2,
    "schedule-xml": frab.schedule_xml,
    "xcal": calendars.xcal,
    "ics": calendars.ics,
    "sessionize-all": sites.sessionize_all,
    "sessionize-grid": sites.sessionize_groups,
    "sessionize-sessions": sites.sessionize_groups,
    "microsoft": sites.microsoft,
    "openevent": sites.openevent,
    "pycon-json": sites.pycon,
    "hackertracker": sites.hackertracker,
    "aws-reinvent-2020.json": sites.aws,
    "google-io-2018.json": sites.google_io,
    "neuroinformatics-2015-gca.json": sites.gca,
    "orconf-2019.json": sites.orconf,
    "psconfeu-2019.json": sites.psconfeu,
    "pyconfr-2024.json": sites.pyconfr,
    "pyconjp-2019.json": sites.pyconjp,
    "swiftconnection-2023.json": sites.swiftconnection,
    "droidcon-berlin-2025.csv": tables.droidcon,
    "eurobioc-2025.csv": tables.eurobioc,
    "iswc-2016.csv": tables.iswc,
    "kumanofes-2021.csv": tables.kumanofes,
    "psconfeu-2019.csv": tables.psconfeu,
}
"""The oracle of a format, or of one file of a format without a specification."""


def oracle_of(path, format):
    """Return the oracle of a file."""
    return ORACLES.get(path.name) or ORACLES[format]
