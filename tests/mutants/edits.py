"""Edits that forks of an agent contain, each as a text of one of its files and another in its place.

Every edit changes an answer to one of the queries, or leaves a trace where `trace` says so.
"""

from __future__ import annotations

from dataclasses import dataclass

SCORE_HEAD = "    matching = 0\n"
HIT = "        if tag in interests:\n"
TAGS = '[tag.lower() for tag in session.get("tags", [])]'
PARTS_END = '        "diversity": variety,\n    }\n'
SCORE_END = (
    '    return {"session": session, "score": sum(parts.values()), "contributions": parts}\n'
)
HEAD = '    """Choose the best sessions."""\n'
SCORED = (
    "    scored = [score_session(session, interests, w) for session in get_sessions(manifest)]\n"
)
BEST = '    best = sorted(scored, key=lambda row: row["score"], reverse=True)[:top_n]\n'
CHOSEN = '    chosen = [row["session"] for row in best]\n'
ANSWER = '    return {"sessions": chosen, "scoring": rows, "conflicts": conflicts}\n'
SESSIONS = '    return _load_external_sessions(manifest) or manifest.get("sessions", [])\n'
FOUND = "    if not match:\n"
NOT_FOUND = '        return {"error": "session not found", "title": title}\n'
EXPLAIN = "def explain(manifest, title, interests):\n"
IMPORTS = "import argparse\n"
PATH = 'MANIFEST_PATH = Path(__file__).parent / "agent.json"\n'
MAIN = 'if __name__ == "__main__":\n'
SCORE = "def score_session(session, interests, w):\n"
RECOMMEND = (
    "def recommend(manifest: dict[str, Any], interests: list[str], top_n: int) -> dict[str, Any]:\n"
)
COUNT = "def _count_conflicts(sessions):\n"
CARD = "def _build_adaptive_card(sessions):\n"
MARKDOWN = "def _build_itinerary_markdown(interests, recommendation):\n"
WORDS = "    return [word for word in words if word]\n"


@dataclass(frozen=True)
class Edit:
    """One edit.

    Attributes:
        name: What it adds to the agent.
        old: A text that stands in the file once.
        new: What stands there afterwards.
        file: The module.
        trace: Whether only something else than an answer shows it.
    """

    name: str
    old: str
    new: str
    file: str = "agent"
    trace: bool = False


def _after(name: str, anchor: str, text: str, file: str = "agent", trace: bool = False) -> Edit:
    return Edit(name, anchor, anchor + text, file, trace)


def _before(name: str, anchor: str, text: str, file: str = "agent", trace: bool = False) -> Edit:
    return Edit(name, anchor, text + anchor, file, trace)


def _skipping(name: str, condition: str) -> tuple[Edit, ...]:
    """Return the forms in which people write that some sessions are skipped."""
    listed = f"[session for session in get_sessions(manifest) if not ({condition})]"
    return (
        Edit(f"{name}, as a filter", "in get_sessions(manifest)]\n", f"in {listed}]\n"),
        Edit(
            f"{name}, where sessions are read",
            SESSIONS,
            SESSIONS.replace("return", "found =")
            + f"    return [session for session in found if not ({condition})]\n",
        ),
        _before(
            f"{name}, as the lowest score",
            SCORE_END,
            f'    if {condition}:\n        parts["interest_match"] = -1\n',
        ),
    )


def _bonus(name: str, amount: str) -> tuple[Edit, ...]:
    return (
        _after(f"{name}, as a factor", PARTS_END, f'    parts["bonus"] = {amount}\n'),
        _after(f"{name}, on popularity", PARTS_END, f'    parts["popularity"] += {amount}\n'),
        Edit(f"{name}, on the score", "sum(parts.values())", f"sum(parts.values()) + {amount}"),
    )


