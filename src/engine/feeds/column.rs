//! What the columns of a table mean, by their names in several languages.

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Id,
    Title,
    Subtitle,
    Start,
    End,
    Date,
    EndDate,
    Duration,
    Room,
    Track,
    Kind,
    Tags,
    Level,
    Speakers,
    Summary,
    Description,
    Language,
    Url,
    Popularity,
}

/// How many roles there are.
pub(super) const ROLES: usize = 19;

/// The names of columns by role, without spaces and marks; earlier ones are preferred. A column has one role.
const NAMES: [(Role, &[&str]); ROLES] = [
    (
        Role::Title,
        &[
            "title",
            "sessiontitle",
            "proposaltitle",
            "talktitle",
            "presentationtitle",
            "eventtitle",
            "papertitle",
            "titel",
            "título",
            "titulo",
            "titre",
            "titolo",
            "タイトル",
            "name",
            "sessionname",
            "eventname",
            "topic",
            "thema",
            "talk",
            "veranstaltung",
            "subject",
        ],
    ),
    (
        Role::Id,
        &[
            "id",
            "uid",
            "guid",
            "code",
            "sessionid",
            "talkid",
            "slug",
            "nr",
        ],
    ),
    (Role::Subtitle, &["subtitle", "untertitel"]),
    (
        Role::Start,
        &[
            "start",
            "starts",
            "startsat",
            "startat",
            "starttime",
            "startdatetime",
            "starttimestamp",
            "startdate",
            "begin",
            "begins",
            "beginn",
            "begintime",
            "eventstart",
            "sessionstart",
            "scheduledat",
            "dtstart",
            "anfang",
            "von",
            "from",
            "time",
            "hours",
            "timeslot",
            "zeit",
            "uhrzeit",
            "when",
            "slot",
            "datetime",
            "開始",
        ],
    ),
    (
        Role::End,
        &[
            "end",
            "ends",
            "endsat",
            "endat",
            "endtime",
            "enddatetime",
            "endtimestamp",
            "enddate",
            "finish",
            "ende",
            "eventend",
            "sessionend",
            "bis",
            "until",
            "to",
            "dtend",
            "終了",
        ],
    ),
    (
        Role::Date,
        &[
            "date",
            "datum",
            "fecha",
            "day",
            "startdate",
            "startday",
            "eventdate",
            "sessiondate",
            "tag",
            "giorno",
            "jour",
            "日付",
        ],
    ),
    (Role::EndDate, &["endday", "enddate"]),
    (
        Role::Duration,
        &[
            "duration",
            "dauer",
            "length",
            "durationminutes",
            "durationinminutes",
            "minutes",
            "durée",
            "scheduledduration",
        ],
    ),
    (
        Role::Room,
        &[
            "room", "location", "roomname", "venue", "place", "hall", "raum", "saal", "ort",
            "stage", "bühne", "sala", "lieu", "salle", "場所",
        ],
    ),
    (Role::Track, &["track", "trackname", "stream", "strand"]),
    (
        Role::Kind,
        &[
            "type",
            "kind",
            "sessiontype",
            "talktype",
            "eventtype",
            "format",
            "talkformat",
            "sessionformat",
            "typ",
            "art",
        ],
    ),
    (
        Role::Tags,
        &[
            "tags",
            "tagnames",
            "keywords",
            "topics",
            "categories",
            "category",
            "labels",
            "stichworte",
            "kategorie",
            "tag",
        ],
    ),
    (Role::Level, &["level", "audiencelevel", "niveau"]),
    (
        Role::Speakers,
        &[
            "speakernames",
            "speakername",
            "speakers",
            "speaker",
            "presenters",
            "presenter",
            "presentername",
            "referent",
            "referenten",
            "authors",
            "author",
            "sprecher",
            "host",
            "hosts",
            "name",
        ],
    ),
    (
        Role::Summary,
        &[
            "abstract",
            "summary",
            "description",
            "beschreibung",
            "details",
            "body",
            "info",
            "content",
        ],
    ),
    (
        Role::Description,
        &[
            "description",
            "longdescription",
            "longabstract",
            "body",
            "details",
        ],
    ),
    (
        Role::Language,
        &["language", "lang", "sprache", "langoftalk", "talklanguage"],
    ),
    (Role::Url, &["url", "link", "website", "permalink", "web"]),
    (Role::Popularity, &["popularity"]),
];

/// Returns the role of each column, by its name.
pub(super) fn roles<S: AsRef<str>>(columns: &[S]) -> Vec<Option<Role>> {
    let names: Vec<String> = columns.iter().map(|name| bare(name.as_ref())).collect();
    // `Tag` is a day in German.
    let german = names
        .iter()
        .any(|name| matches!(name.as_str(), "zeit" | "uhrzeit" | "beginn" | "titel"));
    let mut roles = vec![None; names.len()];
    for (role, known) in NAMES {
        let found = known
            .iter()
            .filter(|known| role != Role::Date || **known != "tag" || german)
            .find_map(|known| {
                names
                    .iter()
                    .zip(&roles)
                    .position(|(name, role)| name == known && role.is_none())
            });
        if let Some(slot) = found.and_then(|at| roles.get_mut(at)) {
            *slot = Some(role);
        }
    }
    roles
}

/// The name of a column without spaces and marks, in lower case.
pub(super) fn bare(name: &str) -> String {
    let letters = name.chars().filter(|character| character.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
