//! The structs of the C data interface of Apache Arrow: <https://arrow.apache.org/docs/format/CDataInterface.html>. One
//! of the few `unsafe` files of the crate.
//!
//! Three structs of C pass arrays between libraries of one process. Whoever makes one fills in a function that releases
//! it, and whoever takes one over calls that function once. A producer promises that its pointers are valid until then
//! and that its buffers are as long as the type, the lengths and the ends inside the buffers say. This file believes
//! those promises, as every consumer must, and turns pointers into slices; its neighbours check all numbers in them.
//! So the functions of this file are safe to call, but for [`Owned::take_from`].
//!
//! A prototype with the crate `arrow-array` took `cargo tree` from 95 lines to 177, and its capsules and streams were
//! `unsafe` too. So the three structs are written out here.

#![allow(unsafe_code)]

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{NonNull, null, null_mut};
use std::sync::Arc;

/// The function that releases a struct.
pub type Release<T> = Option<unsafe extern "C" fn(*mut T)>;

/// `struct ArrowSchema`.
#[repr(C)]
pub struct Schema {
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
pub struct Data {
    pub(super) length: i64,
    pub(super) null_count: i64,
    pub(super) offset: i64,
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
pub struct Stream {
    schema: Option<unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int>,
    next: Option<unsafe extern "C" fn(*mut Stream, *mut Data) -> c_int>,
    last_error: Option<unsafe extern "C" fn(*mut Stream) -> *const c_char>,
    release: Release<Stream>,
    private: *mut c_void,
}

/// A struct that is released when it is dropped.
pub trait Owned: Sized {
    /// The name that Arrow gives to a capsule with such a struct.
    const NAME: &'static CStr;
    /// A struct that is released already.
    const EMPTY: Self;
    /// Returns the function of the producer that releases the struct; `None` if it is released.
    fn release(&mut self) -> &mut Release<Self>;

