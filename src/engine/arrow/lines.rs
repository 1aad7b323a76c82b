//! Writes the rows of a table as JSON, one session a line, for the loader of such lines.
//!
//! A null or NaN in a column is a missing value: the session then has no such key. Converting to text and reading it
//! again costs about as much as reading the text; in exchange, a table is read by the same rules as JSON.

use std::io::{self, Read};

use super::field::quote;
use super::{Array, Data, wrong};
use crate::engine::error::Error;

/// Reads batches of rows as lines of JSON.
pub struct Lines<B> {
    batches: B,
    batch: Option<(Table, usize)>,
    line: Vec<u8>,
    read: usize,
    rows: usize,
    failed: Option<Error>,
}

/// A batch, and for each column the text that goes before its value.
struct Table {
    columns: Vec<(Vec<u8>, Array)>,
    /// Added to a row before it is looked up in a column.
    offset: usize,
    len: usize,
}

/// The number of bytes that are written at once.
const PIECE: usize = 1 << 16;

impl<B: Iterator<Item = Result<Array, Error>>> Lines<B> {
    /// Makes a reader of batches.
    pub fn new(batches: B) -> Self {
        Self {
            batches,
            batch: None,
            line: Vec::new(),
            read: 0,
            rows: 0,
            failed: None,
        }
    }

    /// Returns the error that ended the reading, if one did.
    pub fn take_error(&mut self) -> Option<Error> {
        self.failed.take()
    }

    fn fill(&mut self) -> Result<(), Error> {
        self.line.clear();
        self.read = 0;
        while self.line.len() < PIECE {
            match &mut self.batch {
                Some((table, row)) if *row < table.len => {
                    let written = table.write(*row, &mut self.line);
                    written.map_err(|error| wrong(format!("row {}, {error}", self.rows)))?;
                    *row += 1;
                    self.rows += 1;
                }
                _ => match self.batches.next() {
                    Some(batch) => self.batch = Some((Table::new(batch?)?, 0)),
                    None => return Ok(()),
                },
            }
        }
        Ok(())
    }
}

impl<B: Iterator<Item = Result<Array, Error>>> Read for Lines<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.line.len() {
            self.fill().map_err(|error| {
                let message = error.to_string();
                self.failed = Some(error);
                io::Error::other(message)
            })?;
        }
        let rest = self.line.get(self.read..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        let (from, to) = (rest.get(..count), buffer.get_mut(..count));
        if let Some((from, to)) = from.zip(to) {
            to.copy_from_slice(from);
        }
        self.read += count;
        Ok(count)
    }
}

impl Table {
    fn new(batch: Array) -> Result<Self, Error> {
        let (kind, len, offset) = (batch.kind(), batch.len, batch.offset);
        let Data::Struct(columns) = batch.data else {
            return Err(wrong(format!("expected a table, not {kind} values")));
        };
        let mut names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        if !names.contains(&"title") {
            return Err(wrong(format!(
                "the table has no column \"title\", only {names:?}"
            )));
        }
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair.first() == pair.last());
        if let Some(name) = twice.and_then(|pair| pair.first()) {
            return Err(wrong(format!("two columns are named {name:?}")));
        }
        for column in &columns {
            check_column(column)?;
        }
        let columns = columns.into_iter().map(|column| {
            let mut head = Vec::new();
            quote(column.name.as_bytes(), &mut head)?;
            head.push(b':');
            Ok((head, column))
        });
        let columns = columns.collect::<Result<_, Error>>()?;
        Ok(Self {
            columns,
            offset,
            len,
        })
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let row = self.offset + row;
        let mut separator = b'{';
        for (head, column) in &self.columns {
            let of_column = |error| wrong(format!("column {:?}: {error}", column.name));
            if column.is_missing(row) {
                if column.name == "title" {
                    return Err(of_column(wrong("a session without a title".into())));
                }
                continue;
            }
            out.push(separator);
            separator = b',';
            out.extend_from_slice(head);
            if column.name == "tags" {
                column.refuse_null_items(row).map_err(of_column)?;
            }
            column.write(row, out).map_err(of_column)?;
        }
        out.extend_from_slice(b"}\n");
        Ok(())
    }
}

fn check_column(column: &Array) -> Result<(), Error> {
    let name = &column.name;
    let expected = match &**name {
        "title" if !column.holds_texts() => "texts",
        "tags" if !matches!(column.data, Data::Null) && !column.holds_lists_of_texts() => {
            "lists of texts"
        }
        _ => return Ok(()),
    };
    Err(wrong(format!(
        "column {name:?} has {} values, expected {expected}",
        column.kind()
    )))
}

impl Array {
    fn refuse_null_items(&self, row: usize) -> Result<(), Error> {
        let Data::List(_, child) = &self.data else {
            return Ok(());
        };
        let mut range = self.list(row)?.unwrap_or_default();
        if range.any(|at| child.is_null(at)) {
            return Err(wrong("a tag is null".into()));
        }
        Ok(())
    }
}
