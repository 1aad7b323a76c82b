//! The large arrays of the engine. A column owns its values, or is a typed view of bytes with another owner (a memory
//! map, a loaded buffer).
//!
//! Invariant: range, size and alignment are checked once, when the column is made. The column keeps the owner alive.
//! Reading costs one load for both kinds. Cloning copies no values.

use core::fmt;
use core::ops::{Deref, Range};
use std::sync::Arc;

use bytemuck::Pod;
use yoke::Yoke;
use yoke::erased::ErasedArcCart;

/// A type of value that a column can hold: no padding, no pointers, and every pattern of bits is valid.
pub trait Plain: Pod + Send + Sync {}

impl<T: Pod + Send + Sync> Plain for T {}

/// An immutable array of plain values.
///
/// It can be read like a slice:
///
/// ```
/// use eventkit::engine::file::column::Column;
///
/// let column = Column::from(vec![3_u32, 1, 4]);
/// assert_eq!(column.iter().sum::<u32>(), 8);
/// assert_eq!(column.nbytes(), 12);
/// ```
#[derive(Clone)]
pub struct Column<T: Plain> {
    slice: Yoke<&'static [T], ErasedArcCart>,
    owned: bool,
}

impl<T: Plain> Column<T> {
    /// Makes a view of the values at `range` of the bytes of `owner`.
    ///
    /// Returns `None` if the range leaves the bytes, or if its start or length does not fit a `T`.
    pub fn view<B>(owner: &Arc<B>, range: Range<usize>) -> Option<Self>
    where
        B: AsRef<[u8]> + Send + Sync + 'static,
    {
        let slice = Yoke::try_attach_to_cart(Arc::clone(owner), |owner| {
            let bytes = owner.as_ref().get(range).ok_or(())?;
            bytemuck::try_cast_slice(bytes).map_err(|_| ())
        });
        Some(Self {
            slice: slice.ok()?.erase_arc_cart(),
            owned: false,
        })
    }

    /// Returns the memory used, in bytes; 0 for a view.
    pub fn nbytes(&self) -> usize {
        if self.owned { size_of_val(&**self) } else { 0 }
    }
}

impl<T: Plain> Deref for Column<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.slice.get()
    }
}

impl<T: Plain> From<Box<[T]>> for Column<T> {
    fn from(values: Box<[T]>) -> Self {
        let slice = Yoke::attach_to_cart(Arc::new(values), |values| &**values);
        Self {
            slice: slice.erase_arc_cart(),
            owned: true,
        }
    }
}

/// Makes a column of a vector. Frees the unused capacity.
impl<T: Plain> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        values.into_boxed_slice().into()
    }
}

impl<T: Plain> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        values.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T: Plain> Default for Column<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<'a, T: Plain> IntoIterator for &'a Column<T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Plain + PartialEq> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Plain + Eq> Eq for Column<T> {}

/// Shows the kind and the number of values, because there may be millions of them.
impl<T: Plain> fmt::Debug for Column<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.owned { "owned" } else { "view" };
        write!(
            formatter,
            "Column({kind}, {} × {} bytes)",
            self.len(),
            size_of::<T>()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view<T: Plain>(bytes: &Arc<Vec<u8>>, range: Range<usize>) -> Option<Vec<T>> {
        Column::view(bytes, range).map(|column| column.to_vec())
    }

    #[test]
    fn a_view_takes_whole_values_inside_its_owner_only() {
        let bytes = Arc::new(vec![1_u8; 64]);
        assert_eq!(view(&bytes, 62..64), Some(vec![1_u8, 1]));
        assert_eq!(view::<u8>(&bytes, 64..64), Some(Vec::new()));
        assert_eq!(view::<u8>(&bytes, 63..65), None);
        assert_eq!(view::<u8>(&bytes, usize::MAX..usize::MAX), None);
        #[expect(clippy::reversed_empty_ranges)]
        let reversed = 9..8;
        assert_eq!(view::<u8>(&bytes, reversed), None);
        assert_eq!(view::<u32>(&bytes, 0..7), None);

        let aligned = bytes.as_ptr().align_offset(align_of::<u64>());
        assert_eq!(
            view(&bytes, aligned..aligned + 8),
            Some(vec![0x0101_0101_0101_0101_u64])
        );
        assert_eq!(view::<u64>(&bytes, aligned + 1..aligned + 9), None);
    }

    #[test]
    fn a_view_outlives_every_other_handle_of_its_owner() {
        let bytes = Arc::new(vec![7_u8; 3]);
        let column: Column<u8> = Column::view(&bytes, 1..3).expect("in range");
        drop(bytes);
        assert_eq!((&*column, column.nbytes()), (&[7_u8, 7][..], 0));
        assert_eq!(column, Column::from(vec![7, 7]));
    }

    #[test]
    fn owned_columns_hold_no_more_than_they_show() {
        let mut values = Vec::with_capacity(100);
        values.push(1.5_f64);
        let column = Column::from(values);
        let copy = column.clone();
        assert_eq!((column.nbytes(), copy.as_ptr()), (8, column.as_ptr()));
        assert_eq!(format!("{column:?}"), "Column(owned, 1 × 8 bytes)");
        assert_eq!(Column::<u16>::default().nbytes(), 0);
    }
}
