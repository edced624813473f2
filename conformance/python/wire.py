"""Protobuf by hand: just enough of the wire format to read the messages that the specification names."""

from typing import Any, NamedTuple, Optional

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
MAX_VARINT_BYTES = 10


class WireError(ValueError):
    """The bytes are not a protobuf message."""


class Field(NamedTuple):
    """A field of a message: its name, its type, and what a `message` (or each of some `messages`) is made of."""

    name: str
    type: str
    message: Optional[dict[int, "Field"]] = None


WIRE_TYPES = {"uint32": VARINT, "uint64": VARINT, "enum": VARINT, "fixed32": FIXED32, "fixed64": FIXED64}
DEFAULTS = {"bytes": b"", "string": "", "message": None}


def _fields(names: str, **messages: dict[int, Field]) -> dict[int, Field]:
    """A message's fields, numbered from 1, each as name:type; `messages` tells what messages in it are made of."""
    pairs = [name.split(":") for name in names.split()]
    return {number: Field(name, type_, messages.get(name)) for number, (name, type_) in enumerate(pairs, 1)}


# Of each message no more than what reading a block takes; unknown fields are passed over.
BLOCK_HEADER = _fields(
    "magic:fixed32 format:uint32 codec:enum session:bytes seq:uint64 record_count:uint32 first_time:fixed64"
    " last_time:fixed64 dictionary_length:uint32 summary_length:uint32 open_set_length:uint32 columns_length:uint32"
    " unpacked_length:uint32 description:message end:message",
    description=_fields("name:string"),
    end=_fields("last_seq:uint64 cause:enum"),
)
_CHUNK_BLOCK = _fields("seq:uint64 offset:uint64 length:uint32 digest:bytes")
_CHUNK_SESSION = _fields("session:bytes blocks:messages", blocks=_CHUNK_BLOCK)
CHUNK_FOOTER = _fields("format:uint32 sessions:messages", sessions=_CHUNK_SESSION)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Reads a LEB128 number of up to 64 bits; gives it and the place after it."""
    value = 0
    for index in range(MAX_VARINT_BYTES):
        if at + index >= len(data):
            raise WireError("a varint is cut off")
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80 and value < 1 << 64:
            return value, at + index + 1
    raise WireError("a varint has more than 64 bits")


def read_message(data: bytes, fields: dict[int, Field]) -> dict[str, Any]:
    """Reads a message; absent scalars are 0 or empty, an absent message is None, unknown fields are passed over."""
    message = {name: [] if type_ == "messages" else DEFAULTS.get(type_, 0) for name, type_, _ in fields.values()}
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if not 1 <= tag >> 3 < 1 << 29:
            raise WireError(f"no field has number {tag >> 3}")
        raw, at = _read_raw(data, at, tag & 7)
        field = fields.get(tag >> 3)
        # A known number with another wire type is an unknown field to protobuf.
        if field is None or WIRE_TYPES.get(field.type, LENGTH) != tag & 7:
            continue
        if field.type == "messages":
            message[field.name].append(read_message(raw, field.message))
        elif field.type == "message":
            message[field.name] = read_message(raw, field.message)
        elif field.type == "string":
            try:
                message[field.name] = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise WireError("a string is not UTF-8") from error
        else:
            # Protobuf keeps the low bits of a number that is too wide.
            message[field.name] = raw & 0xFFFFFFFF if field.type in ("uint32", "enum") else raw
    return message


def _read_raw(data: bytes, at: int, wire_type: int) -> tuple[Any, int]:
    """Reads one field's content by its wire type; gives it and the place after it."""
    if wire_type == VARINT:
        return read_varint(data, at)
    if wire_type == LENGTH:
        length, at = read_varint(data, at)
    elif wire_type in (FIXED32, FIXED64):
        length = 8 if wire_type == FIXED64 else 4
    else:
        # Groups too: proto3 has none.
        raise WireError(f"wire type {wire_type}")
    if at + length > len(data):
        raise WireError("a field is cut off")
    raw = data[at : at + length]
    return (raw if wire_type == LENGTH else int.from_bytes(raw, "little")), at + length
