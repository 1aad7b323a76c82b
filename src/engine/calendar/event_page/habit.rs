//! The names of members, and where they are expected: objects of a kind have the same members in the same order, so what stands
//! between two values is compared with what stood there the last time, and read only where that differs.

use crate::engine::json::{Cursor, Fault};

/// Which object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Page,
    Event,
    Body,
    When,
    Place,
}

/// The members that somebody wants, of all kinds of objects.
#[derive(Clone, Copy, Debug)]
pub(super) enum Member {
    Value,
    NextLink,
    Id,
    Subject,
    BodyPreview,
    Body,
    IsCancelled,
    IsOnlineMeeting,
    IsReminderOn,
    Categories,
    Start,
    End,
    Location,
    Attendees,
    Content,
    DateTime,
    TimeZone,
    DisplayName,
    Other,
}

impl Member {
    fn of(name: &[u8]) -> Self {
        match name {
            b"value" => Self::Value,
            b"@odata.nextLink" => Self::NextLink,
            b"id" => Self::Id,
            b"subject" => Self::Subject,
            b"bodyPreview" => Self::BodyPreview,
            b"body" => Self::Body,
            b"isCancelled" => Self::IsCancelled,
            b"isOnlineMeeting" => Self::IsOnlineMeeting,
            b"isReminderOn" => Self::IsReminderOn,
            b"categories" => Self::Categories,
            b"start" => Self::Start,
            b"end" => Self::End,
            b"location" => Self::Location,
            b"attendees" => Self::Attendees,
            b"content" => Self::Content,
            b"dateTime" => Self::DateTime,
            b"timeZone" => Self::TimeZone,
            b"displayName" => Self::DisplayName,
            _ => Self::Other,
        }
    }
}

/// A member, and all that stands between the value before it and its own.
#[derive(Debug)]
struct Head<'a> {
    text: &'a [u8],
    member: Member,
}

/// The heads of the last object of each kind.
#[derive(Debug, Default)]
pub(super) struct Habit<'a> {
    heads: [Vec<Head<'a>>; 5],
}

impl<'a> Habit<'a> {
    /// Passes all that stands before the value of the next member, or the object's end, where there is none. `place` is how
    /// many members came before.
    #[inline]
    pub(super) fn member(
        &mut self,
        cursor: &mut Cursor<'a>,
        kind: Kind,
        place: usize,
    ) -> Result<Option<Member>, Fault> {
        let heads = self.heads.get(kind as usize);
        if let Some(head) = heads.and_then(|heads| heads.get(place))
            && cursor.take_text(head.text)
        {
            return Ok(Some(head.member));
        }
        self.unexpected(cursor, kind, place)
    }

    fn unexpected(
        &mut self,
        cursor: &mut Cursor<'a>,
        kind: Kind,
        place: usize,
    ) -> Result<Option<Member>, Fault> {
        let start = cursor.at;
        if place > 0 {
            if !cursor.another(b'}')? {
                return Ok(None);
            }
        } else {
            cursor.space();
            if cursor.take(b'}') {
                return Ok(None);
            }
        }
        let name = cursor.name()?;
        let name = cursor.bytes.get(name).unwrap_or_default();
        if name.contains(&b'\\') {
            // It may spell one that sessions need.
            return Err(Fault::unsupported(start, "an escape in a name"));
        }
        let head = Head {
            text: cursor.since(start),
            member: Member::of(name),
        };
        let member = head.member;
        if let Some(heads) = self.heads.get_mut(kind as usize) {
            match heads.get_mut(place) {
                Some(known) => *known = head,
                None => heads.push(head),
            }
        }
        Ok(Some(member))
    }
}
