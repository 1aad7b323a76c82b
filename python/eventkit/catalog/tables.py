"""Opens Parquet and Arrow files as streams of batches, with pyarrow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from eventkit._imports import required
from eventkit.errors import ManifestError
from eventkit.files import open_regular

__all__ = ["ENDINGS", "open_table"]

ENDINGS = (".parquet", ".arrow", ".feather")
"""The endings of the names of files that `open_table` reads."""

_ROWS = 1 << 16


def open_table(path: str | os.PathLike[str], ending: str | None = None) -> tuple[Any, int]:
    """Open a file as a stream of batches.

    Args:
        path: The file.
        ending: One of `ENDINGS` that says what the file is; that of its name when left out.

    Returns:
        A ``pyarrow.RecordBatchReader``, and the number of rows; 0 if the file does not say it.

    Raises:
        MissingExtraError: pyarrow is not installed.
        ManifestError: The file is damaged or of another kind; names it.
        OSError: The file cannot be read.
    """
    pyarrow = required("pyarrow")
    ending = Path(path).suffix if ending is None else ending
    open_regular(path).close()  # Never waits for a pipe.
    try:
        if ending == ".parquet":
            parquet = required("pyarrow.parquet")
            file = parquet.ParquetFile(path)
            batches = file.iter_batches(_ROWS)
            reader = pyarrow.RecordBatchReader.from_batches(file.schema_arrow, batches)
            return reader, file.metadata.num_rows
        ipc = required("pyarrow.ipc")
        source = pyarrow.memory_map(os.fspath(path))
        file = ipc.open_file(source)
        numbers = range(file.num_record_batches)
        batches = (file.get_batch(number) for number in numbers)
        return pyarrow.RecordBatchReader.from_batches(file.schema, batches), 0
    except pyarrow.ArrowException as error:
        raise ManifestError(os.fspath(path), str(error)) from None
