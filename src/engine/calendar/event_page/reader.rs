//! Reads the JSON of a page, member by member.

use core::ops::Range;

use super::event::{Event, Field, When};
use super::habit::{Habit, Kind, Member};
use super::{EventPage, Text};
use crate::engine::json::{Cursor, Fault, Skeleton};

/// How many values an event's members stand in.
const DEPTH: usize = 3;

pub(super) struct Reader<'a> {
    cursor: Cursor<'a>,
    page: EventPage<'a>,
    habit: Habit<'a>,
    attendee: Skeleton<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(bytes, 0),
            page: EventPage {
                bytes,
                ..EventPage::default()
            },
            habit: Habit::default(),
            attendee: Skeleton::default(),
        }
    }

    pub(super) fn page(mut self) -> Result<EventPage<'a>, Fault> {
        let mut value = Field::Missing;
        let mut next_link = Field::Missing;
        self.cursor.space();
        self.members(Kind::Page, |reader, member| match member {
            Member::Value => reader.fill(&mut value, |reader| reader.events().map(Field::Value)),
            Member::NextLink => reader.fill(&mut next_link, Self::text),
            _ => reader.cursor.skip(1),
        })?;
        self.cursor.space();
        if value != Field::Value(()) || self.cursor.peek().is_some() {
            return Err(self.declined());
        }
        self.page.next_link = next_link.into_value();
        Ok(self.page)
    }

    fn events(&mut self) -> Result<(), Fault> {
        let mut more = self.cursor.enter(b'[', b']')?;
        while more {
            let event = self.event()?;
            match event.into_draft(&self.page) {
                Some(Some(draft)) => self.page.drafts.push(draft),
                Some(None) => {}
                None => return Err(self.declined()),
            }
            more = self.cursor.another(b']')?;
        }
        Ok(())
    }

    fn event(&mut self) -> Result<Event, Fault> {
        let mut event = Event::default();
        self.members(Kind::Event, |reader, member| match member {
            Member::Id => reader.fill(&mut event.id, Self::text),
            Member::Subject => reader.fill(&mut event.subject, Self::text),
            Member::BodyPreview => reader.fill(&mut event.preview, Self::has_text),
            Member::Body => reader.fill(&mut event.body, Self::body),
            Member::IsCancelled => reader.fill(&mut event.cancelled, Self::flag),
            Member::IsOnlineMeeting => reader.fill(&mut event.online, Self::flag),
            Member::IsReminderOn => reader.fill(&mut event.reminder, Self::flag),
            Member::Categories => reader.fill(&mut event.categories, Self::categories),
            Member::Start => reader.fill(&mut event.start, Self::when),
            Member::End => reader.fill(&mut event.end, Self::when),
            Member::Location => reader.fill(&mut event.location, Self::place),
            Member::Attendees => reader.fill(&mut event.attendees, Self::attendees),
            _ => reader.cursor.skip(DEPTH),
        })?;
        Ok(event)
    }

    /// An object; `read` takes each value, the cursor standing on its first byte.
    #[inline]
    fn members(
        &mut self,
        kind: Kind,
        mut read: impl FnMut(&mut Self, Member) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if !self.cursor.take(b'{') {
            return Err(self.declined());
        }
        let mut place = 0;
        while let Some(member) = self.habit.member(&mut self.cursor, kind, place)? {
            read(self, member)?;
            place += 1;
        }
        Ok(())
    }

    /// Reads a member that may be given once.
    #[inline]
    fn fill<T>(
        &mut self,
        field: &mut Field<T>,
        read: impl FnOnce(&mut Self) -> Result<Field<T>, Fault>,
    ) -> Result<(), Fault> {
        if !matches!(field, Field::Missing) {
            return Err(self.declined());
        }
        *field = read(self)?;
        Ok(())
    }

    /// What only Python can judge.
    #[cold]
    fn declined(&self) -> Fault {
        Fault::unsupported(self.cursor.at, "not as Graph writes it")
    }

    /// Whether `null` comes next, which is then passed.
    #[inline]
    fn null(&mut self) -> Result<bool, Fault> {
        if self.cursor.peek() != Some(b'n') {
            return Ok(false);
        }
        self.cursor.skip_word(b"null")?;
        Ok(true)
    }

    /// A string, or null.
    #[inline]
    fn text(&mut self) -> Result<Field<Text>, Fault> {
        if self.null()? {
            return Ok(Field::Null);
        }
        if !self.cursor.take(b'"') {
            return Err(self.declined());
        }
        let (place, escaped) = self.cursor.text()?;
        let text = Text::new(&place, escaped).ok_or_else(|| self.declined())?;
        Ok(Field::Value(text))
    }

    /// Whether a string has text in it.
    fn has_text(&mut self) -> Result<Field<bool>, Fault> {
        if self.null()? {
            return Ok(Field::Null);
        }
        if !self.cursor.take(b'"') {
            return Err(self.declined());
        }
        Ok(Field::Value(!self.cursor.string()?.is_empty()))
    }

    fn flag(&mut self) -> Result<Field<bool>, Fault> {
        match self.cursor.peek() {
            Some(b't') => self.cursor.skip_word(b"true").map(|()| Field::Value(true)),
            Some(b'f') => {
                let passed = self.cursor.skip_word(b"false");
                passed.map(|()| Field::Value(false))
            }
            Some(b'n') => self.cursor.skip_word(b"null").map(|()| Field::Null),
            _ => Err(self.declined()),
        }
    }

    fn body(&mut self) -> Result<Field<bool>, Fault> {
        if self.null()? {
            return Ok(Field::Null);
        }
        let mut content = Field::Missing;
        self.members(Kind::Body, |reader, member| match member {
            Member::Content => reader.fill(&mut content, Self::has_text),
            _ => reader.cursor.skip(DEPTH + 1),
        })?;
        Ok(Field::Value(content.is(&true)))
    }

    fn categories(&mut self) -> Result<Field<Range<u32>>, Fault> {
        if self.null()? {
            return Ok(Field::Null);
        }
        let first = self.categories_so_far()?;
        let mut more = self.cursor.enter(b'[', b']')?;
        while more {
            let Field::Value(category) = self.text()? else {
                return Err(self.declined());
            };
            self.page.categories.push(category);
            more = self.cursor.another(b']')?;
        }
        Ok(Field::Value(first..self.categories_so_far()?))
    }

    fn categories_so_far(&self) -> Result<u32, Fault> {
        u32::try_from(self.page.categories.len()).map_err(|_| self.declined())
    }

    fn when(&mut self) -> Result<Field<When>, Fault> {
        if self.null()? {
            return Ok(Field::Null);
        }
        let mut when = When::default();
        self.members(Kind::When, |reader, member| match member {
            Member::DateTime => reader.fill(&mut when.date_time, Self::text),
            Member::TimeZone => reader.fill(&mut when.zone, Self::text),
            _ => reader.cursor.skip(DEPTH + 1),
        })?;
        Ok(Field::Value(when))
    }

    /// The name of a place.
    fn place(&mut self) -> Result<Field<Field<Text>>, Fault> {
        if self.null()? {
            return Ok(Field::Null);
        }
        let mut name = Field::Missing;
        self.members(Kind::Place, |reader, member| match member {
            Member::DisplayName => reader.fill(&mut name, Self::text),
            _ => reader.cursor.skip(DEPTH + 1),
        })?;
        Ok(Field::Value(name))
    }

    fn attendees(&mut self) -> Result<Field<usize>, Fault> {
        if self.null()? {
            return Ok(Field::Null);
        }
        let mut count = 0;
        let mut more = self.cursor.enter(b'[', b']')?;
        while more {
            self.attendee()?;
            count += 1;
            more = self.cursor.another(b']')?;
        }
        Ok(Field::Value(count))
    }

    /// Passes somebody invited: each is written like the last.
    fn attendee(&mut self) -> Result<(), Fault> {
        if !self.attendee.pass(&mut self.cursor)? {
            let start = self.cursor.at;
            self.cursor.skip(DEPTH + 1)?;
            self.attendee.learn(&self.cursor, start)?;
        }
        Ok(())
    }
}
