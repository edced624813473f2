"""Reads a block: its envelope and header, and the four sections of its payload."""

import zlib
from collections import Counter, namedtuple
from dataclasses import dataclass, field
from typing import Any, Iterator, NamedTuple, Optional, Sequence

from columns import FLOAT_BYTES, U64, Budget, Cursor, FormatError, require, unzigzag, utf8
from wire import BLOCK_HEADER, WireError, read_message, read_varint

MAGIC = 0x314D4257
FORMAT = 1
CODECS = (0, 1)
SESSION_BYTES, CORRELATION_BYTES = 16, 24
EPOCH_BLOCKS = 64
SECTIONS = ("dictionary", "summary", "open_set", "columns")

MAX_BLOCK, MAX_HEADER, MAX_PAYLOAD = 852_000, 65_536, 786_432
MAX_RECORDS, MAX_UNPACKED = 65_536, 16_777_216
MAX_SUMMARY_ROWS, MAX_TOP, MAX_OPEN = 4_096, 16, 4_096
MAX_ID = (1 << 32) - 1
# The bucket of the greatest number of 64 bits is 8 * (63 - 2) + 7.
MAX_BUCKETS = 496
MAX_LATEST_IDS = 64
NEW_ID_RANK = 255

# The tables in order of number, with the columns after their ids: n for numbers, t for texts.
TABLES = {"string": "t", "module": "ttn", "frame": "nnnnn", "stack": "nn"}
TABLES |= {"site": "nnnn", "lane": "nnnn", "kind": "t", "object": "nnnnnnn"}
TABLE_NAMES = tuple(TABLES)
TYPES = ("bool", "i64", "u64", "f64", "string", "bytes", "time", "duration", "enum", "ref", "values")
ROLES = ("key", "measure", "begin", "end", "object", "cause", "text", "")
DIMENSIONS = ("kind", "lane", "zone", "channel", "queueWait", "queueRun", "lockWait", "lockHold", "key", "busy")
SUMMARY_ROW = ("key1", "key2", "count", "sum", "min", "max", "extra", "buckets")
SUMMARY_TOP = ("key1", "quantity", "seq", "index")
OPEN_KINDS = ("zone", "wait", "held lock", "context", "running job")
OPEN_ENTRY = ("kind", "lane", "subject", "detail", "start", "event_no", "unsure")
# Numbers that may pass 32 bits are decimal text in the JSON form.
AS_TEXT = ("sum", "min", "max", "quantity", "seq", "detail", "start")

HAS_SITE, HAS_STACK, HAS_PARENT, HAS_CORRELATION = 1, 2, 4, 8
ALL_PRESENT, SOME_PRESENT, NONE_PRESENT = 0, 128, 192

# For each table its rows by id: texts of strings, Kinds of kinds, else the row's columns.
Dictionary = dict[str, dict[int, Any]]


class KindField(NamedTuple):
    """One field of a kind's definition."""

    name: str
    type: str
    role: str
    unit: str
    detail: str

    @property
    def is_object(self) -> bool:
        """Whether its values stand in the column that all object fields share."""
        return (self.type, self.detail, self.role) == ("ref", "object", "object")


class Kind(NamedTuple):
    """A kind's definition."""

    name: str
    fields: list[KindField]


# A kind's entry in the columns: how many records it has, and how many object fields each of them.
KindUse = namedtuple("KindUse", "kind_id record_count object_fields")
Lane = namedtuple("Lane", "lane_id record_count first_event_no first_time")


@dataclass
class Record:
    """One record, `parent` as in the columns. Only the first four are known where the kind is not defined."""

    lane: int
    event_no: int
    time: int
    kind_id: int
    kind: Optional[Kind] = None
    site: int = 0
    stack: int = 0
    parent: int = 0
    correlation: Optional[bytes] = None
    values: list[Any] = field(default_factory=list)


class Block(NamedTuple):
    """A whole block; summary and open set are in the JSON form of VECTORS.md."""

    header: dict[str, Any]
    summary: list[dict[str, Any]]
    open_set: dict[str, Any]
    records: list[Record]


def new_dictionary() -> Dictionary:
    """The dictionary with which an epoch begins."""
    return {name: {} for name in TABLE_NAMES}


def read_envelope(data: bytes) -> tuple[bytes, bytes]:
    """Header bytes and payload bytes of a serialised block, checked against its checksum."""
    require(len(data) <= MAX_BLOCK, "TOO_LARGE", f"a block of {len(data)} bytes")
    header, at = _envelope_field(data, 0, 0x0A)
    payload, at = _envelope_field(data, at, 0x12)
    require(len(data) == at + 5 and data[at] == 0x1D, "BAD_ENVELOPE", "the checksum is not what comes last")
    require(len(header) <= MAX_HEADER, "TOO_LARGE", f"a header of {len(header)} bytes")
    require(len(payload) <= MAX_PAYLOAD, "TOO_LARGE", f"a payload of {len(payload)} bytes")
    crc = zlib.crc32(payload, zlib.crc32(header))
    require(crc == int.from_bytes(data[at + 1 :], "little"), "BAD_CRC", "header and payload have another checksum")
    return header, payload


