//! What the columns of a table mean, by their names in several languages.

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Id,
    Title,
    Subtitle,
    Start,
    End,
    Date,
    EndDate,
    Duration,
    Zone,
    Room,
    Track,
    Kind,
    Tags,
    Level,
    Speakers,
    Authors,
    Summary,
    Description,
    Language,
    Url,
    Popularity,
    Status,
    AllDay,
    GivenName,
    FamilyName,
}

/// How many roles there are.
pub(super) const ROLES: usize = 25;

/// The names of columns by role, without spaces and marks; earlier ones are preferred. A column has one role.
const NAMES: [(Role, &str); ROLES] = [
    (
        Role::Title,
        "title sessiontitle proposaltitle talktitle presentationtitle eventtitle papertitle contributiontitle \
         lecturetitle titel título titulo titre titolo tytuł název otsikko タイトル 講演タイトル 演題 标题 標題 题目 主题 主題 제목 название \
         sessionname eventname talkname name talk vortrag charla ponencia topic thema tema subject presentation \
         betreff lecture veranstaltung referat beitrag programmpunkt exposé conférence event session what was activity \
         activities activité actividad summary content item",
    ),
    (
        Role::Id,
        "id uid guid code sessionid talkid proposalid submissionid paperid eventid sessioncode slug nr",
    ),
    (Role::Subtitle, "subtitle untertitel"),
    (
        Role::Start,
        "start starts startsat startat starttime startdatetime starttimestamp datestart timestart startdate begin \
         begins beginn begintime beginsat eventstart sessionstart scheduledat scheduledstart scheduledtime dtstart \
         anfang beginntum von desde inicio início horainicio horadeinicio horadeinício début debut heurededébut heurededebut \
         heuredébut inizio orainizio oradiinizio startzeit beginnzeit anfangszeit starttijd begintijd starttid \
         startdateandtime datedebut datededébut fromdate fromtimemillis fromtime datefrom timefrom from начало time \
         hours hour timeslot timerange zeit uhrzeit hora horario horário heure horaire ora orario tid tijd čas \
         godzina 时间 時間 시간 時刻 время when slot datetime dateandtime datetimestart times 開始 開始時間 開始時刻",
    ),
    (
        Role::End,
        "end ends endsat endat endtime enddatetime endtimestamp dateend timeend enddate finish finishtime finishes \
         ende endetum eventend sessionend scheduledend bis hasta fin horafin horadefin horadefim heuredefin heurefin \
         datedefin orafine oradifine fim endzeit endezeit eindtijd sluttid slut einde enddateandtime todate \
         totimemillis totime dateto timeto fine until till to dtend datetimeend конец 終了 終了時間 終了時刻",
    ),
    (
        Role::Date,
        "date datum fecha data dato day startdate startday eventdate sessiondate talkdate beginntam tag día dia giorno jour dag \
         日付 日期 날짜 дата termin",
    ),
    (Role::EndDate, "endday enddate endetam"),
    (
        Role::Duration,
        "duration dauer duur längd varighet durationseconds durationinseconds durationhours durationms length \
         durationminutes durationinminutes durationmin durationmins minutes durée duración duração durata \
         scheduledduration lengthminutes",
    ),
    (Role::Zone, "timezone timezonename tz zeitzone"),
    (
        Role::Room,
        "room location roomname venue place hall raum saal ort stage bühne sala salón lieu salle aula lugar ubicación \
         luogo zaal lokal sal local plats space raumname roomnumber roomno veranstaltungsort roomlocation \
         locationname venuename rooms where wo 場所 会場 教室 地点 地點 房间 장소",
    ),
    (
        Role::Track,
        "track trackname tracktitle assignedtrack tracks stream strand themenstrang",
    ),
    (
        Role::Kind,
        "type kind sessiontype talktype eventtype submissiontype proposaltype presentationtype format talkformat \
         sessionformat typ art tipo",
    ),
    (
        Role::Tags,
        "tags tagnames kategorien schlagwörter etiquetas keywords topics categories category labels stichworte kategorie categoría categoria catégorie \
         tag",
    ),
    (
        Role::Level,
        "level audiencelevel niveau nivel sessionlevel complexity",
    ),
    (
        Role::Speakers,
        "speakernames speakername speakers speaker speakersname speakersnames presenters presenter presentername \
         presenternames referent referenten referentin vortragende vortragender authors author sprecher ponente \
         ponentes intervenant intervenants orateur orateurs relatore relatori palestrante palestrantes spreker \
         sprekers talare 講者 sprekersnaam prelegent prelegenci expositor expositores conferencista conférencier \
         conférenciers moderator persons 登壇者 発表者 講演者 演讲者 연사 докладчик host hosts instructor instructors facilitator \
         facilitators lecturer panelists teilnehmer who wer fullname name",
    ),
    // Those who wrote a paper, beside those who present it.
    (Role::Authors, "authors author autoren autores auteurs"),
    (
        Role::Summary,
        "abstract abstracttext shortabstract shortdescription summary synopsis desc description descripción descrição \
         descrizione resumen resumo résumé beschreibung zusammenfassung kurzbeschreibung 概要 简介 摘要 內容 details body \
         info content",
    ),
    (
        Role::Description,
        "description longdescription fulldescription longabstract body details",
    ),
    (
        Role::Language,
        "language lang sprache idioma langue lingua langoftalk talklanguage sessionlanguage",
    ),
    (Role::Url, "url link website permalink web sessionurl"),
    (Role::Popularity, "popularity"),
    (
        Role::Status,
        "status state eventstatus sessionstatus cancelled canceled iscancelled iscanceled",
    ),
    (
        Role::AllDay,
        "allday alldayevent isallday ganztägig ganztägigesereignis",
    ),
    (
        Role::GivenName,
        "firstname givenname vorname prénom speakerfirstname presenterfirstname",
    ),
    (
        Role::FamilyName,
        "lastname surname familyname nachname nom speakerlastname presenterlastname",
    ),
];

