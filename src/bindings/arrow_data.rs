//! The C data interface of Apache Arrow, in and out: <https://arrow.apache.org/docs/format/CDataInterface.html>. One of
//! the few `unsafe` files of the crate.
//!
//! Three structs of C pass arrays between libraries of one process. Whoever makes one fills in a function that releases
//! it, and whoever takes one over calls that function once. A producer promises that its pointers are valid until then
//! and that its buffers are as long as the type, the lengths and the ends inside the buffers say. This file believes
//! those promises, as every consumer must, and turns pointers into slices; `engine/arrow` checks all numbers in them.
//!
//! A prototype with the crate `arrow-array` took `cargo tree` from 95 lines to 177, and its capsules and streams were
//! `unsafe` too. So the three structs are written out here.

#![allow(unsafe_code)]

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{NonNull, null, null_mut};
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::engine::arrow::{Array, Source};
use crate::engine::error::Error;
use crate::engine::file::column::{Column, Plain};

type Release<T> = Option<unsafe extern "C" fn(*mut T)>;

/// `struct ArrowSchema`.
#[repr(C)]
pub(super) struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    child_count: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: Release<Schema>,
    private: *mut c_void,
}

/// `struct ArrowArray`.
#[repr(C)]
pub(super) struct Data {
    length: i64,
    null_count: i64,
    offset: i64,
    buffer_count: i64,
    child_count: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Data,
    dictionary: *mut Data,
    release: Release<Data>,
    private: *mut c_void,
}

/// `struct ArrowArrayStream`.
#[repr(C)]
pub(super) struct Stream {
    schema: Option<unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int>,
    next: Option<unsafe extern "C" fn(*mut Stream, *mut Data) -> c_int>,
    last_error: Option<unsafe extern "C" fn(*mut Stream) -> *const c_char>,
    release: Release<Stream>,
    private: *mut c_void,
}

/// A struct that is released when it is dropped.
trait Owned: Sized {
    /// A struct that is released already.
    const EMPTY: Self;
    fn release(&mut self) -> &mut Release<Self>;
}

macro_rules! owned {
    ($kind:ident { $($field:ident: $value:expr),* }) => {
        impl Owned for $kind {
            const EMPTY: Self = Self { $($field: $value,)* release: None, private: null_mut() };
            fn release(&mut self) -> &mut Release<Self> {
                &mut self.release
            }
        }

        impl Drop for $kind {
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: the producer's function, called once: it marks the struct as released, and no struct of
                    // this type is ever copied without marking the other one.
                    unsafe { release(self) }
                }
            }
        }

        // SAFETY: the interface lets every thread use and release a struct, one at a time. Shared references to
        // `Data` and `Schema` only read, and a `Stream` is only used by `&mut`.
        unsafe impl Send for $kind {}
    };
}

owned!(Schema {
    format: null(),
    name: null(),
    metadata: null(),
    flags: 0,
    child_count: 0,
    children: null_mut(),
    dictionary: null_mut()
});
owned!(Data {
    length: 0,
    null_count: 0,
    offset: 0,
    buffer_count: 0,
    child_count: 0,
    buffers: null_mut(),
    children: null_mut(),
    dictionary: null_mut()
});
owned!(Stream {
    schema: None,
    next: None,
    last_error: None
});

// SAFETY: a shared reference to an array only reads what its producer promises not to change.
unsafe impl Sync for Data {}
// SAFETY: as for `Data`.
unsafe impl Sync for Schema {}

/// Takes the struct of a capsule over; `None` if somebody did before.
///
/// # Safety
///
/// The pointer is that of a live capsule whose name says that it holds a `T`, and the thread is attached to Python.
unsafe fn take<T: Owned>(pointer: NonNull<c_void>) -> Option<T> {
    // SAFETY: by the contract above, a valid `T` is there, and nobody else uses it while this thread is attached.
    let held = unsafe { pointer.cast::<T>().as_mut() };
    held.release()
        .is_some()
        .then(|| core::mem::replace(held, T::EMPTY))
}

/// An array with its type.
pub(super) struct Imported {
    schema: Arc<Schema>,
    data: Arc<Data>,
}

impl Imported {
    /// Takes over the structs of two capsules.
    ///
    /// # Safety
    ///
    /// The pointers are those of live capsules named `arrow_schema` and `arrow_array`, and the thread is attached.
    unsafe fn take(schema: NonNull<c_void>, data: NonNull<c_void>) -> Option<Self> {
        // SAFETY: the names of the capsules say what they hold.
        let (schema, data) = unsafe { (take::<Schema>(schema)?, take::<Data>(data)?) };
        Some(Self {
            schema: Arc::new(schema),
            data: Arc::new(data),
        })
    }