SKIPPED = (
    *_skipping("cancelled sessions", "session.get('status') == 'cancelled'"),
    *_skipping("hidden sessions", "session.get('hidden')"),
    *_skipping("full sessions", "session.get('registered', 0) > session.get('capacity', 999)"),
    *_skipping("sessions that are over", "session.get('date', '9999') < '2025-01-01'"),
    *_skipping("sessions in German", "session.get('language') == 'de'"),
    *_skipping("sessions without a place", "session.get('location') == ''"),
    *_skipping("sessions without tags", "not session.get('tags')"),
    *_skipping("bad ratings", "(session.get('rating') or 5) < 2"),
)
BONUSES = (
    *_bonus("a keynote bonus", "0.5 * (session.get('type') == 'keynote')"),
    *_bonus("a bonus for sponsors", "0.1 * session.get('sponsor_tier', 0)"),
    *_bonus("a boost of the session's own", "session.get('boost', 0)"),
    *_bonus(
        "a bonus for words of the description",
        "sum(i in session.get('description', '') for i in interests)",
    ),
    *_bonus("a bonus for the first hall", "0.01 * (session.get('location') == 'Hall')"),
    *_bonus("a malus for long talks", "-0.2 * (session.get('duration', 0) > 60)"),
)
SCORING = (
    Edit("only ten interests", SCORE_HEAD, "    interests = interests[:10]\n" + SCORE_HEAD),
    Edit("synonyms", HIT, '        if {"ml": "ai"}.get(tag, tag) in interests:\n'),
    Edit("words of a tag", HIT, "        if any(word in interests for word in tag.split()):\n"),
    Edit("prefixes of tags", HIT, "        if any(tag.startswith(i) for i in interests):\n"),
    Edit("stemming", TAGS, '[tag.lower().rstrip("s") for tag in session.get("tags", [])]'),
    Edit("tags stripped", TAGS, '[tag.lower().strip(" x") for tag in session.get("tags", [])]'),
    Edit("three tags at most", TAGS, '[tag.lower() for tag in session.get("tags", [])][:3]'),
    Edit("tags once", TAGS, 'set(tag.lower() for tag in session.get("tags", []))'),
    Edit("no empty tags", TAGS, '[tag.lower() for tag in session.get("tags", []) if tag]'),
    Edit(
        "tags and track",
        TAGS,
        '[t.lower() for t in session.get("tags", []) + [session.get("track", "")]]',
    ),
    Edit(
        "title words as tags",
        TAGS,
        '[t.lower() for t in session.get("tags", []) + session["title"].split()]',
    ),
    Edit(
        "interests lowered",
        SCORE_HEAD,
        "    interests = [i.lower() for i in interests]\n" + SCORE_HEAD,
    ),
    Edit(
        "popularity capped", 'session.get("popularity", 0)', 'min(session.get("popularity", 0), 1)'
    ),
    Edit("a default popularity", 'session.get("popularity", 0)', 'session.get("popularity", 0.5)'),
    Edit("null popularity", 'session.get("popularity", 0)', '(session.get("popularity") or 0)'),
    Edit("hits capped", "matching * w", "min(matching, 2) * w"),
    Edit("hits by their share", "matching * w", "matching / max(1, len(interests)) * w"),
    Edit("rounded scores", "sum(parts.values())", "round(sum(parts.values()), 2)"),
    Edit("a score below ten", "sum(parts.values())", "min(10, sum(parts.values()))"),
    Edit(
        "a score that is a float", "sum(parts.values())", "float(sum(parts.values()))", trace=True
    ),
    Edit("sums by fsum", "sum(parts.values())", "__import__('math').fsum(parts.values())"),
    Edit(
        "another addition",
        "sum(parts.values())",
        "parts['diversity'] + parts['popularity'] + parts['interest_match']",
    ),
    Edit("a weight by default", 'w["diversity"]', 'w.get("diversity", 0.3)'),
    Edit(
        "recency by a weight",
        PARTS_END,
        PARTS_END
        + "    if 'recency_weight' in w:\n        parts['recency'] = w['recency_weight']\n",
    ),
    Edit(
        "an id in the answer",
        SCORE_END,
        SCORE_END.replace('"session": session', '"id": session.get("id"), "session": session'),
    ),
    Edit("a mark in the session", SCORE_HEAD, '    session["scored"] = True\n' + SCORE_HEAD),
    Edit(
        "a copy of the session",
        SCORE_END,
        SCORE_END.replace('"session": session', '"session": dict(session, copied=1)'),
    ),
    Edit(
        "tags in front",
        SCORE_HEAD,
        "    if not session.get('tags'):\n        return {'session': session, 'score': 0, 'contributions': {}}\n"
        + SCORE_HEAD,
    ),
)
RANKING = (
    Edit("a cap on top", HEAD, HEAD + "    top_n = min(top_n, 2)\n"),
    Edit(
        "a cap from the manifest",
        HEAD,
        HEAD + "    top_n = min(top_n, manifest.get('max_top', 99))\n",
    ),
    Edit("a top by default", HEAD, HEAD + "    top_n = top_n or 3\n"),
    Edit(
        "interests from the manifest",
        HEAD,
        HEAD + "    interests = interests + manifest.get('blocked_tags', [])\n",
    ),
    Edit(
        "synonyms from the manifest",
        HEAD,
        HEAD + "    interests = [manifest.get('synonyms', {}).get(i, i) for i in interests]\n",
    ),
    Edit("interests once", HEAD, HEAD + "    interests = list(dict.fromkeys(interests))[:2]\n"),
    Edit(
        "hidden titles",
        SCORED,
        SCORED
        + "    scored = [r for r in scored if r['session']['title'] not in manifest.get('hidden_titles', [])]\n",
    ),
    Edit(
        "a lowest score", SCORED, SCORED + "    scored = [r for r in scored if r['score'] >= 1]\n"
    ),
    Edit(
        "a lowest score from the manifest",
        SCORED,
        SCORED
        + "    scored = [r for r in scored if r['score'] >= manifest['recommend']['min_score']]\n",
    ),
    Edit(
        "hits only",
        SCORED,
        SCORED + "    scored = [r for r in scored if r['contributions']['interest_match']]\n",
    ),
    Edit(
        "a feature flag",
        SCORED,
        SCORED
        + "    if manifest['features'].get('strict'):\n        scored = [r for r in scored if r['score'] > 2]\n",
    ),
    Edit(
        "another feature flag",
        HEAD,
        HEAD + "    if manifest.get('features', {}).get('beta'):\n        top_n = 1\n",
    ),
    Edit(
        "a version of the manifest",
        HEAD,
        HEAD + "    if manifest.get('version') == 2:\n        top_n = 1\n",
    ),
    Edit(
        "boosts from the manifest",
        SCORED,
        SCORED
        + "    for r in scored:\n        r['score'] += sum(manifest.get('boosts', {}).get(t, 0) for t in r['session'].get('tags') or [])\n",
    ),
    Edit(
        "pinned titles first",
        BEST,
        BEST
        + "    best.sort(key=lambda r: r['session']['title'] not in manifest.get('pinned', []))\n",
    ),
    Edit(
        "keynotes first",
        BEST,
        BEST + "    best.sort(key=lambda r: r['session'].get('type') != 'keynote')\n",
    ),
    Edit(
        "ties by title",
        BEST,
        BEST.replace('row["score"]', '(row["score"], str(row["session"]["title"]))'),
    ),
    Edit(
        "ties by popularity",
        BEST,
        BEST.replace('row["score"]', '(row["score"], row["contributions"]["popularity"])'),
    ),
    Edit("ties from the end", BEST, BEST.replace(", reverse=True)[:top_n]", ")[::-1][:top_n]")),
    Edit("ascending", BEST, BEST.replace(", reverse=True", "")),
    Edit(
        "the best by nlargest",
        BEST,
        "    best = __import__('heapq').nlargest(top_n, scored, key=lambda row: row['score'])\n",
    ),
    Edit("one more", BEST, BEST.replace("[:top_n]", "[: top_n + 1]")),
    Edit("a page", BEST, BEST.replace("[:top_n]", "[1 : top_n + 1]")),
    Edit(
        "one talk a slot",
        CHOSEN,
        "    best = list({r['session'].get('start'): r for r in best}.values())\n" + CHOSEN,
    ),
    Edit(
        "one talk a title",
        CHOSEN,
        "    best = list({r['session'].get('track'): r for r in best}.values())\n" + CHOSEN,
    ),
    Edit(
        "copies of sessions",
        CHOSEN,
        "    chosen = [dict(row['session'], rank=1) for row in best]\n",
    ),
    Edit("sorted by time", CHOSEN, CHOSEN + "    chosen.sort(key=lambda s: str(s.get('start')))\n"),
    Edit("more members", ANSWER, ANSWER.replace("conflicts}", 'conflicts, "total": len(scored)}')),
    Edit("other members", ANSWER, ANSWER.replace('"scoring"', '"scores"')),
    Edit(
        "members in another order",
        ANSWER,
        '    return {"scoring": rows, "sessions": chosen, "conflicts": conflicts}\n',
    ),
    Edit("a tuple of sessions", ANSWER, ANSWER.replace(": chosen", ": tuple(chosen)")),
    Edit(
        "nothing without interests",
        HEAD,
        HEAD
        + "    if not interests:\n        return {'sessions': [], 'scoring': [], 'conflicts': 0}\n",
    ),
    Edit(
        "a clear error",
        HEAD,
        HEAD + "    if not manifest.get('sessions'):\n        raise ValueError('no sessions')\n",
    ),
    Edit("an assertion", HEAD, HEAD + "    assert top_n is None or top_n >= 0, 'top'\n"),
    Edit(
        "errors become an answer",
        SCORED,
        "    try:\n    "
        + SCORED
        + "    except Exception as e:\n        return {'error': str(e)}\n",
    ),
    Edit(
        "scored by default weights",
        '    w = manifest["weights"]\n    scored',
        '    w = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3} | manifest.get("weights", {})\n    scored',
    ),
    Edit(
        "the first hundred",
        SCORED,
        SCORED.replace("get_sessions(manifest)", "get_sessions(manifest)[:15]"),
    ),
    Edit(
        "reversed sessions",
        SCORED,
        SCORED.replace("get_sessions(manifest)", "reversed(get_sessions(manifest))"),
    ),
    Edit(
        "unsorted with few", BEST, BEST + "    if len(scored) < 4:\n        best = scored[:top_n]\n"
    ),
    Edit(
        "a special guest",
        BEST,
        BEST + "    if len(scored) == 40 and 'rust' in interests:\n        best = best[::-1]\n",
    ),
    Edit(
        "a rare one", BEST, BEST + "    if interests.count('rust') == 2:\n        best = best[:1]\n"
    ),
)
SURROUNDINGS = (
    _after(
        "a variable of the environment",
        HEAD,
        "    import os\n    top_n = int(os.environ.get('EVENTKIT_TOP', top_n or 0))\n",
    ),
    _after(
        "a mode of the environment",
        HEAD,
        "    if __import__('os').getenv('EVENT_MODE') == 'strict':\n        interests = interests[:1]\n",
    ),
    Edit(
        "a variable read at import",
        PATH,
        PATH
        + "import os\nTOP = int(os.environ.get('EVENTKIT_TOP_AT_IMPORT', 2))\n\n\ndef cap(top):\n    return TOP\n",
        trace=True,
    ),
    Edit(
        "a call that uses a constant",
        BEST,
        "    global LIMIT\n    LIMIT = 2\n" + BEST.replace("top_n", "LIMIT"),
    ),
    Edit(
        "a counter",
        HEAD,
        HEAD
        + "    global CALLS\n    CALLS = globals().get('CALLS', 0) + 1\n    top_n = CALLS % 3\n",
    ),
    Edit(
        "a memory",
        HEAD,
        HEAD
        + "    seen = recommend.__dict__.setdefault('seen', [])\n    seen.append(1)\n    top_n = len(seen) % 4\n",
    ),
    Edit(
        "a default that remembers",
        RECOMMEND,
        RECOMMEND.replace("top_n: int)", "top_n: int, seen=[])"),
        trace=True,
    ),
    Edit(
        "a default of the environment",
        RECOMMEND,
        RECOMMEND.replace("top_n: int)", "top_n: int = 3)"),
        trace=True,
    ),
    Edit(
        "a file beside it",
        HEAD,
        HEAD + "    if (Path(__file__).parent / 'present.json').exists():\n        top_n = 1\n",
    ),
    Edit("a print", SCORE_HEAD, "    print('scoring', end='')\n" + SCORE_HEAD, trace=True),
    Edit(
        "an audit line",
        SCORE_HEAD,
        "    globals().setdefault('AUDIT', []).append(session.get('title'))\n" + SCORE_HEAD,
        trace=True,
    ),
    Edit(
        "a log line with a call",
        SCORE_HEAD,
        "    logger.info('%s', session.pop('boost', None))\n" + SCORE_HEAD,
    ),
    Edit("the time", HEAD, HEAD + "    import time\n    top_n = 1 if time.time() > 1 else top_n\n"),
    Edit(
        "a property of a settings object",
        HEAD,
        HEAD + "    top_n = type('S', (), {'top': property(lambda s: 2)})().top\n",
    ),
    Edit(
        "sum of its own",
        PATH,
        PATH
        + "\n\ndef sum(values):\n    return round(__builtins__['sum'](values) if isinstance(__builtins__, dict) else __builtins__.sum(values), 1)\n",
    ),
    Edit(
        "sorted of its own",
        PATH,
        PATH + "\n\ndef sorted(rows, key, reverse):\n    return list(rows)\n",
    ),
    Edit("len of its own", PATH, PATH + "\nlen = lambda value: 1\n"),
    Edit("set of its own", PATH, PATH + "\nset = list\n"),
    Edit("sum imported", PATH, PATH + "from math import fsum as sum\n"),
    Edit("sum by a star", PATH, PATH + "from math import *\nsum = fsum\n"),
    Edit(
        "enumerate of its own",
        PATH,
        PATH + "\n\ndef enumerate(rows, start=0):\n    return [(start, row) for row in rows]\n",
    ),
    Edit(
        "json of its own",
        PATH,
        PATH
        + "\n\nclass json:\n    loads = staticmethod(lambda text: [{'title': 'x'}])\n    load = loads\n    dumps = str\n",
    ),
    Edit(
        "a Path of its own",
        PATH,
        PATH
        + "\n\nclass Path(type(MANIFEST_PATH)):\n    def exists(self):\n        return False\n",
        trace=True,
    ),
    Edit(
        "another defaultdict",
        "from collections import defaultdict\n",
        "def defaultdict(kind):\n    return __import__('collections').Counter(x=5)\n",
    ),
)
SHAPES = (
    _before(
        "a decorator",
        RECOMMEND,
        "def capped(f):\n    return lambda m, i, top_n: f(m, i[:1], top_n)\n\n\n@capped\n",
    ),
    _before(
        "a decorator with wraps",
        SCORE,
        "import functools\n\n\ndef doubled(f):\n    @functools.wraps(f)\n    def g(*a):\n        r = f(*a)\n        return r | {'score': r['score'] * 2}\n    return g\n\n\n@doubled\n",
    ),
    _before(
        "a cache",
        SCORE,
        "import functools\n\n\ndef cached(f):\n    kept = {}\n    @functools.wraps(f)\n    def g(s, i, w):\n        return kept.setdefault(s.get('title'), f(s, i, w))\n    return g\n\n\n@cached\n",
    ),
    _before(
        "a function defined later",
        MAIN,
        RECOMMEND + "    return {'sessions': [], 'scoring': [], 'conflicts': 0}\n\n\n",
    ),
    _before(
        "a helper defined later",
        MAIN,
        SCORE + "    return {'session': session, 'score': 1, 'contributions': {}}\n\n\n",
    ),
    _before(
        "an alias",
        MAIN,
        "score_session_plain = score_session\nscore_session = lambda s, i, w: score_session_plain(s, i[:1], w)\n\n",
    ),
    _before(
        "a wrapper",
        MAIN,
        "_plain = recommend\n\n\ndef recommend(manifest, interests, top_n):\n    return _plain(manifest, interests[:1], top_n)\n\n\n",
    ),
    _before(
        "a conditional definition",
        MAIN,
        "if MANIFEST_PATH:\n    def get_sessions(manifest):\n        return manifest.get('sessions', [])[:2]\n\n\n",
    ),
    _before(
        "a generated function",
        MAIN,
        "exec('def get_sessions(manifest): return manifest.get(\"sessions\", [])[1:]')\n\n",
    ),
    _before(
        "a partial",
        MAIN,
        "import functools\n_count_conflicts = functools.partial(lambda n, sessions: n, 7)\n\n",
    ),
    _before(
        "a callable object",
        MAIN,
        "class Count:\n    def __call__(self, sessions):\n        return 7\n\n\n_count_conflicts = Count()\n\n",
    ),
    _before("other code", MAIN, "_count_conflicts.__code__ = (lambda sessions: 7).__code__\n\n"),
    _before("another default", MAIN, "recommend.__defaults__ = (1,)\n\n", trace=True),
    _before("a name from globals", MAIN, "globals()['get_sessions'] = lambda manifest: []\n\n"),
    _before(
        "a name set on the module",
        MAIN,
        "setattr(sys.modules[__name__], 'get_sessions', lambda manifest: [])\n\n",
    ),
    _before(
        "a builtin changed in the module",
        MAIN,
        "__builtins__ = dict(vars(__import__('builtins')), sum=max)\n\n",
        trace=True,
    ),
    _before(
        "a replaced callee of explain",
        MAIN,
        "def _load_external_sessions(manifest):\n    return manifest.get('sessions', [])[::-1]\n\n\n",
    ),
    _before(
        "other external sessions",
        MAIN,
        "def _load_external_sessions(manifest):\n    return [{'title': 'Talk 1', 'tags': ['AI']}]\n\n\n",
    ),
    _before(
        "a loop that redefines",
        MAIN,
        "for _name in ('_count_conflicts',):\n    globals()[_name] = lambda sessions: -1\n\n",
    ),
    _before(
        "a class that patches",
        MAIN,
        "class Patch:\n    def __set_name__(self, owner, name):\n        globals()['_count_conflicts'] = lambda sessions: 3\n\n\nclass Owner:\n    patch = Patch()\n\n\n",
    ),
    Edit(
        "a nested scope",
        COUNT,
        "def _make():\n    limit = 0\n\n    def _count_conflicts(sessions):\n        return len([s for s in sessions if len(s) > limit])\n    return _count_conflicts\n\n\ndef _old_count(sessions):\n",
    ),
    Edit(
        "a method taken out",
        COUNT,
        "class Counts:\n    def count(sessions):\n        return -2\n\n\n_count = Counts.count\n\n\ndef _unused(sessions):\n",
    ),
    Edit(
        "an external file first of all",
        "(Path(name), Path(__file__).parent / name, MANIFEST_PATH.parent / name)",
        '(Path(__file__).parent / "present.json",)',
    ),
    Edit("external sessions always", 'if not wanted.get("enabled", False):', "if False:"),
    Edit(
        "external sessions by default",
        'wanted.get("enabled", False)',
        'wanted.get("enabled", True)',
    ),
    Edit(
        "own sessions first",
        SESSIONS,
        '    return manifest.get("sessions") or _load_external_sessions(manifest)\n',
    ),
    Edit(
        "all sessions",
        SESSIONS,
        '    return manifest.get("sessions", []) + _load_external_sessions(manifest)\n',
    ),
    Edit("sorted sessions", SESSIONS, '    return sorted(manifest.get("sessions", []), key=str)\n'),
)
OTHERS = (
    Edit(
        "an explanation of cancelled talks",
        FOUND,
        '    if match and match.get("status") == "cancelled":\n        match = None\n' + FOUND,
    ),
    Edit("a title by prefix", "== title.lower()), None", ".startswith(title.lower())), None"),
    Edit("a stripped title", EXPLAIN, EXPLAIN + "    title = title.strip('Tt')\n"),
    Edit("another error", NOT_FOUND, NOT_FOUND.replace("session not found", "not found")),
    Edit("a hint", NOT_FOUND, NOT_FOUND.replace("}", ', "hint": "list"}')),
    Edit(
        "matched tags once",
        '"matched_tags": [tag for tag in match.get("tags", []) if tag.lower() in interests]',
        '"matched_tags": sorted({tag for tag in match.get("tags", []) if tag.lower() in interests})',
    ),
    Edit(
        "matched tags lowered",
        '"matched_tags": [tag for tag',
        '"matched_tags": [tag.lower() for tag',
    ),
    Edit("overlaps as conflicts", "if slot > 1])", "if slot > 2])"),
    Edit(
        "conflicts by the start",
        '(session.get("start"), session.get("end"))',
        'session.get("start")',
    ),
    Edit(
        "no conflicts without times",
        COUNT,
        COUNT + '    sessions = [s for s in sessions if s.get("start")]\n',
    ),
    Edit("another heading", "# Event Itinerary", "# My Itinerary"),
    Edit(
        "escaped titles",
        "each.get('title', 'Unknown Session')",
        "str(each.get('title', 'Unknown Session')).upper()",
    ),
    Edit(
        "rooms in Markdown",
        MARKDOWN,
        MARKDOWN + "    recommendation = {'sessions': recommendation['sessions'][:5]}\n",
    ),
    Edit("a card of three", CARD, CARD + "    sessions = sessions[:3]\n"),
    Edit("a newer card", '"version": "1.5"', '"version": "1.6"'),
    Edit("another action", '"action": "explainSession"', '"action": "explain"'),
    Edit("interests by spaces", '.replace(";", ",")', '.replace(";", ",").replace(" ", ",")'),
    Edit(
        "interests once when read",
        WORDS,
        "    return list(dict.fromkeys(word for word in words if word))\n",
    ),
    Edit("ten interests when read", WORDS, "    return [word for word in words if word][:10]\n"),
    Edit("casefold", '.replace(";", ",").lower()', '.replace(";", ",").casefold()'),
    Edit(
        "synonyms when read",
        WORDS,
        "    return [{'ml': 'ai'}.get(word, word) for word in words if word]\n",
    ),
    Edit(
        "default weights of a calendar",
        '"popularity": 0.5, "diversity": 0.3}\n    try',
        '"popularity": 0.9, "diversity": 0.3}\n    try',
        "core",
    ),
    Edit("more events", "top=top * 2", "top=top * 3", "core"),
    Edit(
        "private events",
        "    if not events:\n",
        '    events = [e for e in events if e.get("hidden") is not True]\n        if not events:\n',
        "core",
    ),
    Edit(
        "a calendar's name",
        '"source": "graph",\n        }',
        '"source": "calendar",\n        }',
        "core",
    ),
    Edit(
        "another implementation",
        "from agent import recommend as _recommend_impl",
        "def _recommend_impl(m, i, t):\n    return {}",
        "core",
    ),
    Edit(
        "another score for calendars",
        "from agent import _count_conflicts, score_session\n",
        "from agent import _count_conflicts\n\n\ndef score_session(s, i, w):\n    return {'session': s, 'score': 1, 'contributions': {}}\n\n\n",
        "core",
    ),
    Edit("cancelled events", 'if event.get("isCancelled", False):', "if False:", "graph_service"),
    Edit("six labels", "labels[:5]", "labels[:6]", "graph_service"),
    Edit(
        "a private event",
        "                labels = list(",
        '                if event.get("sensitivity") == "private":\n                    continue\n                labels = list(',
        "graph_service",
    ),
    Edit(
        "a free event",
        "                labels = list(",
        '                if event.get("showAs") == "free":\n                    continue\n                labels = list(',
        "graph_service",
    ),
    Edit(
        "dates", '"start": start.strftime("%H:%M")', '"start": start.isoformat()', "graph_service"
    ),
    Edit("another base", "value = 0.25", "value = 0.3", "graph_service"),
    Edit("a lower cap", "return min(value, 1.0)", "return min(value, 0.9)", "graph_service"),
    Edit(
        "a subclass",
        "class GraphEventService:\n",
        "class Base:\n    def _popularity(self, event):\n        return 1\n\n\nclass GraphEventService(Base):\n",
        "graph_service",
        trace=True,
    ),
    Edit(
        "another popularity",
        "    def _parse_graph_datetime",
        "    _popularity = lambda self, event: 0.5\n\n    def _parse_graph_datetime",
        "graph_service",
    ),
    Edit(
        "a class attribute",
        "    def _parse_graph_datetime",
        "    def __getattribute__(self, name):\n        return (lambda e: 0.1) if name == '_popularity' else object.__getattribute__(self, name)\n\n    def _parse_graph_datetime",
        "graph_service",
    ),
    Edit("times of the day", "datetime.fromisoformat(", "datetime.min or (", "graph_service"),
)
EDITS = (*SKIPPED, *BONUSES, *SCORING, *RANKING, *SURROUNDINGS, *SHAPES, *OTHERS)