    /// Takes the struct over that is at an address; `None` if somebody did before.
    ///
    /// # Safety
    /// A valid `Self` must be there, which nobody else uses meanwhile.
    unsafe fn take_from(mut held: NonNull<Self>) -> Option<Self> {
        // SAFETY: as the caller says.
        let held = unsafe { held.as_mut() };
        let is_there = held.release().is_some();
        is_there.then(|| core::mem::replace(held, Self::EMPTY))
    }
}

macro_rules! owned {
    ($kind:ident $name:literal { $($field:ident: $value:expr),* }) => {
        impl Owned for $kind {
            const NAME: &'static CStr = $name;
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

owned!(Schema c"arrow_schema" {
    format: null(),
    name: null(),
    metadata: null(),
    flags: 0,
    child_count: 0,
    children: null_mut(),
    dictionary: null_mut()
});
owned!(Data c"arrow_array" {
    length: 0,
    null_count: 0,
    offset: 0,
    buffer_count: 0,
    child_count: 0,
    buffers: null_mut(),
    children: null_mut(),
    dictionary: null_mut()
});
owned!(Stream c"arrow_array_stream" {
    schema: None,
    next: None,
    last_error: None
});

// SAFETY: a shared reference to an array only reads what its producer promises not to change.
unsafe impl Sync for Data {}
// SAFETY: as for `Data`.
unsafe impl Sync for Schema {}

impl Stream {
    /// Asks for the type of the arrays.
    /// Returns the number of the error if the producer fails.
    pub(super) fn schema(&mut self) -> Result<Schema, c_int> {
        let mut schema = Schema::EMPTY;
        // SAFETY: the function belongs to this stream, and fills in the struct if it returns 0.
        match self.schema.map(|get| unsafe { get(self, &raw mut schema) }) {
            None | Some(0) => Ok(schema),
            Some(number) => Err(number),
        }
    }

    /// Asks for the next array; `None` after the last.
    /// Returns the number of the error if the producer fails.
    pub(super) fn next_array(&mut self) -> Result<Option<Data>, c_int> {
        let mut data = Data::EMPTY;
        // SAFETY: the function belongs to this stream, and fills in the struct if it returns 0.
        match self.next.map(|next| unsafe { next(self, &raw mut data) }) {
            // A released array marks the end.
            None | Some(0) => Ok(data.release.is_some().then_some(data)),
            Some(number) => Err(number),
        }
    }

    /// Returns the message of the last error, if there is one.
    pub(super) fn last_error(&mut self) -> Option<String> {
        // SAFETY: the function belongs to this stream.
        let message = unsafe { self.last_error?(self) };
        text(message).map(|text| text.to_string_lossy().into_owned())
    }
}

fn text<'a>(pointer: *const c_char) -> Option<&'a CStr> {
    // SAFETY: the producer promises a text that ends with NUL; callers bind it to the struct that it lives as long as.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) })
}

impl Schema {
    /// Returns the name of the field, if it has one.
    pub(super) fn name(&self) -> Option<&CStr> {
        text(self.name)
    }

    /// Returns the letters of the type.
    pub(super) fn format(&self) -> Option<&CStr> {
        text(self.format)
    }

    /// Returns how many structs are inside this one, as the producer says.
    pub(super) fn children(&self) -> i64 {
        self.child_count
    }

    /// Returns a struct inside this one.
    pub(super) fn child(&self, number: usize) -> Option<&Self> {
        child(self.children, self.child_count, number)
    }

    /// Returns the struct of the values that the numbers of this one stand for.
    pub(super) fn dictionary(&self) -> Option<&Self> {
        // SAFETY: the producer promises a valid pointer or a null one; what it points to lives as long as this struct.
        unsafe { self.dictionary.as_ref() }
    }
}

impl Data {
    /// Returns how many structs are inside this one, as the producer says.
    pub(super) fn children(&self) -> i64 {
        self.child_count
    }

    /// Returns a struct inside this one.
    pub(super) fn child(&self, number: usize) -> Option<&Self> {
        child(self.children, self.child_count, number)
    }

    /// Returns the struct of the values that the numbers of this one stand for.
    pub(super) fn dictionary(&self) -> Option<&Self> {
        // SAFETY: as for `Schema::dictionary`.
        unsafe { self.dictionary.as_ref() }
    }

    /// Returns the number of buffers.
    pub(super) fn buffers(&self) -> usize {
        usize::try_from(self.buffer_count).unwrap_or(0)
    }

    /// Returns the first `len` bytes of a buffer, if there is one. The type and the lengths of the array must promise
    /// that many, and `owner` must be this array or the one that it is inside of.
    pub(super) fn buffer(&self, number: usize, len: usize, owner: &Arc<Self>) -> Option<Buffer> {
        if number >= self.buffers() || self.buffers.is_null() {
            return None;
        }
        // SAFETY: the producer promises an array of that many pointers.
        let pointer = unsafe { *self.buffers.add(number) };
        Some(Buffer {
            start: NonNull::new(pointer.cast_mut().cast())?,
            len,
            _owner: Arc::clone(owner),
        })
    }
}

fn child<'a, T>(children: *mut *mut T, count: i64, number: usize) -> Option<&'a T> {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the producer promises that many valid pointers; callers bind what they point to to their parent.
    (number < count && !children.is_null()).then(|| unsafe { (*children.add(number)).as_ref() })?
}

/// Bytes of another library, whose owner it keeps alive.
pub(super) struct Buffer {
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

/// What the pointers of an exported struct need to stay valid.
struct Private<T> {
    buffers: Vec<*const c_void>,
    children: Vec<*mut T>,
    /// Keeps the memory alive that the buffers point to.
    _owner: Arc<dyn Send + Sync>,
}

impl<T> Private<T> {
    fn new(buffers: Vec<*const c_void>, children: Vec<T>, owner: Arc<dyn Send + Sync>) -> Self {
        let children = children
            .into_iter()
            .map(|child| Box::into_raw(Box::new(child)));
        Self {
            buffers,
            children: children.collect(),
            _owner: owner,
        }
    }
}

macro_rules! release {
    ($name:ident, $kind:ident) => {
        unsafe extern "C" fn $name(held: *mut $kind) {
            // SAFETY: only `export` fills in this function, with a `Private` of the same type, and the interface calls
            // it once. A child that was moved elsewhere is marked; dropping it does not release it again.
            unsafe {
                let private = Box::from_raw((*held).private.cast::<Private<$kind>>());
                for &child in &private.children {
                    drop(Box::from_raw(child));
                }
                (*held).release = None;
            }
        }
    };
}

release!(release_data, Data);
release!(release_schema, Schema);

impl Schema {
    /// Makes the struct of a type whose values may be null.
    pub(super) fn export(format: &'static CStr, name: &'static CStr, children: Vec<Self>) -> Self {
        const NULLABLE: i64 = 2;
        let mut private = Box::new(Private::new(Vec::new(), children, Arc::new(())));
        Self {
            format: format.as_ptr(),
            name: name.as_ptr(),
            flags: NULLABLE,
            child_count: private.children.len() as i64,
            children: private.children.as_mut_ptr(),
            release: Some(release_schema),
            private: Box::into_raw(private).cast(),
            ..Self::EMPTY
        }
    }
}

impl Data {
    /// Makes the struct of an array. The owner keeps alive what the buffers point to.
    pub(super) fn export(
        len: usize,
        nulls: usize,
        buffers: &[Option<NonNull<c_void>>],
        children: Vec<Self>,
        owner: &Arc<dyn Send + Sync>,
    ) -> Self {
        let pointer = |buffer: &Option<NonNull<c_void>>| {
            buffer.map_or(null(), |buffer| buffer.as_ptr().cast_const())
        };
        let buffers = buffers.iter().map(pointer).collect();
        let mut private = Box::new(Private::new(buffers, children, Arc::clone(owner)));
        Self {
            length: len as i64,
            null_count: nulls as i64,
            buffer_count: private.buffers.len() as i64,
            child_count: private.children.len() as i64,
            buffers: private.buffers.as_mut_ptr(),
            children: private.children.as_mut_ptr(),
            release: Some(release_data),
            private: Box::into_raw(private).cast(),
            ..Self::EMPTY
        }
    }
}

/// A stream of one exported array.
struct Once {
    schema: Box<dyn Fn() -> Schema + Send>,
    data: Option<Data>,
}

unsafe extern "C" fn once_schema(stream: *mut Stream, out: *mut Schema) -> c_int {
    // SAFETY: only `Stream::once` fills in these functions, with a `Once`. The caller's struct may hold anything.
    unsafe {
        let once = &*(*stream).private.cast::<Once>();
        out.write((once.schema)());
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

impl Stream {
    /// Makes a stream of one array.
    pub(super) fn once(schema: Box<dyn Fn() -> Schema + Send>, data: Data) -> Self {
        let once = Once {
            schema,
            data: Some(data),
        };
        Self {
            schema: Some(once_schema),
            next: Some(once_next),
            last_error: Some(once_error),
            release: Some(release_once),
            private: Box::into_raw(Box::new(once)).cast(),
        }
    }
}
