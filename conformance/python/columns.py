"""What sections are made of: varints, streams, and columns of numbers, texts and argument lists."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple, Optional, Sequence

import zstandard

from wire import WireError, read_varint

U64 = (1 << 64) - 1
MAX_PLAIN_VARINT = (1 << 53) - 1
MAX_DISTINCT = 65_536
FLOAT_BYTES = 8

STORED, ZSTD = 0, 1
EMPTY, CONSTANT, BYTE, DELTA, CLASS, INDEX = range(6)

# Of each class the least number, and how many bits follow.
CLASSES = [(number, 0) for number in range(8)]
CLASSES += [((8 + top) << width, width) for width in range(26) for top in range(8)]
CLASSES += [(1 << exponent, exponent) for exponent in range(29, 64)]

ARGUMENT_TYPES = ("null", "false", "true", "whole", "float", "text", "bytes", "unsigned")

# A frame is unpacked in bites of this many bytes, so that one which unpacks to more than it declares is noticed before
# it has filled the memory: a zstd block has at least 4 bytes and unpacks to at most 128 KiB.
ZSTD_BITE = 64


class FormatError(Exception):
    """A block is refused, with one of the specification's error codes."""

    def __init__(self, code: str, reason: str):
        super().__init__(f"{code}: {reason}")
        self.code = code


def require(condition: Any, code: str, reason: str) -> None:
    """Refuses a block that does not keep to what the specification says."""
    if not condition:
        raise FormatError(code, reason)


class Text(NamedTuple):
    """A text or byte string, and the length it had if it was cut."""

    value: Any
    full: Optional[int]


@dataclass
class Budget:
    """What the streams that are still to come may unpack to, of the header's `unpacked_length`."""

    left: int


