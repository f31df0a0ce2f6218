#!/usr/bin/env python3
"""garble.py LINE <TEXT: the text with one character in that line changed.

The last word of a line is what is changed, in its middle, to another character
of the same kind, so that what refuses it is not just its shape; an empty line
gets a character.
"""

import sys

text = sys.stdin.buffer.read().split(b"\n")
n = int(sys.argv[1]) - 1
line = text[n]
if not line:
    text[n] = b"x"
else:
    start = line.rfind(b" ") + 1
    i = start + (len(line) - start) // 2
    other = b"A" if line[i:i + 1] != b"A" else b"B"
    if line[i:i + 1].isdigit() and line[start:].isdigit():
        other = b"1" if line[i:i + 1] != b"1" else b"2"
    text[n] = line[:i] + other + line[i + 1:]
sys.stdout.buffer.write(b"\n".join(text))