/// Roles whose values may be spread over several columns.
const SPREAD: &[Role] = &[Role::Speakers, Role::Tags];

/// Names of languages and their codes, as they end the name of a column. Codes that are words of column names, such as
/// `no` and `is`, are left out.
const LANGUAGES: &[&str] = &[
    "english",
    "german",
    "deutsch",
    "french",
    "français",
    "spanish",
    "español",
    "italian",
    "farsi",
    "japanese",
    "chinese",
    "korean",
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "ja",
    "jp",
    "zh",
    "ko",
    "nl",
    "ru",
    "uk",
    "pl",
    "cs",
    "sv",
    "fi",
    "tr",
    "ar",
    "fa",
    "he",
    "hu",
    "ca",
    "eu",
    "gl",
    "el",
];

/// A column's name in the forms in which it is looked up.
struct Name {
    bare: String,
    /// The name before what is in brackets, and without the clock that it names: `Time (CEST)`, `start_utc`.
    head: String,
    /// The name without the language at its end, and whether that is English: `title_en`.
    stem: Option<(String, bool)>,
    /// What else the name may stand for: each half of `Raum / Room`, and `start` in `Event Start`.
    parts: Vec<String>,
}

impl Name {
    fn new(name: &str) -> Self {
        Self {
            bare: bare(name),
            head: head(name),
            stem: stem(name),
            parts: parts(name),
        }
    }
}

/// Returns the role of each column, by its name.
pub(super) fn roles<S: AsRef<str>>(columns: &[S]) -> Vec<Option<Role>> {
    let names: Vec<Name> = columns
        .iter()
        .map(|name| Name::new(name.as_ref()))
        .collect();
    // `Tag` is a day in German, and `was` a title only there.
    let german = names.iter().any(|name| {
        let known = ["zeit", "uhrzeit", "beginn", "titel", "raum", "referent"];
        known.contains(&name.bare.as_str())
    });
    let mut roles = vec![None; names.len()];
    for (role, words) in NAMES {
        let known = || {
            words.split_ascii_whitespace().filter(move |word| {
                german || !matches!((role, *word), (Role::Date, "tag") | (Role::Title, "was"))
            })
        };
        let free = |roles: &[Option<Role>], test: &dyn Fn(&Name) -> bool| {
            names
                .iter()
                .zip(roles)
                .position(|(name, role)| role.is_none() && test(name))
        };
        // A second text is not the first one in another language.
        let translated = !matches!(role, Role::Description | Role::Subtitle);
        let found = known()
            .find_map(|word| free(&roles, &|name| name.bare == word))
            .or_else(|| known().find_map(|word| free(&roles, &|name| name.head == word)))
            .or_else(|| {
                known().filter(|_| translated).find_map(|word| {
                    let is = |name: &Name, english: bool| {
                        name.stem.as_ref().is_some_and(|(stem, is_english)| {
                            stem == word && (*is_english || !english)
                        })
                    };
                    free(&roles, &|name| is(name, true))
                        .or_else(|| free(&roles, &|name| is(name, false)))
                })
            })
            .or_else(|| {
                // The `Event Name` beside a title is that of the conference, and nobody's.
                let mut words = known().filter(|word| role != Role::Speakers || *word != "name");
                words.find_map(|word| {
                    free(&roles, &|name| name.parts.iter().any(|part| part == word))
                })
            });
        if let Some(slot) = found.and_then(|at| roles.get_mut(at)) {
            *slot = Some(role);
        }
        if SPREAD.contains(&role) {
            for (name, slot) in names.iter().zip(&mut roles) {
                let numbered = name
                    .bare
                    .replace(|character: char| character.is_ascii_digit(), "");
                let more = (role == Role::Tags && name.bare != "tag")
                    .then_some(name.bare.as_str())
                    .or((numbered != name.bare).then_some(numbered.as_str()));
                if slot.is_none() && more.is_some_and(|more| known().any(|word| word == more)) {
                    *slot = Some(role);
                }
            }
        }
    }
    name_speakers(&names, &mut roles);
    join_names(&names, &mut roles);
    leave_to_people(&names, &mut roles);
    prefer_utc(&names, columns, &mut roles);
    roles
}