    /// Returns the array, for the engine to read.
    pub(super) fn source(&self) -> Foreign<'_> {
        Foreign {
            schema: &self.schema,
            data: &self.data,
            owner: &self.data,
        }
    }
}

/// A stream of arrays of one type.
pub(super) struct Chunks {
    stream: Stream,
    schema: Option<Arc<Schema>>,
}

impl Chunks {
    /// A stream that has ended.
    const ENDED: Self = Self {
        stream: Stream::EMPTY,
        schema: None,
    };

    /// Takes over the struct of a capsule.
    ///
    /// # Safety
    ///
    /// The pointer is that of a live capsule named `arrow_array_stream`, and the thread is attached.
    unsafe fn take(stream: NonNull<c_void>) -> Option<Self> {
        // SAFETY: the name of the capsule says what it holds.
        let stream = unsafe { take::<Stream>(stream)? };
        Some(Self {
            stream,
            schema: None,
        })
    }

    fn failed(&mut self, number: c_int) -> Error {
        // SAFETY: the function belongs to this stream. Its text is valid until the stream's next call.
        let text = self.stream.last_error.and_then(|last_error| unsafe {
            let text = last_error(&raw mut self.stream);
            (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
        });
        let text = text.unwrap_or_else(|| format!("error {number}"));
        Error::arrow(format!("the source of the table failed: {text}"))
    }

    fn schema(&mut self) -> Result<Arc<Schema>, Error> {
        if let Some(schema) = &self.schema {
            return Ok(Arc::clone(schema));
        }
        let mut schema = Schema::EMPTY;
        if let Some(get) = self.stream.schema {
            // SAFETY: the function belongs to this stream, and fills in the struct if it returns 0.
            let number = unsafe { get(&raw mut self.stream, &raw mut schema) };
            if number != 0 {
                return Err(self.failed(number));
            }
        }
        let schema = Arc::new(schema);
        self.schema = Some(Arc::clone(&schema));
        Ok(schema)
    }
}

impl Iterator for Chunks {
    type Item = Result<Imported, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.stream.next?;
        let schema = match self.schema() {
            Ok(schema) => schema,
            Err(error) => {
                self.stream.next = None;
                return Some(Err(error));
            }
        };
        let mut data = Data::EMPTY;
        // SAFETY: the function belongs to this stream, and fills in the struct if it returns 0.
        let number = unsafe { self.stream.next?(&raw mut self.stream, &raw mut data) };
        if number != 0 {
            // A stream that failed is not asked again.
            let failed = self.failed(number);
            self.stream.next = None;
            return Some(Err(failed));
        }
        // A released array marks the end.
        data.release?;
        Some(Ok(Imported {
            schema,
            data: Arc::new(data),
        }))
    }
}

/// An array of another library, or one inside it.
pub(super) struct Foreign<'a> {
    schema: &'a Schema,
    data: &'a Data,
    /// Keeps the buffers alive.
    owner: &'a Arc<Data>,
}

/// A buffer of another library, whose owner it keeps alive.
struct Buffer {
    start: NonNull<u8>,
    len: usize,
    _owner: Arc<Data>,
}

// SAFETY: the bytes are not changed while the owner lives.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the producer promises a buffer of this length for this type, until its array is released.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl Foreign<'_> {
    fn pointer(&self, number: usize) -> Option<NonNull<u8>> {
        let count = usize::try_from(self.data.buffer_count).unwrap_or(0);
        if number >= count || self.data.buffers.is_null() {
            return None;
        }
        // SAFETY: the producer promises an array of that many pointers.
        let pointer = unsafe { *self.data.buffers.add(number) };
        NonNull::new(pointer.cast_mut().cast())
    }
}

fn text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str, Error> {
    if pointer.is_null() {
        return Ok("");
    }
    // SAFETY: the producer promises a text that ends with NUL and lives as long as its schema; callers bind it to that.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str()
        .map_err(|_| Error::arrow(format!("the {what} of a column is not UTF-8")))
}

