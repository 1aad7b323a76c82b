//! Gives arrays to other libraries through the C data interface of Apache Arrow.

use core::ffi::{CStr, c_void};
use core::ptr::NonNull;
use std::sync::Arc;

use super::abi::{Data, Schema, Stream};
use super::ranked::{Ids, RankedRows};

/// Keeps alive what the buffers of an array point to.
type Owner = Arc<dyn Send + Sync>;

/// An array that is to be exported, with its type.
struct Node {
    /// The letters of the type.
    format: &'static CStr,
    /// The name of the field.
    name: &'static CStr,
    /// The number of values.
    len: usize,
    /// How many of them are null.
    nulls: usize,
    /// The buffers; `None` for one that is left out.
    buffers: Vec<Option<NonNull<c_void>>>,
    /// The arrays inside it.
    children: Vec<Self>,
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

    /// Makes the struct of the array. The owner keeps alive what the buffers point to.
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

/// Ranked rows, with the ids of their sessions if the caller wants them.
#[derive(Debug)]
pub struct RankedColumns {
    /// The rows.
    pub rows: RankedRows,
    /// `None` if the caller wants no ids.
    pub ids: Option<Ids>,
}

impl RankedColumns {
    /// Makes the struct of the type: a list of structs for each row.
    pub fn schema(&self) -> Schema {
        self.node().kind().schema()
    }

    /// Makes the struct of the array, which keeps the columns alive.
    pub fn data(self: &Arc<Self>) -> Data {
        self.node().data(&self.owner())
    }

    /// Makes the struct of a stream of this one array, which keeps the columns alive.
    pub fn stream(self: &Arc<Self>) -> Stream {
        let kind = self.node().kind();
        Stream::once(Box::new(move || kind.schema()), self.data())
    }

    fn owner(self: &Arc<Self>) -> Owner {
        Arc::clone(self) as Owner
    }

    /// Describes a list of structs for each row, with pointers to the columns.
    fn node(&self) -> Node {
        fn start<T>(values: &[T]) -> Option<NonNull<c_void>> {
            NonNull::new(values.as_ptr().cast_mut().cast())
        }
        let Self { rows, ids } = self;
        let found = rows.places.len();
        let leaf = |format, name, nulls, buffers| Node {
            format,
            name,
            len: found,
            nulls,
            buffers,
            children: Vec::new(),
        };
        let valid = |bits: &Vec<u8>, nulls: usize| (nulls > 0).then(|| start(bits)).flatten();
        let mut members = vec![leaf(
            c"l",
            c"position",
            0,
            vec![None, start(&rows.positions)],
        )];
        members.extend(ids.as_ref().map(|ids| {
            let buffers = vec![
                valid(&ids.valid, ids.nulls),
                start(&ids.ends),
                start(&ids.bytes),
            ];
            leaf(c"u", c"id", ids.nulls, buffers)
        }));
        let scores = vec![None, start(&rows.scores)];
        members.push(leaf(c"g", c"score", 0, scores));
        let session = Node {
            format: c"+s",
            name: c"item",
            len: found,
            nulls: 0,
            buffers: vec![None],
            children: members,
        };
        Node {
            format: c"+l",
            name: c"best",
            len: rows.len(),
            nulls: rows.nulls(),
            buffers: vec![valid(&rows.valid, rows.nulls()), start(&rows.ends)],
            children: vec![session],
        }
    }
}