/// In `Name` beside `Talk`, without a column of speakers, the names are theirs.
fn name_speakers(names: &[Name], roles: &mut [Option<Role>]) {
    const TALKS: &[&str] = &["talk", "vortrag", "charla", "presentation", "lecture"];
    if roles.contains(&Some(Role::Speakers)) {
        return;
    }
    let name = names
        .iter()
        .zip(&*roles)
        .position(|(name, role)| name.bare == "name" && *role == Some(Role::Title));
    let talk = names
        .iter()
        .zip(&*roles)
        .position(|(name, role)| role.is_none() && TALKS.contains(&name.bare.as_str()));
    if let (Some(name), Some(talk)) = (name, talk) {
        for (at, role) in [(name, Role::Speakers), (talk, Role::Title)] {
            if let Some(slot) = roles.get_mut(at) {
                *slot = Some(role);
            }
        }
    }
}

/// In `Vorname;Name`, the second is the family name of the same person.
fn join_names(names: &[Name], roles: &mut [Option<Role>]) {
    let has = |role| roles.contains(&Some(role));
    if !has(Role::GivenName) || has(Role::FamilyName) {
        return;
    }
    for (name, role) in names.iter().zip(roles) {
        if *role == Some(Role::Speakers) && name.bare == "name" {
            *role = Some(Role::FamilyName);
        }
    }
}

/// In a list of proposals with a biography of each speaker and without times, place and page are those of the speaker.
fn leave_to_people(names: &[Name], roles: &mut [Option<Role>]) {
    const ABOUT: [&str; 4] = ["bio", "biography", "avatar", "shirtsize"];
    const THEIRS: [&str; 4] = ["location", "url", "website", "link"];
    let timed = [Role::Start, Role::Date].map(|role| roles.contains(&Some(role)));
    let about = names.iter().any(|name| ABOUT.contains(&name.bare.as_str()));
    if timed.contains(&true) || !about {
        return;
    }
    for (name, role) in names.iter().zip(roles) {
        if THEIRS.contains(&name.bare.as_str()) {
            *role = None;
        }
    }
}

/// Prefers UTC where a table says the same time on several clocks: `Start (PT)`, `Start (UTC)`. Does nothing if there
/// is a column of dates, because the time in UTC may be that of the next day.
fn prefer_utc<S: AsRef<str>>(names: &[Name], columns: &[S], roles: &mut [Option<Role>]) {
    if roles.contains(&Some(Role::Date)) {
        return;
    }
    for wanted in [Role::Start, Role::End] {
        let Some(taken) = roles.iter().position(|role| *role == Some(wanted)) else {
            continue;
        };
        let head = names.get(taken).map(|name| name.head.as_str());
        let is_utc = |at: usize| columns.get(at).is_some_and(|name| is_utc(name.as_ref()));
        let mut same = names.iter().zip(&*roles).enumerate();
        let other = same.find(|(at, (name, role))| {
            role.is_none() && Some(name.head.as_str()) == head && is_utc(*at)
        });
        let other = other.map(|(at, _)| at).filter(|_| !is_utc(taken));
        if let Some(other) = other {
            roles.swap(taken, other);
        }
    }
}

/// The name of a column without spaces and marks, in lower case.
pub(super) fn bare(name: &str) -> String {
    let letters = name.chars().filter(|character| character.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether the name of a column says that its times are in UTC: `start_utc`, `Start (GMT)`.
pub(super) fn is_utc(name: &str) -> bool {
    let words = words(name);
    words.iter().any(|word| word == "utc" || word == "gmt")
}

fn head(name: &str) -> String {
    let words = words(name.split(['(', '[']).next().unwrap_or_default());
    match words.split_last() {
        Some((last, before)) if matches!(last.as_str(), "utc" | "gmt" | "local") => before.concat(),
        _ => words.concat(),
    }
}

/// The halves of a name in two languages, and a name without the word that says that it is one of a session.
fn parts(name: &str) -> Vec<String> {
    const OWNERS: &[&str] = &[
        "session",
        "event",
        "talk",
        "presentation",
        "activity",
        "scheduled",
        "schedule",
        "item",
    ];
    let name = name.split(['(', '[']).next().unwrap_or_default();
    let halves = name.split(['/', '|']);
    let mut parts: Vec<String> = halves.map(bare).filter(|half| half.len() > 1).collect();
    if parts.len() < 2 {
        parts.clear();
    }
    if let [first, rest @ ..] = words(name).as_slice()
        && OWNERS.contains(&first.as_str())
        && !rest.is_empty()
    {
        parts.push(rest.concat());
    }
    parts
}

/// A name without the language at its end.
fn stem(name: &str) -> Option<(String, bool)> {
    let words = words(name);
    let (last, before) = words.split_last()?;
    let is_language = !before.is_empty() && LANGUAGES.contains(&last.as_str());
    is_language.then(|| (before.concat(), matches!(last.as_str(), "en" | "english")))
}

/// The words of a name, in lower case: those of `startTimeUtc` and `start_time (UTC)` are the same.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in name.chars() {
        let starts = character.is_uppercase() && before.is_lowercase();
        if starts || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}
