//! Loads the rows of a table as sessions.
//!
//! A null or NaN in a column is a missing value: the session then has no such key. Values are kept as
//! the text that JSON would have for them, so a table gives the same catalogue as the same sessions in JSON.

use core::ops::Range;
use std::sync::Arc;

use super::field::quote;
use super::{Array, Data, wrong};
use crate::engine::error::{Error, ErrorKind};
use crate::engine::json::{Hooks, KeyTable, Loaded, Name, Packed, Rows, load_packed};

/// The number of rows of a task: some hundred kilobytes of text.
const ROWS: usize = 4096;

/// Loads batches of rows, whose columns have the same names.
///
/// # Errors
///
/// Fails as `batches` does, if a value cannot be held (the error names its row and its column), and with `Unsupported`
/// if only Python can hold it.
pub fn load(
    mut batches: impl Iterator<Item = Result<Array, Error>>,
    hooks: &mut Hooks<'_>,
) -> Result<Loaded, Error> {
    let first = batches.next().transpose()?;
    let mut names = Vec::new();
    if let Some(first) = &first {
        first.collect_names(&mut names);
    }
    let keys = KeyTable::from_names(names);
    let tasks = Tasks {
        batches: first.clone().map(Ok).into_iter().chain(batches),
        keys: &keys,
        table: None,
        row: 0,
        rows: 0,
    };
    let tasks = tasks.map(|task| {
        task.map(|(table, rows, first)| {
            let keys = &keys;
            move |spare| table.pack(rows, first, keys, spare)
        })
    });
    load_packed(keys.clone(), tasks, hooks)
}

/// Divides batches into ranges of rows.
struct Tasks<'k, B> {
    batches: B,
    keys: &'k KeyTable,
    table: Option<Arc<Table>>,
    /// The next row of the table.
    row: usize,
    /// The number of rows before it, of all tables.
    rows: usize,
}

impl<B: Iterator<Item = Result<Array, Error>>> Iterator for Tasks<'_, B> {
    type Item = Result<(Arc<Table>, Range<usize>, usize), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(table) = &self.table
                && self.row < table.len
            {
                let rows = self.row..table.len.min(self.row + ROWS);
                let first = self.rows;
                self.row = rows.end;
                self.rows += rows.len();
                return Some(Ok((Arc::clone(table), rows, first)));
            }
            let table = self
                .batches
                .next()?
                .and_then(|batch| Table::new(batch, self.keys));
            match table {
                Ok(table) => self.table = Some(Arc::new(table)),
                Err(error) => return Some(Err(error)),
            }
            self.row = 0;
        }
    }
}

/// A batch, and the name of each column as it is packed.
struct Table {
    columns: Vec<(Name, Array)>,
    /// Added to a row before it is looked up in a column.
    offset: usize,
    len: usize,
}

impl Table {
    fn new(batch: Array, keys: &KeyTable) -> Result<Self, Error> {
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
            let mut quoted = Vec::new();
            quote(column.name.as_bytes(), &mut quoted)?;
            Ok((Name::new(&column.name, &quoted, keys), column))
        });
        let columns = columns.collect::<Result<_, Error>>()?;
        Ok(Self {
            columns,
            offset,
            len,
        })
    }

    /// Packs some rows. `first` is the number of the first of them among the rows of all tables.
    fn pack(
        &self,
        rows: Range<usize>,
        first: usize,
        keys: &KeyTable,
        spare: Packed,
    ) -> Result<Packed, Error> {
        let mut packed = Rows::reusing(spare);
        for (number, row) in (first..).zip(rows) {
            for (name, column) in &self.columns {
                self.pack_value(&mut packed, row, name, column, keys)
                    .map_err(|error| placed(error, number, &column.name))?;
            }
            packed.end();
        }
        Ok(packed.finish())
    }

    fn pack_value(
        &self,
        packed: &mut Rows,
        row: usize,
        name: &Name,
        column: &Array,
        keys: &KeyTable,
    ) -> Result<(), Error> {
        let row = self.offset + row;
        if column.is_missing(row) {
            return match &*column.name {
                "title" => Err(wrong("a session without a title".into())),
                _ => Ok(()),
            };
        }
        if column.name == "tags" {
            column.refuse_null_items(row)?;
        }
        packed.member(name, |out| column.pack(row, keys, out))
    }
}

/// Names the row and the column of an error, unless Python may hold the value.
fn placed(error: Error, row: usize, column: &str) -> Error {
    match error.kind() {
        ErrorKind::Unsupported(_) => error,
        _ => wrong(format!("row {row}, column {column:?}: {error}")),
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
    /// Adds the names of the members of its values, those of members inside members too.
    fn collect_names<'a>(&'a self, names: &mut Vec<&'a str>) {
        match &self.data {
            Data::Struct(children) => {
                for child in children {
                    names.push(&child.name);
                    child.collect_names(names);
                }
            }
            Data::List(_, child) | Data::Dictionary(_, child) => child.collect_names(names),
            _ => {}
        }
    }

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
