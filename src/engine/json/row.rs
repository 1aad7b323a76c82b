//! Packs sessions whose values come one by one, as compact JSON, instead of as a text to be checked.

use super::error::JsonError;
use super::key::{self, KeyId, KeyTable};
use super::loaded::{Hooks, Joiner, Loaded, Shape};
use super::number;
use super::session::{Columns, Row, id_hash};
use super::string;
use super::token::{Token, Tokens};
use crate::engine::error::Error;
use crate::engine::ordered_tasks::{BufferPool, in_order};
use crate::engine::ranking::score::Number;

/// The name of a member.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Name {
    key: Option<KeyId>,
    /// The name as it stands in packed text, before the value.
    packed: Vec<u8>,
}

impl Name {
    /// Finds a name, which is given as a JSON string too.
    pub(in crate::engine) fn new(name: &str, quoted: &[u8], keys: &KeyTable) -> Self {
        let key = keys.find(name);
        let packed = match key {
            Some(key) => vec![KeyTable::byte(key)],
            None => [quoted, b":"].concat(),
        };
        Self { key, packed }
    }

    /// Returns the name as it stands in packed text, before the value.
    pub(in crate::engine) fn packed(&self) -> &[u8] {
        &self.packed
    }
}

/// Sessions that were packed so far, and the one that is being packed.
#[derive(Debug)]
pub(in crate::engine) struct Rows {
    columns: Columns,
    row: Row,
}

/// The sessions of one task.
#[derive(Debug, Default)]
pub(in crate::engine) struct Packed(Columns);

impl Rows {
    /// Makes a packer that reuses the memory of sessions that were joined.
    pub(in crate::engine) fn reusing(spare: Packed) -> Self {
        let mut columns = spare.0;
        columns.clear();
        Self {
            columns,
            row: Row::new(0, 0),
        }
    }

    /// Adds a member to the session. `write` appends its value as compact JSON, with packed names. A session has no
    /// name twice.
    ///
    /// # Errors
    ///
    /// Fails as `write` does, and with `Unsupported` if only Python can hold the value.
    pub(in crate::engine) fn member(
        &mut self,
        name: &Name,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let text = &mut self.columns.text;
        let separator = if text.len() == self.row.text {
            b'{'
        } else {
            b','
        };
        text.push(separator);
        text.extend_from_slice(&name.packed);
        let from = text.len();
        write(text)?;
        let Some(key) = name.key else { return Ok(()) };
        let columns = &mut self.columns;
        let value = columns.text.get(from..).unwrap_or_default();
        match key {
            key::TITLE => self.row.title = Some(from + 1..columns.text.len() - 1),
            key::TAGS => {
                let mut tokens = Tokens::new(value);
                while let Some(token) = tokens.next() {
                    if let Token::Str(tag) = token {
                        let end = from + tokens.at() - 1;
                        let place = end - tag.len()..end;
                        columns
                            .tags
                            .push(columns.raw_tags.intern(&columns.text, place));
                    }
                }
            }
            key::POPULARITY => {
                let number = popularity(value);
                self.row.popularity = number.map_err(|message| self.unsupported(message))?;
            }
            key::ID => self.row.id = id_hash(value),
            _ => match u32::try_from(from - self.row.text) {
                Ok(offset) if offset < u32::MAX => self.row.spans.set(key, offset),
                _ => return Err(self.unsupported("a session of more than 4 GiB")),
            },
        }
        Ok(())
    }

    /// Ends the session, which has a title.
    pub(in crate::engine) fn end(&mut self) {
        self.columns.text.push(b'}');
        let title = self.row.title.clone().unwrap_or_default();
        let title = self.columns.text.get(title).unwrap_or_default();
        let end = self.columns.text.len();
        let title = string::decode(title).into_owned();
        self.columns.push(&self.row, &title, end);
        self.row = Row::new(self.columns.text.len(), self.columns.tags.len());
    }

    /// Returns the sessions.
    pub(in crate::engine) fn finish(self) -> Packed {
        Packed(self.columns)
    }

    #[cold]
    fn unsupported(&self, message: &'static str) -> Error {
        JsonError::unsupported(0, message).into_error(b"", 1, Some(self.columns.len()))
    }
}

/// Reads a popularity, as the reader of JSON does.
fn popularity(value: &[u8]) -> Result<Number, &'static str> {
    match value {
        b"true" => Ok(Number::Int(1)),
        b"false" => Ok(Number::Int(0)),
        _ => match number::parse(value, 0) {
            Some(Ok(parsed)) => parsed.value.ok_or("a popularity beyond 64 bits"),
            _ => Err("a popularity is no number"),
        },
    }
}

/// Loads sessions that tasks pack, in the order of the tasks.
///
/// # Errors
///
/// Fails with the first error of a task, or if there are too many sessions or tags.
pub(in crate::engine) fn load_packed<F>(
    keys: KeyTable,
    tasks: impl Iterator<Item = Result<F, Error>>,
    hooks: &mut Hooks<'_>,
) -> Result<Loaded, Error>
where
    F: FnOnce(Packed) -> Result<Packed, Error> + Send,
{
    let mut joiner = Joiner::new(Shape::Lines, hooks.lower);
    let mut bytes = 0;
    let spare = BufferPool::default();
    let tasks = tasks.map(|task| task.map(|task| || task(spare.take())));
    in_order(
        hooks.pool,
        tasks,
        |result| result.recv(),
        |packed: Result<Packed, Error>| {
            let packed = packed?;
            joiner.push(&packed.0, &packed.0.text)?;
            bytes += packed.0.text.len() as u64;
            spare.give(packed);
            hooks.report(bytes, joiner.len())?;
            Ok(true)
        },
    )?;
    Ok(joiner.finish(keys, hooks.pool))
}
