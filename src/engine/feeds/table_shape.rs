//! Refuses tables whose rows are not one session each, by the names of their columns.

use super::column::{self, Role};
use super::date;
use super::fault::{Fault, shown};

/// Refuses several sessions or days a row, lists of people, and tables without a column of titles.
pub(super) fn check_headers(names: &[String], roles: &[Option<Role>]) -> Result<(), Fault> {
    let listed = |names: &[&String]| {
        names
            .iter()
            .map(|name| shown(name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let is_title = |name: &String| {
        let last = name.rsplit(['_', '-', ' ', '.']).next().unwrap_or_default();
        let titles = [
            "title", "titel", "name", "talk", "topic", "session", "titre", "título",
        ];
        last.len() < name.trim().len() && titles.contains(&column::bare(last).as_str())
    };
    let wide: Vec<&String> = names.iter().filter(|name| is_title(name)).collect();
    let has_title = roles.contains(&Some(Role::Title));
    if wide.len() > 1 && !has_title {
        return Err(Fault::at(
            1,
            1,
            format!(
                "the table has several sessions a row, in columns {}: expected one session a row, with a column \"title\"",
                listed(&wide)
            ),
        ));
    }
    for (what, test) in [
        ("sessions", names_room as fn(&str) -> bool),
        ("days", names_day),
    ] {
        let columns = names.iter().zip(roles);
        let unread = columns.filter(|(name, role)| role.is_none() && test(name));
        let unread: Vec<&String> = unread.map(|(name, _)| name).collect();
        if unread.len() > 1 {
            return Err(Fault::at(
                1,
                1,
                format!(
                    "the table has several {what} a row, in columns {}: expected one session a row, with a column \"title\"",
                    listed(&unread)
                ),
            ));
        }
    }
    check_name(names, roles)?;
    if !has_title {
        let all: Vec<&String> = names.iter().take(20).collect();
        return Err(Fault::at(
            1,
            1,
            format!(
                "no column holds titles; the first line has {}: expected one such as \"title\", \"start\", \"end\", \"room\"",
                listed(&all)
            ),
        ));
    }
    Ok(())
}

/// Whether a column is named after a room, as in tables with a column for each room.
fn names_room(name: &str) -> bool {
    const ROOMS: &[&str] = &[
        "room",
        "hall",
        "stage",
        "track",
        "raum",
        "saal",
        "bühne",
        "sala",
        "salle",
        "auditorium",
    ];
    // `Room ID` and `Track color` are about one room.
    const ABOUT: &[&str] = &[
        "id", "name", "color", "colour", "capacity", "number", "nr", "no", "type", "url",
    ];
    let words = column::words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    has(ROOMS) && !has(ABOUT)
}

/// Whether a column is named after a day, as in tables with a column for each day.
fn names_day(name: &str) -> bool {
    const DAYS: &[&str] = &[
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonntag",
        "day",
        "tag",
    ];
    let words = column::words(name);
    let is_date = date::parse(name).is_ok_and(|cell| cell.date.is_some());
    is_date
        || words
            .first()
            .is_some_and(|word| DAYS.contains(&word.as_str()))
}

/// Refuses a list of people: `Name`, `Title`, `Company` without any time or text of a session.
fn check_people(names: &[String], roles: &[Option<Role>]) -> Result<(), Fault> {
    const ABOUT: &[&str] = &[
        "company",
        "organisation",
        "organization",
        "affiliation",
        "employer",
        "firma",
        "bio",
        "biography",
        "email",
        "twitter",
        "linkedin",
        "jobtitle",
    ];
    let sessions = [
        Role::Start,
        Role::Date,
        Role::Room,
        Role::Summary,
        Role::Duration,
    ];
    let find = |role| {
        let at = roles.iter().position(|found| *found == Some(role))?;
        names.get(at)
    };
    let about = names
        .iter()
        .any(|name| ABOUT.contains(&column::bare(name).as_str()));
    let person = find(Role::Speakers)
        .filter(|name| ["name", "fullname"].contains(&column::bare(name).as_str()))
        .or(find(Role::GivenName));
    if let Some(reason) = subject(names, roles) {
        return Err(Fault::at(1, 1, reason));
    }
    if let (Some(title), Some(person), true) = (find(Role::Title), person, about)
        && sessions.iter().all(|role| find(*role).is_none())
    {
        return Err(Fault::at(
            1,
            1,
            format!(
                "it is open whether column {title:?} holds titles of sessions or of the people in column {person:?}: \
                 expected a column such as \"session title\", \"start\" or \"room\""
            ),
        ));
    }
    Ok(())
}

/// Returns why it is open what the rows are, if titles are only called names and nothing is of sessions alone: `Name` and
/// `Email`, `Name` and `Bio`.
pub(super) fn subject(names: &[String], roles: &[Option<Role>]) -> Option<String> {
    const OF_SESSIONS: [Role; 8] = [
        Role::Start,
        Role::Date,
        Role::Room,
        Role::Duration,
        Role::Track,
        Role::Kind,
        Role::Speakers,
        Role::Language,
    ];
    let is_session = OF_SESSIONS.iter().any(|role| roles.contains(&Some(*role)));
    let mut columns = names.iter().zip(roles);
    let (name, _) = columns
        .find(|(name, role)| **role == Some(Role::Title) && column::bare(name) == "name")
        .filter(|_| !is_session)?;
    Some(format!(
        "nothing tells that these are sessions: {name:?} may be the name of anything; expected also one such as \
         \"session title\", \"start\" or \"room\""
    ))
}

/// Refuses `Name` beside `Topic`, of which either may be the title and the other a speaker or a tag.
fn check_name(names: &[String], roles: &[Option<Role>]) -> Result<(), Fault> {
    let columns = || names.iter().zip(roles);
    check_people(names, roles)?;
    let title =
        columns().find(|(name, role)| **role == Some(Role::Title) && column::bare(name) == "name");
    let topic = columns().find(|(name, role)| {
        role.is_none()
            && ["topic", "thema", "tema", "subject"].contains(&column::bare(name).as_str())
    });
    match (title, topic) {
        (Some((name, _)), Some((topic, _))) if !roles.contains(&Some(Role::Speakers)) => {
            Err(Fault::at(
                1,
                1,
                format!(
                    "it is open whether column {name:?} or column {topic:?} holds the titles: name one of them \"title\", \
                     and that of the speakers \"speaker\""
                ),
            ))
        }
        _ => Ok(()),
    }
}
