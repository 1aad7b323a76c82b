//! Gives arrays to other libraries through the C data interface of Apache Arrow.

use core::ffi::{CStr, c_void};
use core::ptr::NonNull;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::arrow_abi::{Data, Owned, Schema, Stream};

/// Keeps alive what the buffers of an array point to.
pub(super) type Owner = Arc<dyn Send + Sync>;

/// An array that is to be exported, with its type.
pub(super) struct Node {
    pub(super) format: &'static CStr,
    pub(super) name: &'static CStr,
    pub(super) len: usize,
    pub(super) nulls: usize,
    /// The buffers; `None` for one that is left out.
    pub(super) buffers: Vec<Option<NonNull<c_void>>>,
    pub(super) children: Vec<Self>,
}

/// The type of an array.
#[derive(Clone)]
struct Kind {
    format: &'static CStr,
    name: &'static CStr,
    children: Vec<Self>,
}

impl Kind {
    fn schema(&self) -> Schema {
        let children = self.children.iter().map(Self::schema).collect();
        Schema::export(self.format, self.name, children)
    }
}

impl Node {
    fn kind(&self) -> Kind {
        Kind {
            format: self.format,
            name: self.name,
            children: self.children.iter().map(Self::kind).collect(),
        }
    }

    fn data(&self, owner: &Owner) -> Data {
        let children = self.children.iter().map(|child| child.data(owner));
        Data::export(
            self.len,
            self.nulls,
            &self.buffers,
            children.collect(),
            owner,
        )
    }
}

/// Makes the capsule of a type.
pub(super) fn schema_capsule<'py>(py: Python<'py>, node: &Node) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, node.kind().schema(), Schema::NAME)
}

/// Makes the capsule of an array. The owner keeps alive what the buffers point to.
pub(super) fn array_capsule<'py>(
    py: Python<'py>,
    node: &Node,
    owner: &Owner,
) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, node.data(owner), Data::NAME)
}

/// Makes the capsule of a stream of one array.
pub(super) fn stream_capsule<'py>(
    py: Python<'py>,
    node: &Node,
    owner: &Owner,
) -> PyResult<Bound<'py, PyCapsule>> {
    let kind = node.kind();
    let stream = Stream::once(Box::new(move || kind.schema()), node.data(owner));
    PyCapsule::new_with_value(py, stream, Stream::NAME)
}
