//! Reads arrays that other libraries give through the C data interface of Apache Arrow.

use core::ffi::{CStr, c_int};
use std::sync::Arc;

use super::abi::{Data, Schema, Stream};
use super::{Array, Source};
use crate::engine::error::Error;
use crate::engine::file::column::{Column, Plain};

/// An array with its type.
struct Imported {
    schema: Arc<Schema>,
    data: Arc<Data>,
}

impl Imported {
    fn read(&self) -> Result<Array, Error> {
        Array::read(&Foreign {
            schema: &self.schema,
            data: &self.data,
            owner: &self.data,
        })
    }
}

/// A stream of arrays of one type.
struct Chunks {
    stream: Stream,
    schema: Option<Arc<Schema>>,
    /// Whether it ended or failed. A stream that failed is not asked again.
    ended: bool,
}

impl Chunks {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            schema: None,
            ended: false,
        }
    }

    fn failed(&mut self, number: c_int) -> Error {
        let text = self.stream.last_error();
        let text = text.unwrap_or_else(|| format!("error {number}"));
        Error::arrow(format!("the source of the table failed: {text}"))
    }

    fn schema(&mut self) -> Result<Arc<Schema>, Error> {
        if let Some(schema) = &self.schema {
            return Ok(Arc::clone(schema));
        }
        let schema = self.stream.schema();
        let schema = Arc::new(schema.map_err(|number| self.failed(number))?);
        self.schema = Some(Arc::clone(&schema));
        Ok(schema)
    }

    fn read(&mut self) -> Result<Option<Imported>, Error> {
        let schema = self.schema()?;
        let data = self.stream.next_array();
        let data = data.map_err(|number| self.failed(number))?;
        Ok(data.map(|data| Imported {
            schema,
            data: Arc::new(data),
        }))
    }
}

impl Iterator for Chunks {
    type Item = Result<Imported, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read();
        self.ended = !matches!(read, Ok(Some(_)));
        read.transpose()
    }
}

/// The arrays that a caller gives, as one array or as a stream of the chunks of a table.
pub struct Arrays(Given);

enum Given {
    /// One array, until it was read.
    One(Option<Imported>),
    /// A stream of arrays.
    Many(Chunks),
}

impl Arrays {
    /// Makes the source of one array.
    pub fn one(schema: Schema, data: Data) -> Self {
        Self(Given::One(Some(Imported {
            schema: Arc::new(schema),
            data: Arc::new(data),
        })))
    }

    /// Makes the source of a stream of arrays.
    pub fn many(stream: Stream) -> Self {
        Self(Given::Many(Chunks::new(stream)))
    }
}

impl Iterator for Arrays {
    type Item = Result<Array, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Given::Many(chunks) => Some(chunks.next()?.and_then(|chunk| chunk.read())),
            Given::One(array) => Some(array.take()?.read()),
        }
    }
}

/// An array of another library, or one inside it.
struct Foreign<'a> {
    schema: &'a Schema,
    data: &'a Data,
    /// Keeps the buffers alive.
    owner: &'a Arc<Data>,
}

fn utf8<'a>(text: Option<&'a CStr>, what: &str) -> Result<&'a str, Error> {
    let text = text.unwrap_or_default().to_str();
    text.map_err(|_| Error::arrow(format!("the {what} of a column is not UTF-8")))
}

impl<'a> Foreign<'a> {
    fn inside(&self, schema: &'a Schema, data: &'a Data) -> Self {
        Self {
            schema,
            data,
            owner: self.owner,
        }
    }
}

