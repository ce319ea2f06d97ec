"""Reads a FIT file into messages: (number, {field: bytes}); developer fields have 1000 added to their number."""

import struct


def messages(file):
    assert file[8:12] == b".FIT"
    at, end = file[0], file[0] + struct.unpack("<I", file[4:8])[0]
    definitions = {}
    while at < end:
        header, at = file[at], at + 1
        if header & 0x40:
            number, count = struct.unpack("<HB", file[at + 2:at + 5])
            at += 5
            fields = []
            for base in (0, 1000) if header & 0x20 else (0,):
                if base:
                    count, at = file[at], at + 1
                for _ in range(count):
                    fields.append((base + file[at], file[at + 1]))
                    at += 3
            definitions[header & 15] = number, fields
        else:
            number, fields = definitions[header & 15]
            values = {}
            for field, size in fields:
                values[field] = file[at:at + size]
                at += size
            yield number, values
    assert at == end


def number(values, field, form):
    return struct.unpack("<" + form, values[field])[0]
