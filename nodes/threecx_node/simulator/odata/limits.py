"""The limits of requests for lists, without the parsers that apply them."""

MAX_TOP = 100
PAGE_SIZE = 100
# On a real PBX, very long queries run into a timeout; here they are refused.
MAX_QUERY = 16_384
