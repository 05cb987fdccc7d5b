// Base64 of UTF-8 text; V8 alone has neither atob nor btoa.
import { EngineError } from "../errors.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Return the text as UTF-8; V8 alone has no TextEncoder either. */
export function utf8Bytes(text) {
  const escaped = encodeURIComponent(text.toWellFormed());
  const bytes = [];
  for (let position = 0; position < escaped.length; position += 1) {
    if (escaped[position] === "%") {
      bytes.push(Number.parseInt(escaped.slice(position + 1, position + 3), 16));
      position += 2;
    } else bytes.push(escaped.charCodeAt(position));
  }
  return Uint8Array.from(bytes);
}

export function base64Encode(text) {
  const bytes = utf8Bytes(text);
  let encoded = "";
  for (let position = 0; position < bytes.length; position += 3) {
    const present = Math.min(3, bytes.length - position);
    const bits = (bytes[position] << 16) | ((bytes[position + 1] ?? 0) << 8) | (bytes[position + 2] ?? 0);
    for (let sextet = 0; sextet < 4; sextet += 1) {
      encoded += sextet <= present ? ALPHABET[(bits >> (18 - 6 * sextet)) & 63] : "=";
    }
  }
  return encoded;
}

/** Decode base64, also in the URL-safe alphabet; bytes that are not valid UTF-8 become U+FFFD. */
export function base64Decode(text) {
  const clean = text.replace(/\s|=+$/g, "").replaceAll("-", "+").replaceAll("_", "/");
  let escaped = "";
  let bits = 0;
  let count = 0;
  for (const sign of clean) {
    const value = ALPHABET.indexOf(sign);
    if (value < 0) throw new EngineError(`base64Decode(): ${JSON.stringify(sign)} is not a base64 character`);
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      escaped += `%${((bits >> count) & 255).toString(16).padStart(2, "0")}`;
    }
  }
  return decodeUtf8(escaped);
}

function decodeUtf8(escaped) {
  try {
    return decodeURIComponent(escaped);
  } catch {
    const sequences = /%[0-7]\w|%[c-d]\w(?:%[89ab]\w)|%e\w(?:%[89ab]\w){2}|%f[0-4](?:%[89ab]\w){3}|%\w\w/g;
    return escaped.replace(sequences, (sequence) => {
      try {
        return decodeURIComponent(sequence);
      } catch {
        return "\ufffd";
      }
    });
  }
}