def read_block(data: bytes, dictionary: Dictionary) -> Block:
    """Reads a serialised block. `dictionary` is what the blocks before it in its epoch defined, and gains its own."""
    header_bytes, payload = read_envelope(data)
    header = _read_header(header_bytes, len(payload))
    budget = Budget(header["unpacked_length"])
    whole = Cursor(payload, budget)
    sections = {name: Cursor(whole.take(header[f"{name}_length"]), budget) for name in SECTIONS}
    _read_dictionary(sections["dictionary"], dictionary)
    summary = _read_summary(sections["summary"])
    open_set = _read_open_set(sections["open_set"])
    records = _read_columns(sections["columns"], header, dictionary)
    # The streams of a kind that was passed over belong to the sum, but nobody saw their lengths.
    if all(record.kind for record in records):
        require(budget.left == 0, "STREAM_LENGTH", f"{budget.left} bytes of the streams' sum are not used")
    return Block(header, summary, open_set, records)


def _envelope_field(data: bytes, at: int, tag: int) -> tuple[bytes, int]:
    """One of the envelope's two byte strings, and the place after it."""
    require(data[at : at + 1] == bytes([tag]), "BAD_ENVELOPE", f"no field {tag:#x} at {at}")
    try:
        length, begin = read_varint(data, at + 1)
    except WireError as error:
        raise FormatError("BAD_ENVELOPE", str(error)) from error
    require(begin - at == 2 or data[begin - 1], "BAD_ENVELOPE", "a length has more bytes than it needs")
    require(begin + length <= len(data), "BAD_ENVELOPE", "the bytes end early")
    return data[begin : begin + length], begin + length


def _read_header(data: bytes, payload_length: int) -> dict[str, Any]:
    """Reads the header and checks it, in the specification's order."""
    try:
        header = read_message(data, BLOCK_HEADER)
    except WireError as error:
        raise FormatError("BAD_HEADER", str(error)) from error
    require(header["magic"] == MAGIC, "BAD_HEADER", f"magic {header['magic']:#x}")
    require(header["format"] == FORMAT, "UNKNOWN_VERSION", f"format {header['format']}")
    require(header["codec"] in CODECS, "UNKNOWN_CODEC", f"codec {header['codec']}")
    require(len(header["session"]) == SESSION_BYTES, "BAD_HEADER", f"a session of {len(header['session'])} bytes")
    require(header["record_count"] <= MAX_RECORDS, "TOO_LARGE", f"{header['record_count']} records")
    require(header["unpacked_length"] <= MAX_UNPACKED, "TOO_LARGE", f"{header['unpacked_length']} bytes unpacked")
    require(sum(header[f"{name}_length"] for name in SECTIONS) == payload_length, "BAD_HEADER", "sum of sections")
    require(header["seq"] % EPOCH_BLOCKS or header["description"], "BAD_HEADER", "an epoch begins undescribed")
    return header


def _read_dictionary(section: Cursor, dictionary: Dictionary) -> None:
    """Adds a dictionary section's definitions to `dictionary`."""
    table_before = 0
    while not section.at_end():
        table = section.byte()
        require(table_before < table <= len(TABLES), "BAD_VALUE", f"table {table} after table {table_before}")
        table_before = table
        name = TABLE_NAMES[table - 1]
        count = section.varint()
        # Ids that differ take a byte of a stream each; a table without streams must not ask for endless memory.
        require(count <= max(1, section.budget.left), "BAD_VALUE", f"{count} rows cannot have ids of their own")
        ids = section.numbers(count)
        require(all(1 <= row_id <= MAX_ID for row_id in ids), "BAD_VALUE", f"an id in table {name} is out of range")
        columns = [
            section.numbers(count) if column_type == "n" else [utf8(text).value for text in section.texts(count)]
            for column_type in TABLES[name]
        ]
        rows: Any = zip(*columns)
        if name == "string":
            rows = columns[0]
        elif name == "kind":
            rows = [_kind(definition) for definition in columns[0]]
        dictionary[name].update(zip(ids, rows))


def _kind(definition: str) -> Kind:
    """Reads a kind's definition."""
    name, *lines = definition.split("\n")
    require(name, "BAD_VALUE", "a kind without name")
    fields = []
    for line in lines:
        parts = line.split("|")
        readable = len(parts) == len(KindField._fields) and parts[1] in TYPES and parts[2] in ROLES
        readable = readable and (parts[1] != "ref" or parts[4] in TABLE_NAMES)
        require(readable, "BAD_VALUE", f"kind {name} has the line {line!r}")
        fields.append(KindField(*parts))
    return Kind(name, fields)