impl Source for Foreign<'_> {
    fn name(&self) -> Result<&str, Error> {
        text(self.schema.name, "name")
    }

    fn format(&self) -> Result<&str, Error> {
        text(self.schema.format, "type")
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
        let start = self.pointer(number);
        let start =
            start.ok_or_else(|| Error::arrow(format!("an array without its buffer {number}")))?;
        let len = count
            .checked_mul(size_of::<T>())
            .filter(|&len| isize::try_from(len).is_ok());
        let len = len.ok_or_else(|| Error::arrow(format!("a buffer of {count} values")))?;
        let buffer = Arc::new(Buffer {
            start,
            len,
            _owner: Arc::clone(self.owner),
        });
        Ok(Column::view(&buffer, 0..len).unwrap_or_else(|| {
            // Its start is not a multiple of the size of a value.
            bytemuck::pod_collect_to_vec::<u8, T>((*buffer).as_ref()).into()
        }))
    }

    fn valid(&self, bits: usize) -> Result<Option<Column<u8>>, Error> {
        if self.data.null_count == 0 || self.pointer(0).is_none() {
            return Ok(None);
        }
        self.column(0, bits.div_ceil(8)).map(Some)
    }

    fn buffers(&self) -> usize {
        usize::try_from(self.data.buffer_count).unwrap_or(0)
    }

    fn children(&self) -> Result<Vec<Self>, Error> {
        let (columns, arrays) = (self.schema.child_count, self.data.child_count);
        let count = usize::try_from(columns).ok().filter(|_| columns == arrays);
        let wrong = || Error::arrow(format!("{arrays} arrays for {columns} columns"));
        let count = count.ok_or_else(wrong)?;
        let child = |number: usize| {
            // SAFETY: the producer promises that many valid pointers in both, which live as long as their parents.
            let (schema, data) = unsafe {
                (
                    (*self.schema.children.add(number)).as_ref(),
                    (*self.data.children.add(number)).as_ref(),
                )
            };
            let both = schema.zip(data).map(|(schema, data)| Self {
                schema,
                data,
                owner: self.owner,
            });
            both.ok_or_else(|| Error::arrow(format!("no array for column {number}")))
        };
        (0..count).map(child).collect()
    }

    fn dictionary(&self) -> Option<Self> {
        // SAFETY: the producer promises valid pointers or null ones; what they point to lives as long as the parents.
        let (schema, data) = unsafe {
            (
                self.schema.dictionary.as_ref()?,
                self.data.dictionary.as_ref()?,
            )
        };
        Some(Self {
            schema,
            data,
            owner: self.owner,
        })
    }
}

/// What the pointers of an exported array need to stay valid.
struct Private<T> {
    buffers: Vec<*const c_void>,
    children: Vec<*mut T>,
    /// The owner of what the buffers point to.
    _owner: Arc<dyn Send + Sync>,
}

unsafe extern "C" fn release_data(data: *mut Data) {
    // SAFETY: only `Node::data` and `Node::schema` fill in these functions, with a `Private` of the same type, and the
    // interface calls them once. Children that were moved elsewhere are marked, and are not released here.
    unsafe {
        drop_private::<Data>((*data).private);
        (*data).release = None;
    }
}

unsafe extern "C" fn release_schema(schema: *mut Schema) {
    // SAFETY: as in `release_data`.
    unsafe {
        drop_private::<Schema>((*schema).private);
        (*schema).release = None;
    }
}

/// # Safety
///
/// The pointer came from `Box::into_raw` of a `Private<T>`, and its children from `Box::into_raw`.
unsafe fn drop_private<T>(private: *mut c_void) {
    // SAFETY: by the contract above. Dropping a child releases it if nobody took it over.
    unsafe {
        let private = Box::from_raw(private.cast::<Private<T>>());
        for &child in &private.children {
            drop(Box::from_raw(child));
        }
    }
}

/// An array that is to be exported, with its type.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) format: &'static CStr,
    pub(super) name: &'static CStr,
    pub(super) len: usize,
    pub(super) nulls: usize,
    /// The buffers; `None` for one that is left out.
    pub(super) buffers: Vec<Option<NonNull<c_void>>>,
    pub(super) children: Vec<Self>,
}

impl Node {
    /// Makes the struct of the type.
    pub(super) fn schema(&self) -> Schema {
        const NULLABLE: i64 = 2;
        let children = self
            .children
            .iter()
            .map(|child| Box::into_raw(Box::new(child.schema())));
        let children: Vec<*mut Schema> = children.collect();
        let private = Private {
            buffers: Vec::new(),
            children,
            _owner: Arc::new(()),
        };
        let mut private = Box::new(private);
        Schema {
            format: self.format.as_ptr(),
            name: self.name.as_ptr(),
            metadata: null(),
            flags: NULLABLE,
            child_count: private.children.len() as i64,
            children: private.children.as_mut_ptr(),
            dictionary: null_mut(),
            release: Some(release_schema),
            private: Box::into_raw(private).cast(),
        }
    }

