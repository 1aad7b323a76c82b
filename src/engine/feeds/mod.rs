//! Reads the programmes that conferences publish, in fourteen formats, into one kind of session.
//!
//! [`read`] recognises the format by the content and never by the name of a file. Each format has a module of its own,
//! which fills [`Session`]s and gives them to a [`Programme`]. Times keep the offset that the feed names; a time without
//! one gets the offset of the programme's zone, if there is one. Nothing outside the given bytes is ever read: no
//! external entity, no schema, no link. O(bytes) in time and memory.

mod clock;
mod column;
mod date;
mod day;
mod detect;
mod duration;
mod encoding;
mod fault;
mod html;
mod ics;
mod ics_repair;
mod ics_session;
mod json;
mod merged;
mod programme;
mod row;
mod table;
mod table_shape;
mod times;
mod tokens;
mod vtimezone;
mod written;
mod xml;
mod zone;

pub use detect::{FORMATS, Format};
pub use fault::Fault;
pub use programme::{MOST_SESSIONS, Programme, Report, Session, Skipped};
pub use written::json;

/// The largest feed that is read. The programme of FOSDEM, one of the largest, has 4 MB.
pub const MOST_BYTES: usize = 256 << 20;

/// Reads a programme, and gives it to `take` while its texts are borrowed from the feed.
///
/// `format` is the one that is expected, or `None` to recognise it. `zone` is the IANA name of the zone in which times
/// without an offset are meant, and in which times in UTC are shown.
///
/// # Errors
/// The bytes are no feed, or one that cannot be read without guessing: names the place and what was expected.
pub fn read<R>(
    data: &[u8],
    format: Option<Format>,
    zone: Option<&str>,
    take: impl FnOnce(Programme<'_>) -> R,
) -> Result<R, Fault> {
    let zone = zone.map(zone::Zone::parse).transpose()?;
    if data.len() > MOST_BYTES {
        return Err(Fault::new(format!(
            "the feed has {} bytes, and at most {MOST_BYTES} are read",
            data.len()
        )));
    }
    detect::check_binary(data)?;
    let text = match encoding::decode(data) {
        Ok(text) => text,
        // A table may have another fault that names its column, which says more than a byte.
        Err(fault) => {
            let text = String::from_utf8_lossy(data);
            let mut programme = Programme::new(zone);
            let is_table = detect::is_table(&text, format);
            let other = is_table.then(|| detect::read(&text, format, &mut programme).err());
            let place = is_table.then(|| table::undecoded(&text)).flatten();
            return Err(other.flatten().unwrap_or_else(|| fault.within(place)));
        }
    };
    let mut programme = Programme::new(zone);
    detect::read(&text, format, &mut programme)?;
    Ok(take(programme.finish()?))
}
