//! The parts of a saved catalogue: its compiled sessions, and the JSON of the manifest's other fields.

use super::segment::Segment;
use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};

const SESSIONS: &str = "sessions";
const FIELDS: &str = "fields";

/// Writes both parts.
///
/// # Errors
///
/// Fails as [`Writer::column`] does.
pub fn write(writer: &mut Writer<'_>, segment: &Segment, fields: &[u8]) -> Result<(), Error> {
    writer.column(FIELDS, fields)?;
    segment.save(&mut writer.under(SESSIONS))
}

/// Opens both parts. The checksum of the fields is always compared, because every answer depends on their weights.
///
/// # Errors
///
/// Fails if the fields are damaged, and as [`Segment::open`] does.
pub fn read(reader: &Reader) -> Result<(Segment, Column<u8>), Error> {
    let fields = fields(reader)?;
    Ok((Segment::open(&reader.under(SESSIONS))?, fields))
}

/// Opens the JSON of the manifest's other fields, and compares its checksum.
///
/// # Errors
///
/// Fails if the fields are damaged or missing.
pub fn fields(reader: &Reader) -> Result<Column<u8>, Error> {
    reader.verify_section(FIELDS)?;
    reader.column(FIELDS)
}
