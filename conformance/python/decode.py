"""Decodes blocks by FORMAT.md alone: checks the vectors, or prints the records of an archive chunk.

    decode.py VECTORS_DIR     decodes every sample and compares it with its meaning
    decode.py --chunk FILE    prints the records of a chunk, one line of JSON each
"""

import hashlib
import json
import sys
import zlib
from pathlib import Path
from typing import Any, Iterator

from block import EPOCH_BLOCKS, Dictionary, KindField, Record, new_dictionary, read_block, read_envelope
from columns import FormatError, Text, require
from wire import CHUNK_FOOTER, WireError, read_message

# A sample with more records gives their hash alone.
MAX_LISTED_RECORDS = 200
MAX_SHOWN_DIFFERENCES = 10
TRACE_ID_BYTES, DIGEST_BYTES = 16, 16
LANE_NAME, OBJECT_CLASS, OBJECT_INSTANCE = 0, 1, 2

CHUNK_MAGIC = 0x314B4357
CHUNK_FORMAT = 1
TRAILER_BYTES = 12
# The specification has no code for a chunk that is not what it should be.
BAD_CHUNK = "BAD_CHUNK"


def sample_meaning(data: bytes) -> dict[str, Any]:
    """The JSON value of a sample that is read alone, or of the error with which it is refused."""
    dictionary = new_dictionary()
    try:
        block = read_block(data, dictionary)
    except FormatError as error:
        return {"error": error.code}
    records = [record_meaning(record, dictionary) for record in block.records]
    lines = "".join(f"{as_line(record)}\n" for record in records)
    header, description, end = block.header, block.header["description"], block.header["end"]
    meaning = {
        "header": {
            "codec": header["codec"],
            "session": header["session"].hex(),
            "seq": str(header["seq"]),
            "record_count": header["record_count"],
            "first_time": str(header["first_time"]),
            "last_time": str(header["last_time"]),
            "name": description and description["name"],
            "end": end and {"last_seq": str(end["last_seq"]), "cause": end["cause"]},
        },
        "summary": block.summary,
        "open_set": block.open_set,
        "records": records,
        "records_sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }
    if len(records) > MAX_LISTED_RECORDS:
        del meaning["records"]
    return meaning


def as_line(record: dict[str, Any]) -> str:
    """A record's JSON on one line, in the form that `records_sha256` covers."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def record_meaning(record: Record, dictionary: Dictionary) -> dict[str, Any]:
    """The JSON value of a record."""
    meaning: dict[str, Any] = {"lane": record.lane, "event_no": record.event_no, "time": str(record.time)}
    if record.kind is None:
        return {**meaning, "kind": f"kind#{record.kind_id}"}
    correlation = record.correlation
    return {
        **meaning,
        "kind": record.kind.name,
        "site": record.site,
        "stack": record.stack,
        "parent": record.parent - 1 if record.parent else None,
        "trace_id": correlation and correlation[:TRACE_ID_BYTES].hex(),
        "span_id": correlation and correlation[TRACE_ID_BYTES:].hex(),
        "fields": {
            kind_field.name: _value_meaning(kind_field, value, dictionary)
            for kind_field, value in zip(record.kind.fields, record.values)
        },
    }


def _value_meaning(kind_field: KindField, value: Any, dictionary: Dictionary) -> Any:
    """A field's JSON value."""
    if value is None or kind_field.type in ("bool", "enum"):
        return value
    if kind_field.type == "ref":
        return {"id": value, "name": _ref_name(kind_field.detail, value, dictionary)}
    if kind_field.type == "values":
        return [[type_] if item is None else [type_, _scalar_meaning(item)] for type_, item in value]
    return _scalar_meaning(value)


def _scalar_meaning(value: Any) -> Any:
    """A number as text, a float's bytes as hex; a text, or bytes as hex, with the full length if it was cut."""
    if isinstance(value, Text):
        shown = value.value if isinstance(value.value, str) else value.value.hex()
        return shown if value.full is None else {"cut": shown, "full": value.full}
    return value.hex() if isinstance(value, bytes) else str(value)


def _ref_name(table: str, row_id: int, dictionary: Dictionary) -> str:
    """What a ref is shown as. Number 0 stands for the empty string in what rows refer to."""
    row = dictionary[table].get(row_id)
    if table == "string" and row_id == 0:
        return ""
    if row is None or table not in ("string", "object", "lane"):
        return f"{table}#{row_id}"
    if table == "string":
        return row
    if table == "lane":
        return _ref_name("string", row[LANE_NAME], dictionary)
    names = [row[OBJECT_CLASS], row[OBJECT_INSTANCE]] if row[OBJECT_INSTANCE] else [row[OBJECT_CLASS]]
    return "/".join(_ref_name("string", name, dictionary) for name in names)


def differences(wanted: Any, got: Any, place: str = "$") -> Iterator[str]:
    """Where two JSON values differ. Types count: true is not 1."""
    if isinstance(wanted, dict) and isinstance(got, dict) and wanted.keys() == got.keys():
        for key, value in wanted.items():
            yield from differences(value, got[key], f"{place}.{key}")
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for index, (wanted_item, got_item) in enumerate(zip(wanted, got)):
            yield from differences(wanted_item, got_item, f"{place}[{index}]")
    elif type(wanted) is not type(got) or wanted != got:
        yield f"{place}: wanted {json.dumps(wanted)[:200]}, got {json.dumps(got)[:200]}"


def check_vectors(folder: Path) -> bool:
    """Compares every sample of a folder with its meaning, prints what differs, and tells whether nothing does."""
    samples = sorted(folder.glob("*.bin"))
    different = 0
    for sample in samples:
        wanted = json.loads(sample.with_suffix(".json").read_text(encoding="utf-8"))
        found = list(differences(wanted, sample_meaning(sample.read_bytes())))
        different += bool(found)
        for line in found[:MAX_SHOWN_DIFFERENCES]:
            print(f"{sample.stem}: {line}")
    print(f"{len(samples) - different} equal, {different} different")
    return different == 0


def read_footer(data: bytes) -> dict[str, Any]:
    """Finds a chunk's footer, checks it and reads it."""
    end = len(data) - TRAILER_BYTES
    require(end >= 0, BAD_CHUNK, "too short for a chunk")
    length, crc, magic = (int.from_bytes(data[at : at + 4], "little") for at in (end, end + 4, end + 8))
    require(magic == CHUNK_MAGIC, BAD_CHUNK, f"magic {magic:#x}")
    require(length <= end, BAD_CHUNK, "the footer is longer than the chunk")
    raw = data[end - length : end]
    require(zlib.crc32(raw) == crc, BAD_CHUNK, "the footer has another checksum")
    try:
        footer = read_message(raw, CHUNK_FOOTER)
    except WireError as error:
        raise FormatError(BAD_CHUNK, f"the footer cannot be read: {error}") from error
    require(footer["format"] == CHUNK_FORMAT, BAD_CHUNK, f"format {footer['format']}")
    return footer


def chunk_lines(data: bytes) -> Iterator[str]:
    """The lines of a chunk's records: blocks in the footer's order, each read with the dictionary of its epoch."""
    for session in read_footer(data)["sessions"]:
        epoch, dictionary = None, new_dictionary()
        for entry in session["blocks"]:
            seq, begin, end = entry["seq"], entry["offset"], entry["offset"] + entry["length"]
            if seq // EPOCH_BLOCKS != epoch:
                epoch, dictionary = seq // EPOCH_BLOCKS, new_dictionary()
            require(end <= len(data), BAD_CHUNK, f"block {seq} is outside the chunk")
            serialised = data[begin:end]
            digest = hashlib.sha256(b"".join(read_envelope(serialised))).digest()[:DIGEST_BYTES]
            require(digest == entry["digest"], BAD_CHUNK, f"block {seq} has another digest")
            block = read_block(serialised, dictionary)
            named = block.header["session"] == session["session"] and block.header["seq"] == seq
            require(named, BAD_CHUNK, f"block {seq} is not the one that the footer names")
            for record in block.records:
                yield as_line(record_meaning(record, dictionary))


def main(arguments: list[str]) -> int:
    """Does what the command line asks; gives the exit code."""
    if len(arguments) == 1 and not arguments[0].startswith("-"):
        return 0 if check_vectors(Path(arguments[0])) else 1
    if len(arguments) != 2 or arguments[0] != "--chunk":
        print(__doc__.strip(), file=sys.stderr)
        return 2
    # Lines are UTF-8 with a line feed, whatever the terminal would like.
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        for line in chunk_lines(Path(arguments[1]).read_bytes()):
            print(line)
    except FormatError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