def _rows(section: Cursor, columns: Sequence[str], count: int) -> list[dict[str, Any]]:
    """Columns of numbers, row by row, by the columns' names; text where the JSON form has it."""
    rows = zip(*[section.numbers(count) for _ in columns])
    return [{name: str(value) if name in AS_TEXT else value for name, value in zip(columns, row)} for row in rows]


def _read_summary(section: Cursor) -> list[dict[str, Any]]:
    """Reads a summary section."""
    tables = []
    while not section.at_end():
        dimension = section.byte()
        require(1 <= dimension <= len(DIMENSIONS), "BAD_VALUE", f"dimension {dimension}")
        row_count = section.varint(MAX_SUMMARY_ROWS, "TOO_LARGE")
        other = section.varint()
        top_count = section.varint(MAX_TOP, "TOO_LARGE")
        rows = _rows(section, SUMMARY_ROW, row_count)
        require(all(row["buckets"] <= MAX_BUCKETS for row in rows), "BAD_VALUE", "more buckets than there are")
        pairs = iter(_rows(section, ("bucket", "count"), sum(row["buckets"] for row in rows)))
        for row in rows:
            row["buckets"] = [number for _ in range(row["buckets"]) for number in next(pairs).values()]
        top = _rows(section, SUMMARY_TOP, top_count)
        tables.append({"dimension": DIMENSIONS[dimension - 1], "other": other, "rows": rows, "top": top})
    return tables


def _read_open_set(section: Cursor) -> dict[str, Any]:
    """Reads an open set section."""
    if section.at_end():
        return {"left_out": 0, "entries": []}
    count = section.varint(MAX_OPEN, "TOO_LARGE")
    left_out = section.varint()
    entries = _rows(section, OPEN_ENTRY, count)
    for entry in entries:
        require(entry["kind"] < len(OPEN_KINDS) and entry["unsure"] <= 1, "BAD_VALUE", f"the open entry {entry}")
        entry.update(kind=OPEN_KINDS[entry["kind"]], unsure=entry["unsure"] == 1)
    section.expect_end("the open set")
    return {"left_out": left_out, "entries": entries}


def _read_columns(section: Cursor, header: dict[str, Any], dictionary: Dictionary) -> list[Record]:
    """Reads a columns section."""
    count = header["record_count"]
    uses = [KindUse(*(section.varint() for _ in KindUse._fields)) for _ in range(section.varint())]
    kinds: list[Optional[Kind]] = [dictionary["kind"].get(use.kind_id) for use in uses]
    for kind, use in zip(kinds, uses):
        agrees = kind is None or sum(kind_field.is_object for kind_field in kind.fields) == use.object_fields
        require(agrees, "BAD_VALUE", f"kind {use.kind_id} does not have {use.object_fields} object fields")
    lanes = _read_lanes(section, count)
    places = section.numbers(count)
    # A place beyond the list has a count that no kind has.
    listed = Counter({place: use.record_count for place, use in enumerate(uses)})
    require(Counter(places) == +listed, "BAD_VALUE", "the kinds' numbers of records are not those of the column")
    holes = _read_holes(section, count)
    steps = section.numbers(count)
    records: list[Record] = []
    for lane in lanes:
        event_no, time = lane.first_event_no, lane.first_time
        for index in range(len(records), len(records) + lane.record_count):
            event_no += holes.get(index, 0)
            time = time + steps[index] & U64
            require(header["first_time"] <= time <= header["last_time"], "BAD_VALUE", f"time {time} is outside")
            records.append(Record(lane.lane_id, event_no, time, uses[places[index]].kind_id, kinds[places[index]]))
            event_no += 1
    objects = _read_objects(section, lanes, [uses[place].object_fields for place in places])
    of_kind: list[list[int]] = [[] for _ in uses]
    for index, place in enumerate(places):
        of_kind[place].append(index)
    for kind, indexes in zip(kinds, of_kind):
        columns = Cursor(section.take(int.from_bytes(section.take(4), "little")), section.budget)
        if kind:
            _read_kind(columns, kind, [records[index] for index in indexes], [objects[index] for index in indexes])
    section.expect_end("the columns")
    return records


def _read_lanes(section: Cursor, record_count: int) -> list[Lane]:
    """Reads the lanes of the columns."""
    lane_count = section.varint()
    require(lane_count <= record_count, "BAD_VALUE", f"{lane_count} lanes for {record_count} records")
    lanes = [Lane(**row) for row in _rows(section, Lane._fields, lane_count)]
    require(sum(lane.record_count for lane in lanes) == record_count, "BAD_VALUE", "lanes have other records")
    rising = all(lane.lane_id < after.lane_id for lane, after in zip(lanes, lanes[1:]))
    require(rising, "BAD_VALUE", "lanes do not rise")
    return lanes


