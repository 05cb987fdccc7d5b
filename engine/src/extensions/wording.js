// Extension methods of strings for language: case, markup, accents.

// Words that title case leaves in lower case, unless they begin or end the title.
const SMALL_WORDS = new Set([
  "a", "an", "and", "as", "at", "but", "by", "en", "for", "if", "in", "nor", "of", "on", "or", "per", "so", "the",
  "to", "up", "via", "vs", "yet",
]);

const capital = (word) => word.replace(/\p{L}/u, (letter) => letter.toUpperCase());

export function titleCase(text) {
  const words = text.toLowerCase().split(/(\s+)/);
  const last = words.length - 1;
  return words
    .map((word, position) => (position > 0 && position < last && SMALL_WORDS.has(word) ? word : capital(word)))
    .join("");
}

export function sentenceCase(text) {
  return text.toLowerCase().replace(/(^\s*|[.!?]\s+)(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase());
}

export const withoutTags = (text) => text.replace(/<[^>]*>?/g, "");

const MARKS = [
  [/^```[^\n]*\n?|^~~~[^\n]*\n?/gm, ""],
  [/!\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, "$1"],
  [/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, "$1"],
  [/^ {0,3}(?:[-*_] ?){3,}$/gm, ""],
  [/^ {0,3}#{1,6}\s+(.*?)\s*#*$/gm, "$1"],
  [/^ {0,3}>\s?/gm, ""],
  [/^(\s*)(?:[-*+]|\d+\.)\s+/gm, "$1"],
  [/(\*\*|__)(?=\S)([^]*?\S)\1/g, "$2"],
  [/(?<![\p{L}\p{N}])([*_])(?=\S)([^*_\n]*?\S)\1(?![\p{L}\p{N}])/gu, "$2"],
  [/~~(?=\S)([^]*?\S)~~/g, "$1"],
  [/`([^`]+)`/g, "$1"],
];

export function plainText(text) {
  return MARKS.reduce((rest, [mark, kept]) => rest.replace(mark, kept), withoutTags(text));
}

// Letters that cannot be decomposed into a base letter and an accent.
const ASCII_FOR = {
  ß: "ss", ẞ: "SS", æ: "ae", Æ: "AE", œ: "oe", Œ: "OE", ø: "o", Ø: "O", å: "a", Å: "A", đ: "d", Đ: "D", ð: "d",
  Ð: "D", þ: "th", Þ: "Th", ł: "l", Ł: "L", ı: "i", ŋ: "n", Ŋ: "N", ħ: "h", Ħ: "H", ŧ: "t", Ŧ: "T",
  "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": "...", "€": "EUR",
};

export function toAscii(text) {
  return text
    .replace(/[^\0-\x7f]/gu, (sign) => ASCII_FOR[sign] ?? sign)
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .normalize("NFC");
}
