// Extension methods of strings.
import { md5, ripemd160, sha1 } from "@noble/hashes/legacy.js";
import { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { sha3_512 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { EngineError } from "../errors.js";
import { base64Decode, base64Encode, utf8Bytes } from "./base64.js";
import { parseMoment } from "./date.js";
import { plainText, sentenceCase, titleCase, toAscii, withoutTags } from "./wording.js";

const HASHES = { md5, sha1, sha224, sha256, sha384, sha512, sha3: sha3_512, ripemd160 };

const LABEL = "[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?";
const DOMAIN = `(?:${LABEL}\\.)+(?:\\p{L}{2,63}|xn--[a-z0-9-]{1,59})`;
const EMAIL = `[\\p{L}\\p{N}.!#$%&'*+/=?^_\`{|}~-]+@${DOMAIN}`;
const HOST = `(?:${DOMAIN}|localhost|\\d{1,3}(?:\\.\\d{1,3}){3}|\\[[0-9a-f:.]+\\])`;
const URL = `(?:https?|ftp)://(?:[^\\s/?#@]+@)?(${HOST})(?::\\d{1,5})?(/[^\\s?#]*)?(?:\\?[^\\s#]*)?(?:#\\S*)?`;

const whole = (pattern) => new RegExp(`^${pattern}$`, "iu");
const [isDomain, isEmail, isUrl] = [DOMAIN, EMAIL, URL].map(whole);
const [anyEmail, anyUrl] = [EMAIL, URL].map((pattern) => new RegExp(pattern, "iu"));

function hash(text, algorithm = "md5") {
  const name = String(algorithm).toLowerCase();
  if (name === "base64") return base64Encode(text);
  if (!Object.hasOwn(HASHES, name)) {
    const known = [...Object.keys(HASHES), "base64"].join(", ");
    throw new EngineError(`hash() does not support the algorithm "${algorithm}"; it supports ${known}`);
  }
  return bytesToHex(HASHES[name](utf8Bytes(text)));
}

function extractDomain(text) {
  const trimmed = text.trim();
  if (isEmail.test(trimmed)) return trimmed.slice(trimmed.lastIndexOf("@") + 1);
  return isUrl.exec(trimmed)?.[1] ?? (isDomain.test(trimmed) ? trimmed : undefined);
}

function extractUrlPath(text) {
  const found = isUrl.exec(text.trim());
  return found ? found[2] ?? "/" : undefined;
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EngineError(`parseJson(): ${error.message}`);
  }
}

function number(text, name, value) {
  if (text.trim() === "" || Number.isNaN(value)) {
    throw new EngineError(`${name}(): ${JSON.stringify(text)} is not a number`);
  }
  return value;
}

// "1,234" means 1234 or 1.234, depending on the country; parseFloat would return 1.
function withoutComma(text, name) {
  if (text.includes(",")) throw new EngineError(`${name}(): use a point as decimal separator, and no thousands separator`);
  return text;
}

const isNumeric = (text) => text.trim() !== "" && !Number.isNaN(Number(text));

function quote(text, mark = '"') {
  return `${mark}${text.replaceAll("\\", "\\\\").replaceAll(mark, () => `\\${mark}`)}${mark}`;
}

export const stringMethods = {
  base64Decode,
  base64Encode,
  extractDomain,
  extractEmail: (text) => anyEmail.exec(text)?.[0],
  extractUrl: (text) => anyUrl.exec(text)?.[0],
  extractUrlPath,
  hash,
  isDomain: (text) => isDomain.test(text),
  isEmail: (text) => isEmail.test(text),
  isEmpty: (text) => text === "",
  isNotEmpty: (text) => text !== "",
  isNumeric,
  isUrl: (text) => isUrl.test(text),
  parseJson,
  quote,
  removeMarkdown: plainText,
  removeTags: withoutTags,
  replaceSpecialChars: toAscii,
  toBoolean: (text) => !["0", "false", "no"].includes(text.trim().toLowerCase()),
  toDateTime: parseMoment,
  toFloat: (text) => number(text, "toFloat", Number.parseFloat(withoutComma(text, "toFloat"))),
  toInt: (text, radix = 10) => number(text, "toInt", Number.parseInt(withoutComma(text, "toInt"), radix)),
  toJsonString: (text) => JSON.stringify(text),
  toNumber: (text) => number(text, "toNumber", Number(text)),
  toSentenceCase: sentenceCase,
  toSnakeCase: (text) => text.toLowerCase().replace(/[\s-]+/g, "_").replace(/[^\p{L}\p{N}_]/gu, ""),
  toTitleCase: titleCase,
  urlDecode: (text, keepSyntax = false) => (keepSyntax ? decodeURI(text) : decodeURIComponent(text)),
  urlEncode: (text, keepSyntax = false) => (keepSyntax ? encodeURI(text) : encodeURIComponent(text)),
};