class Cursor:
    """Reads through a section, or through a part of one, from front to back."""

    def __init__(self, data: bytes, budget: Budget):
        self.data = data
        self.at = 0
        self.budget = budget

    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self.at == len(self.data)

    def expect_end(self, what: str) -> None:
        """Refuses bytes that nothing asked for."""
        require(self.at_end(), "TRAILING_BYTES", f"{len(self.data) - self.at} bytes after {what}")

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        require(length <= len(self.data) - self.at, "TRUNCATED", f"{length} bytes wanted at {self.at}")
        self.at += length
        return self.data[self.at - length : self.at]

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def varint(self, most: int = MAX_PLAIN_VARINT, code: str = "BAD_VALUE") -> int:
        """The next varint outside a stream; `code` refuses what is above `most`."""
        length = 1
        while self.data[self.at + length - 1 : self.at + length] >= b"\x80":
            length += 1
        raw = self.take(length)
        try:
            value, _ = read_varint(raw, 0)
        except WireError as error:
            raise FormatError("BAD_VALUE", str(error)) from error
        require(value <= most, code, f"{value} where {most} is the most")
        return value

    def stream(self) -> bytes:
        """The unpacked bytes of the next stream."""
        length = self.varint()
        # Taken from the sum before anything is allocated for it.
        require(length <= self.budget.left, "TOO_LARGE", f"a stream declares {length} of {self.budget.left} bytes")
        self.budget.left -= length
        method = self.byte()
        if method == STORED:
            return self.take(length)
        require(method == ZSTD, "UNKNOWN_CODEC", f"stream method {method}")
        return _unpack(self.take(self.varint()), length)

    def sized_stream(self, length: int, what: str) -> bytes:
        """The next stream, whose unpacked length follows from what was read before."""
        data = self.stream()
        require(len(data) == length, "BAD_VALUE", f"{len(data)} bytes of {what}, not {length}")
        return data

    def varint_stream(self, count: int) -> list[int]:
        """The next stream, of exactly `count` varints."""
        data = self.stream()
        values = []
        at = 0
        try:
            while at < len(data):
                value, at = read_varint(data, at)
                values.append(value)
        except WireError as error:
            raise FormatError("BAD_VALUE", str(error)) from error
        require(len(values) == count, "BAD_VALUE", f"a stream holds {len(values)} varints, not {count}")
        return values

    def pieces(self, count: int, size: int) -> list[bytes]:
        """The next stream, of pieces of one size."""
        data = self.sized_stream(count * size, "pieces")
        return [data[at : at + size] for at in range(0, len(data), size)]

    def bitmap(self, count: int) -> list[bool]:
        """The next stream, of one bit for each of `count` records."""
        data = self.sized_stream((count + 7) // 8, "bitmap")
        return [bool(data[index // 8] >> index % 8 & 1) for index in range(count)]

    def numbers(self, count: int) -> Sequence[int]:
        """A column of numbers."""
        coding = self.byte()
        if coding == EMPTY:
            return [0] * count
        if coding == CONSTANT:
            return [self.varint(U64)] * count
        if coding == BYTE:
            return self.sized_stream(count, "numbers")
        if coding == DELTA:
            return _running_sums(self.varint_stream(count))
        if coding == CLASS:
            classes = self.sized_stream(count, "classes")
            return _class_numbers(classes, self.stream())
        require(coding == INDEX, "UNKNOWN_CODING", f"coding {coding}")
        distinct_count = self.varint(MAX_DISTINCT, "TOO_LARGE")
        distinct = _running_sums(self.varint_stream(distinct_count))
        low = self.sized_stream(count, "low bytes")
        high = self.sized_stream(count if distinct_count > 256 else 0, "high bytes")
        places = [l + 256 * h for l, h in zip(low, high)] if high else low
        require(all(place < distinct_count for place in places), "BAD_VALUE", "a place is beyond the distinct values")
        return [distinct[place] for place in places]

    def texts(self, count: int) -> list[Text]:
        """A column of texts, as bytes."""
        numbers = iter(self.varint_stream(self.varint()))
        data = Cursor(self.stream(), self.budget)
        texts = []
        try:
            for _ in range(count):
                length, cut = divmod(next(numbers), 2)
                texts.append(Text(data.take(length), next(numbers) if cut else None))
        except (StopIteration, FormatError) as error:
            raise FormatError("BAD_VALUE", "a text column has less than its values need") from error
        used = next(numbers, None) is None and data.at_end()
        require(used, "BAD_VALUE", "a text column has more than its values need")
        return texts

    def argument_lists(self, count: int) -> list[list[tuple[str, Any]]]:
        """A column of argument lists; of each argument its type and what belongs to it."""
        total = self.varint()
        lengths = self.varint_stream(count)
        require(sum(lengths) == total, "BAD_VALUE", f"{sum(lengths)} arguments in lists, not {total}")
        types = self.sized_stream(total, "argument types")
        require(all(type_ < len(ARGUMENT_TYPES) for type_ in types), "BAD_VALUE", "an argument of unknown type")
        names = [ARGUMENT_TYPES[type_] for type_ in types]
        whole = iter(self.varint_stream(names.count("whole") + names.count("unsigned")))
        floats = iter(self.pieces(names.count("float"), FLOAT_BYTES))
        texts = iter(self.texts(names.count("text") + names.count("bytes")))
        read = {
            "whole": lambda: unzigzag(next(whole)),
            "unsigned": lambda: next(whole),
            "float": lambda: next(floats),
            "text": lambda: utf8(next(texts)),
            "bytes": lambda: next(texts),
        }
        arguments = iter([(name, read[name]() if name in read else None) for name in names])
        return [[next(arguments) for _ in range(length)] for length in lengths]


def unzigzag(number: int) -> int:
    """The signed number that an unsigned one stands for."""
    return number >> 1 ^ -(number & 1)


def utf8(text: Text) -> Text:
    """A value of a text column as text."""
    try:
        return Text(text.value.decode("utf-8"), text.full)
    except UnicodeDecodeError as error:
        raise FormatError("BAD_VALUE", "a text is not UTF-8") from error


def _unpack(packed: bytes, length: int) -> bytes:
    """Unpacks one zstd frame that declares to have `length` bytes."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    unpacked = bytearray()
    at = 0
    try:
        while not frame.eof and at < len(packed) and len(unpacked) <= length:
            unpacked += frame.decompress(packed[at : at + ZSTD_BITE])
            at += ZSTD_BITE
    except zstandard.ZstdError as error:
        raise FormatError("BAD_STREAM", str(error)) from error
    require(len(unpacked) <= length, "STREAM_LENGTH", f"a stream of {length} bytes unpacks to more")
    one_frame = frame.eof and not frame.unused_data and at >= len(packed)
    require(one_frame, "BAD_STREAM", "a stream is not one whole zstd frame")
    require(len(unpacked) == length, "STREAM_LENGTH", f"a stream of {length} bytes unpacks to {len(unpacked)}")
    return bytes(unpacked)


def _running_sums(steps: list[int]) -> list[int]:
    """The numbers whose zigzag steps are given, from 0."""
    return [total & U64 for total in accumulate(map(unzigzag, steps))]


def _class_numbers(classes: bytes, bits: bytes) -> list[int]:
    """The numbers of coding 4."""
    require(all(number_class < len(CLASSES) for number_class in classes), "BAD_VALUE", "an unknown class")
    needed = sum(CLASSES[number_class][1] for number_class in classes)
    require(len(bits) == (needed + 7) // 8, "BAD_VALUE", f"{len(bits)} bytes for {needed} bits")
    values = []
    waiting, waiting_width, at = 0, 0, 0
    for number_class in classes:
        least, width = CLASSES[number_class]
        while waiting_width < width:
            waiting |= bits[at] << waiting_width
            waiting_width += 8
            at += 1
        values.append(least + (waiting & (1 << width) - 1))
        waiting >>= width
        waiting_width -= width
    require(waiting == 0, "BAD_VALUE", "unused bits are not 0")
    return values