    /// Makes the struct of the array. The owner keeps alive what the buffers point to.
    pub(super) fn data(&self, owner: &Arc<dyn Send + Sync>) -> Data {
        let children = self
            .children
            .iter()
            .map(|child| Box::into_raw(Box::new(child.data(owner))));
        let buffers = self
            .buffers
            .iter()
            .map(|buffer| buffer.map_or(null(), |buffer| buffer.as_ptr().cast_const()));
        let private = Private {
            buffers: buffers.collect(),
            children: children.collect(),
            _owner: Arc::clone(owner),
        };
        let mut private = Box::new(private);
        Data {
            length: self.len as i64,
            null_count: self.nulls as i64,
            offset: 0,
            buffer_count: private.buffers.len() as i64,
            child_count: private.children.len() as i64,
            buffers: private.buffers.as_mut_ptr(),
            children: private.children.as_mut_ptr(),
            dictionary: null_mut(),
            release: Some(release_data),
            private: Box::into_raw(private).cast(),
        }
    }
}

/// A stream of one exported array.
struct Once {
    node: Node,
    data: Option<Data>,
}

unsafe extern "C" fn once_schema(stream: *mut Stream, out: *mut Schema) -> c_int {
    // SAFETY: only `stream_of` fills in these functions, with a `Once`. The caller's struct may hold anything.
    unsafe {
        let once = &*(*stream).private.cast::<Once>();
        out.write(once.node.schema());
    }
    0
}

unsafe extern "C" fn once_next(stream: *mut Stream, out: *mut Data) -> c_int {
    // SAFETY: as in `once_schema`; the interface calls one function of a stream at a time.
    unsafe {
        let once = &mut *(*stream).private.cast::<Once>();
        out.write(once.data.take().unwrap_or(Data::EMPTY));
    }
    0
}

unsafe extern "C" fn once_error(_: *mut Stream) -> *const c_char {
    null()
}

unsafe extern "C" fn release_once(stream: *mut Stream) {
    // SAFETY: as in `once_schema`; the interface calls it once.
    unsafe {
        drop(Box::from_raw((*stream).private.cast::<Once>()));
        (*stream).release = None;
    }
}

/// Makes a stream of one array.
fn stream_of(node: &Node, owner: &Arc<dyn Send + Sync>) -> Stream {
    let once = Once {
        node: node.clone(),
        data: Some(node.data(owner)),
    };
    Stream {
        schema: Some(once_schema),
        next: Some(once_next),
        last_error: Some(once_error),
        release: Some(release_once),
        private: Box::into_raw(Box::new(once)).cast(),
    }
}

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// What a caller gives as an array or a table.
pub(super) enum Given {
    /// One array.
    One(Imported),
    /// A stream of arrays.
    Many(Chunks),
}

impl Given {
    /// Takes over the array or the stream of an object; `None` if it has neither.
    pub(super) fn of(object: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let used = || {
            PyValueError::new_err("the Arrow capsule was used before: it holds nothing any more")
        };
        if object.hasattr("__arrow_c_array__")? {
            let capsules = object.call_method0("__arrow_c_array__")?;
            let (schema, data): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) =
                capsules.extract()?;
            let (schema, data) = (
                schema.pointer_checked(Some(SCHEMA))?,
                data.pointer_checked(Some(ARRAY))?,
            );
            // SAFETY: the capsules live until the end of this block, and their names were checked.
            let taken = unsafe { Imported::take(schema, data) };
            return taken.map(Self::One).map(Some).ok_or_else(used);
        }
        if object.hasattr("__arrow_c_stream__")? {
            let capsule = object.call_method0("__arrow_c_stream__")?;
            let capsule = capsule.cast_into::<PyCapsule>().map_err(PyErr::from)?;
            let stream = capsule.pointer_checked(Some(STREAM))?;
            // SAFETY: the capsule lives until the end of this block, and its name was checked.
            let taken = unsafe { Chunks::take(stream) };
            return taken.map(Self::Many).map(Some).ok_or_else(used);
        }
        Ok(None)
    }
}

impl Iterator for Given {
    type Item = Result<Array, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Many(chunks) => Some(
                chunks
                    .next()?
                    .and_then(|chunk| Array::read(&chunk.source())),
            ),
            Self::One(_) => {
                let Self::One(array) = core::mem::replace(self, Self::Many(Chunks::ENDED)) else {
                    return None;
                };
                Some(Array::read(&array.source()))
            }
        }
    }
}

/// Makes the capsule of a type.
pub(super) fn schema_capsule<'py>(py: Python<'py>, node: &Node) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, node.schema(), SCHEMA)
}

/// Makes the capsule of an array. The owner keeps alive what the buffers point to.
pub(super) fn array_capsule<'py>(
    py: Python<'py>,
    node: &Node,
    owner: &Arc<dyn Send + Sync>,
) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, node.data(owner), ARRAY)
}

/// Makes the capsule of a stream of one array.
pub(super) fn stream_capsule<'py>(
    py: Python<'py>,
    node: &Node,
    owner: &Arc<dyn Send + Sync>,
) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, stream_of(node, owner), STREAM)
}
