//! Reads arrays in the memory format of Apache Arrow, without a copy.
//!
//! A [`Source`] gives the buffers of an array; [`import`] makes one of the C data interface. Invariant of
//! an [`Array`]: every buffer has as many values as its length and offset need. Numbers inside the buffers (ends of
//! texts and lists) are checked when they are used, so a wrong array gives an error and never a read outside a buffer.

pub mod abi;
pub mod export;
mod field;
pub mod import;
pub mod ranked;
pub mod table;

use core::ops::Range;

use crate::engine::error::Error;
use crate::engine::file::column::{Column, Plain};

/// Gives the buffers of an array, and of the arrays inside it.
#[allow(clippy::missing_errors_doc)] // All fail if the producer's array contradicts itself.
pub trait Source: Sized {
    /// Returns the name of the field.
    fn name(&self) -> Result<&str, Error>;
    /// Returns the type, in the letters of the C data interface.
    fn format(&self) -> Result<&str, Error>;
    /// Returns the number of values, and how many to skip before the first.
    fn extent(&self) -> Result<(usize, usize), Error>;
    /// Returns a buffer of `count` values. Fails if it has no such buffer.
    fn column<T: Plain>(&self, number: usize, count: usize) -> Result<Column<T>, Error>;
    /// Returns the bits of the values that are not null; `None` if all are not.
    fn valid(&self, bits: usize) -> Result<Option<Column<u8>>, Error>;
    /// Returns the number of buffers.
    fn buffers(&self) -> usize;
    /// Returns the arrays inside it.
    fn children(&self) -> Result<Vec<Self>, Error>;
    /// Returns the array of the values that its numbers stand for.
    fn dictionary(&self) -> Option<Self>;
}

/// An array.
#[derive(Clone, Debug)]
pub struct Array {
    /// The name of the field.
    pub name: String,
    /// The type, in the letters of the C data interface.
    format: String,
    len: usize,
    offset: usize,
    valid: Option<Column<u8>>,
    data: Data,
}

#[derive(Clone, Debug)]
enum Data {
    Null,
    Bool(Column<u8>),
    Number(Numbers),
    Text(Text),
    List(Ends, Box<Array>),
    Struct(Vec<Array>),
    Dictionary(Numbers, Box<Array>),
    /// A type whose values are not read. Only its nulls are known.
    Other,
}

#[derive(Clone, Debug)]
enum Numbers {
    I8(Column<i8>),
    I16(Column<i16>),
    I32(Column<i32>),
    I64(Column<i64>),
    U8(Column<u8>),
    U16(Column<u16>),
    U32(Column<u32>),
    U64(Column<u64>),
    F32(Column<f32>),
    F64(Column<f64>),
}

/// Where each list ends among the values of its child.
#[derive(Clone, Debug)]
enum Ends {
    Short(Column<i32>),
    Long(Column<i64>),
    Fixed(usize),
}

#[derive(Clone, Debug)]
enum Text {
    Plain(Ends, Column<u8>),
    View(Column<[u8; 16]>, Vec<Column<u8>>),
}

/// The deepest nesting of types that is read.
const MOST_DEPTH: usize = 32;

impl Array {
    /// Reads an array.
    ///
    /// # Errors
    ///
    /// Fails if a buffer is missing, or if lengths contradict each other.
    pub fn read(source: &impl Source) -> Result<Self, Error> {
        Self::nested(source, 0)
    }

    fn nested(source: &impl Source, depth: usize) -> Result<Self, Error> {
        if depth > MOST_DEPTH {
            return Err(wrong(format!("types nested more than {MOST_DEPTH} deep")));
        }
        let (len, offset) = source.extent()?;
        let end = len.checked_add(offset);
        let end = end.ok_or_else(|| wrong(format!("{len} values after {offset}")))?;
        let format = source.format()?;
        let data = match source.dictionary() {
            Some(values) => {
                let numbers = Numbers::read(source, format, end)?;
                let numbers = numbers.ok_or_else(|| {
                    wrong(format!(
                        "a dictionary whose numbers have the type {format:?}"
                    ))
                })?;
                Data::Dictionary(numbers, Box::new(Self::nested(&values, depth + 1)?))
            }
            None => Self::data(source, format, end, depth)?,
        };
        let has_bits = !matches!(data, Data::Null) && source.buffers() > 0;
        Ok(Self {
            name: source.name()?.to_owned(),
            format: format.to_owned(),
            len,
            offset,
            valid: if has_bits { source.valid(end)? } else { None },
            data,
        })
    }