impl Source for Foreign<'_> {
    fn name(&self) -> Result<&str, Error> {
        utf8(self.schema.name(), "name")
    }

    fn format(&self) -> Result<&str, Error> {
        utf8(self.schema.format(), "type")
    }

    fn extent(&self) -> Result<(usize, usize), Error> {
        let (len, offset) = (self.data.length, self.data.offset);
        match (usize::try_from(len), usize::try_from(offset)) {
            (Ok(len), Ok(offset)) if len.max(offset) <= isize::MAX as usize / 32 => {
                Ok((len, offset))
            }
            _ => Err(Error::arrow(format!(
                "an array of {len} values after {offset}"
            ))),
        }
    }

    fn column<T: Plain>(&self, number: usize, count: usize) -> Result<Column<T>, Error> {
        if count == 0 {
            return Ok(Column::default());
        }
        let len = count
            .checked_mul(size_of::<T>())
            .filter(|&len| isize::try_from(len).is_ok());
        let len = len.ok_or_else(|| Error::arrow(format!("a buffer of {count} values")))?;
        let buffer = self.data.buffer(number, len, self.owner);
        let missing = || Error::arrow(format!("an array without its buffer {number}"));
        let buffer = Arc::new(buffer.ok_or_else(missing)?);
        Ok(Column::view(&buffer, 0..len).unwrap_or_else(|| {
            // Its start is not a multiple of the size of a value.
            bytemuck::pod_collect_to_vec::<u8, T>((*buffer).as_ref()).into()
        }))
    }

    fn valid(&self, bits: usize) -> Result<Option<Column<u8>>, Error> {
        if self.data.null_count == 0 || self.data.buffer(0, 0, self.owner).is_none() {
            return Ok(None);
        }
        self.column(0, bits.div_ceil(8)).map(Some)
    }

    fn buffers(&self) -> usize {
        self.data.buffers()
    }

    fn children(&self) -> Result<Vec<Self>, Error> {
        let (columns, arrays) = (self.schema.children(), self.data.children());
        let count = usize::try_from(columns).ok().filter(|_| columns == arrays);
        let wrong = || Error::arrow(format!("{arrays} arrays for {columns} columns"));
        let count = count.ok_or_else(wrong)?;
        let child = |number: usize| {
            let both = self.schema.child(number).zip(self.data.child(number));
            let child = both.map(|(schema, data)| self.inside(schema, data));
            child.ok_or_else(|| Error::arrow(format!("no array for column {number}")))
        };
        (0..count).map(child).collect()
    }

    fn dictionary(&self) -> Option<Self> {
        let (schema, data) = (self.schema.dictionary()?, self.data.dictionary()?);
        Some(self.inside(schema, data))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use super::Arrays;
    use crate::engine::arrow::export::RankedColumns;
    use crate::engine::arrow::ranked::RankedRows;
    use crate::engine::catalog::Place;

    /// Three rows: two sessions, a null row, one session.
    fn columns() -> Arc<RankedColumns> {
        let rows = RankedRows {
            places: vec![Place { part: 0, local: 0 }; 3],
            positions: vec![7, 8, 9],
            scores: vec![3.5, 2.5, 1.5],
            ends: vec![0, 2, 2, 3],
            valid: vec![0b101],
        };
        Arc::new(RankedColumns { rows, ids: None })
    }

    #[test]
    fn exported_rows_are_imported_as_they_were() {
        let columns = columns();
        let arrays = [
            Arrays::one(columns.schema(), columns.data()),
            Arrays::many(columns.stream()),
        ];
        for arrays in arrays {
            let read: Vec<_> = arrays.collect::<Result<_, _>>().unwrap();
            assert_eq!(read.len(), 1);
            let array = read.first().unwrap();
            assert_eq!((array.len(), array.kind()), (3, String::from("list")));
            assert_eq!(
                [0, 1, 2].map(|row| array.is_null(row)),
                [false, true, false]
            );
        }
    }

    #[test]
    fn columns_live_until_the_last_struct_is_released() {
        let columns = columns();
        let (data, stream) = (columns.data(), columns.stream());
        assert!(Arc::strong_count(&columns) > 1);
        drop((data, stream));
        assert_eq!(Arc::strong_count(&columns), 1);
    }
}