def _read_holes(section: Cursor, record_count: int) -> dict[int, int]:
    """Reads how many event numbers are missing right before a record, by the record's index."""
    count = section.varint()
    if not count:
        return {}
    require(count <= record_count, "BAD_VALUE", f"{count} holes among {record_count} records")
    holes = dict(zip(section.numbers(count), section.numbers(count)))
    require(len(holes) == count and max(holes) < record_count, "BAD_VALUE", "holes are not before a record each")
    return holes


def _read_objects(section: Cursor, lanes: list[Lane], fields_of_records: list[int]) -> list[list[int]]:
    """Reads for each record the ids of its object fields."""
    count = section.varint()
    require(sum(fields_of_records) == count, "BAD_VALUE", f"{count} ids for {sum(fields_of_records)} object fields")
    if not count:
        return [[] for _ in fields_of_records]
    ranks = section.sized_stream(count, "ranks")
    new_ids = iter(section.varint_stream(ranks.count(NEW_ID_RANK)))
    next_rank = iter(ranks)
    objects: list[list[int]] = []
    for lane in lanes:
        latest: list[int] = []
        for field_count in fields_of_records[len(objects) : len(objects) + lane.record_count]:
            objects.append([_object_id(next(next_rank), new_ids, latest) for _ in range(field_count)])
    return objects


def _object_id(rank: int, new_ids: Iterator[int], latest: list[int]) -> int:
    """The id that a rank stands for; moves it to the front of the lane's latest."""
    if rank == NEW_ID_RANK:
        object_id = next(new_ids)
    else:
        require(rank < len(latest), "BAD_VALUE", f"rank {rank} in a list of {len(latest)}")
        object_id = latest.pop(rank)
    latest[:] = [object_id, *latest][:MAX_LATEST_IDS]
    return object_id


def _read_kind(columns: Cursor, kind: Kind, records: list[Record], objects: list[list[int]]) -> None:
    """Reads a kind's columns into its records, whose object fields are known already."""
    _read_common(columns, records)
    shared = [iter(ids) for ids in objects]
    for kind_field in kind.fields:
        if kind_field.is_object:
            values = [next(ids) or None for ids in shared]
        else:
            values = _read_field(columns, kind_field, len(records))
        for record, value in zip(records, values):
            record.values.append(value)
    columns.expect_end(f"the columns of kind {kind.name}")


def _read_common(columns: Cursor, records: list[Record]) -> None:
    """Reads the columns that any kind may have."""
    which, count = columns.byte(), len(records)
    known = HAS_SITE | HAS_STACK | HAS_PARENT | HAS_CORRELATION
    require(which & ~known == 0, "BAD_VALUE", f"common columns {which:#x}")
    for flag, attribute in ((HAS_SITE, "site"), (HAS_STACK, "stack"), (HAS_PARENT, "parent")):
        if which & flag:
            for record, number in zip(records, columns.numbers(count)):
                setattr(record, attribute, number)
    if which & HAS_CORRELATION:
        present = columns.bitmap(count)
        correlations = columns.pieces(sum(present), CORRELATION_BYTES)
        for record, correlation in zip(records, _spread(present, correlations)):
            record.correlation = correlation


def _read_field(columns: Cursor, kind_field: KindField, count: int) -> Sequence[Any]:
    """Reads a field's column; None where a record has no value."""
    presence = columns.byte()
    if presence == NONE_PRESENT:
        return [None] * count
    if presence == ALL_PRESENT:
        return _present_values(columns, kind_field.type, count)
    require(presence == SOME_PRESENT, "BAD_VALUE", f"a column of field {kind_field.name} begins with {presence}")
    present = columns.bitmap(count)
    return _spread(present, _present_values(columns, kind_field.type, sum(present)))


def _spread(present: list[bool], values: Sequence[Any]) -> list[Any]:
    """Gives the values to the records that have one, None to the others."""
    remaining = iter(values)
    return [next(remaining) if has_one else None for has_one in present]


def _present_values(columns: Cursor, type_: str, count: int) -> Sequence[Any]:
    """Reads the values that are there."""
    if type_ == "string":
        return [utf8(text) for text in columns.texts(count)]
    if type_ == "bytes":
        return columns.texts(count)
    if type_ == "f64":
        return columns.pieces(count, FLOAT_BYTES)
    if type_ == "values":
        return columns.argument_lists(count)
    numbers = columns.numbers(count)
    if type_ == "bool":
        require(all(number <= 1 for number in numbers), "BAD_VALUE", "a bool is neither 0 nor 1")
        return [number == 1 for number in numbers]
    if type_ in ("i64", "duration"):
        return [unzigzag(number) for number in numbers]
    return [number or None for number in numbers] if type_ == "ref" else numbers