    fn data(source: &impl Source, format: &str, end: usize, depth: usize) -> Result<Data, Error> {
        let children = || -> Result<Vec<Self>, Error> {
            let children = source.children()?;
            children
                .iter()
                .map(|child| Self::nested(child, depth + 1))
                .collect()
        };
        let only = || -> Result<Box<Self>, Error> {
            let mut children = children()?;
            let child = children.pop().filter(|_| children.is_empty());
            child
                .map(Box::new)
                .ok_or_else(|| wrong(format!("{format:?} without one child")))
        };
        Ok(match format {
            "n" => Data::Null,
            "b" => Data::Bool(source.column(1, end.div_ceil(8))?),
            "u" => Data::Text(Text::plain(source, Ends::short(source, end)?)?),
            "U" => Data::Text(Text::plain(source, Ends::long(source, end)?)?),
            "vu" => Data::Text(Text::view(source, end)?),
            "+l" => Data::List(Ends::short(source, end)?, only()?),
            "+L" => Data::List(Ends::long(source, end)?, only()?),
            "+s" => Data::Struct(children()?),
            _ => {
                if let Some(size) = format.strip_prefix("+w:") {
                    let size = size
                        .parse()
                        .map_err(|_| wrong(format!("the type {format:?}")))?;
                    return Ok(Data::List(Ends::Fixed(size), only()?));
                }
                Numbers::read(source, format, end)?.map_or(Data::Other, Data::Number)
            }
        })
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns true if there are no values.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns true if a value is null.
    pub fn is_null(&self, at: usize) -> bool {
        let at = self.offset + at;
        let bit = |bits: &Column<u8>| {
            bits.get(at / 8)
                .is_none_or(|byte| byte >> (at % 8) & 1 == 0)
        };
        matches!(self.data, Data::Null) || self.valid.as_ref().is_some_and(bit)
    }

    /// Returns true if the values are lists of texts.
    pub fn holds_lists_of_texts(&self) -> bool {
        matches!(&self.data, Data::List(_, child) if child.holds_texts())
    }

    fn holds_texts(&self) -> bool {
        match &self.data {
            Data::Null | Data::Text(_) => true,
            Data::Dictionary(_, values) => values.holds_texts(),
            _ => false,
        }
    }

    /// Returns the names of the members, if the values are structs.
    pub fn members(&self) -> Option<impl Iterator<Item = &str>> {
        match &self.data {
            Data::Struct(children) => Some(children.iter().map(|child| &*child.name)),
            _ => None,
        }
    }

    /// Returns the name of the type in words.
    pub fn kind(&self) -> String {
        field::words(&self.format, matches!(self.data, Data::Dictionary(..)))
    }

    /// Calls `visit` with each interest in the list at a row. Returns false if the row is null.
    ///
    /// # Errors
    ///
    /// Fails if a text is null, or lies outside its buffer; also as `visit` does. The message names no row.
    pub fn visit_interests<'a>(
        &'a self,
        row: usize,
        mut visit: impl FnMut(&'a [u8]) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let Data::List(_, child) = &self.data else {
            return Err(wrong(format!(
                "expected lists of texts, not {}",
                self.kind()
            )));
        };
        let Some(range) = self.list(row)? else {
            return Ok(false);
        };
        for at in range {
            let text = child.text(at)?;
            visit(text.ok_or_else(|| wrong("an interest is null".into()))?)?;
        }
        Ok(true)
    }

    /// Returns the range of a list among the values of its child, or `None` if it is null.
    fn list(&self, at: usize) -> Result<Option<Range<usize>>, Error> {
        let Data::List(ends, child) = &self.data else {
            return Ok(None);
        };
        if self.is_null(at) {
            return Ok(None);
        }
        let range = ends.range(self.offset + at);
        let range = range.filter(|range| range.end <= child.len);
        range
            .map(Some)
            .ok_or_else(|| wrong("a list that leaves its values".into()))
    }

    /// Returns a text, or `None` if it is null or the values are not texts.
    fn text(&self, at: usize) -> Result<Option<&[u8]>, Error> {
        if self.is_null(at) {
            return Ok(None);
        }
        let at = self.offset + at;
        let outside = || wrong("a text that leaves its buffer".into());
        match &self.data {
            Data::Text(text) => text.get(at).map(Some).ok_or_else(outside),
            Data::Dictionary(numbers, values) => {
                let number = numbers.index(at).filter(|&number| number < values.len);
                values.text(number.ok_or_else(outside)?)
            }
            _ => Ok(None),
        }
    }
}

impl Ends {
    fn short(source: &impl Source, end: usize) -> Result<Self, Error> {
        // Without values, a producer may leave the buffer out.
        let count = if end == 0 { 0 } else { end + 1 };
        Ok(Self::Short(source.column(1, count)?))
    }

    fn long(source: &impl Source, end: usize) -> Result<Self, Error> {
        let count = if end == 0 { 0 } else { end + 1 };
        Ok(Self::Long(source.column(1, count)?))
    }

    fn range(&self, at: usize) -> Option<Range<usize>> {
        let (start, end) = match self {
            Self::Short(ends) => {
                let pair = ends.get(at..at.checked_add(2)?)?;
                (
                    usize::try_from(*pair.first()?).ok()?,
                    usize::try_from(*pair.last()?).ok()?,
                )
            }
            Self::Long(ends) => {
                let pair = ends.get(at..at.checked_add(2)?)?;
                (
                    usize::try_from(*pair.first()?).ok()?,
                    usize::try_from(*pair.last()?).ok()?,
                )
            }
            Self::Fixed(size) => {
                let start = at.checked_mul(*size)?;
                (start, start.checked_add(*size)?)
            }
        };
        (start <= end).then_some(start..end)
    }

    fn last(&self) -> Option<usize> {
        match self {
            Self::Short(ends) => ends.last().map_or(Some(0), |&end| end.try_into().ok()),
            Self::Long(ends) => ends.last().map_or(Some(0), |&end| end.try_into().ok()),
            Self::Fixed(_) => None,
        }
    }
}

impl Text {
    fn plain(source: &impl Source, ends: Ends) -> Result<Self, Error> {
        let last = ends
            .last()
            .ok_or_else(|| wrong("texts that end before they start".into()))?;
        Ok(Self::Plain(ends, source.column(2, last)?))
    }

    fn view(source: &impl Source, end: usize) -> Result<Self, Error> {
        let views = source.column(1, end)?;
        // After the bits and the views come the buffers, and last a buffer of their lengths.
        let count = source.buffers().saturating_sub(3);
        let lengths: Column<i64> = source.column(source.buffers().saturating_sub(1), count)?;
        let buffers = lengths.iter().zip(2..).map(|(&length, number)| {
            let length = usize::try_from(length);
            source.column(
                number,
                length.map_err(|_| wrong("a buffer of negative length".into()))?,
            )
        });
        Ok(Self::View(views, buffers.collect::<Result<_, _>>()?))
    }

    #[inline]
    fn get(&self, at: usize) -> Option<&[u8]> {
        match self {
            Self::Plain(ends, bytes) => bytes.get(ends.range(at)?),
            Self::View(views, buffers) => {
                let view = views.get(at)?;
                let number = |start: usize| {
                    let bytes: [u8; 4] = view.get(start..start + 4)?.try_into().ok()?;
                    usize::try_from(i32::from_le_bytes(bytes)).ok()
                };
                let length = number(0)?;
                if length <= 12 {
                    return view.get(4..4 + length);
                }
                let start = number(12)?;
                buffers
                    .get(number(8)?)?
                    .get(start..start.checked_add(length)?)
            }
        }
    }
}

impl Numbers {
    /// Reads the values of a type that is stored as numbers; `None` for other types.
    fn read(source: &impl Source, format: &str, end: usize) -> Result<Option<Self>, Error> {
        Ok(Some(match format {
            "c" => Self::I8(source.column(1, end)?),
            "C" => Self::U8(source.column(1, end)?),
            "s" => Self::I16(source.column(1, end)?),
            "S" => Self::U16(source.column(1, end)?),
            "i" | "tdD" | "tts" | "ttm" => Self::I32(source.column(1, end)?),
            "I" => Self::U32(source.column(1, end)?),
            "l" | "tdm" | "ttu" | "ttn" => Self::I64(source.column(1, end)?),
            "L" => Self::U64(source.column(1, end)?),
            "f" => Self::F32(source.column(1, end)?),
            "g" => Self::F64(source.column(1, end)?),
            _ if format.starts_with("ts") => Self::I64(source.column(1, end)?),
            _ => return Ok(None),
        }))
    }

    fn index(&self, at: usize) -> Option<usize> {
        match self {
            Self::I8(numbers) => (*numbers.get(at)?).try_into().ok(),
            Self::I16(numbers) => (*numbers.get(at)?).try_into().ok(),
            Self::I32(numbers) => (*numbers.get(at)?).try_into().ok(),
            Self::I64(numbers) => (*numbers.get(at)?).try_into().ok(),
            Self::U8(numbers) => Some((*numbers.get(at)?).into()),
            Self::U16(numbers) => Some((*numbers.get(at)?).into()),
            Self::U32(numbers) => (*numbers.get(at)?).try_into().ok(),
            Self::U64(numbers) => (*numbers.get(at)?).try_into().ok(),
            Self::F32(_) | Self::F64(_) => None,
        }
    }
}

/// Makes the error for an array that cannot be read.
fn wrong(message: String) -> Error {
    Error::arrow(message)
}
