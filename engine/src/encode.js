// Encode a result for Python: `[tag, …]` as JSON text.
//   ["v", value]  a JSON value        ["u"]  undefined       ["n", name]  NaN, Infinity, -Infinity
//   ["i", digits] a BigInt            ["e", message, description]
import { DateTime, Duration, Interval } from "luxon";
import { EngineError } from "./errors.js";

const LONGEST_RESULT = 16_000_000;

export const failure = (message, description = "") => JSON.stringify(["e", message, description]);

const REFUSED = [
  [Map, "a Map: use Object.fromEntries(map)"],
  [Set, "a Set: use [...set]"],
  [WeakMap, "a WeakMap"],
  [WeakSet, "a WeakSet"],
];

const MOMENTS = [
  [DateTime.isDateTime, "DateTime"],
  [Duration.isDuration, "Duration"],
  [Interval.isInterval, "Interval"],
];

function checkKind(value) {
  if (typeof value === "function") throw new EngineError("the expression returns a function: call it with ()");
  if (typeof value === "symbol") throw new EngineError("the expression returns a symbol, which cannot be the value of a parameter");
  for (const [kind, what] of REFUSED) {
    if (value instanceof kind) throw new EngineError(`the expression returns ${what}`);
  }
  if (value instanceof Date && Number.isNaN(value.getTime())) throw new EngineError("invalid Date");
  for (const [isKind, name] of MOMENTS) {
    if (isKind(value) && !value.isValid) throw new EngineError(`invalid ${name}`, value.invalidExplanation ?? "");
  }
}

function encodeObject(value) {
  let text;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError(`the expression's result cannot be written as JSON: ${error.message.split("\n")[0]}`);
  }
  return text === undefined ? '["u"]' : tagged(text);
}

function tagged(text) {
  if (text.length > LONGEST_RESULT) {
    throw new EngineError(`the expression's result is too large: over ${LONGEST_RESULT / 1e6} million characters`);
  }
  return `["v",${text}]`;
}

export const encodeText = (text) => tagged(JSON.stringify(text));

export function encode(value) {
  checkKind(value);
  if (value === undefined) return '["u"]';
  if (typeof value === "number" && !Number.isFinite(value)) return `["n","${value}"]`;
  if (typeof value === "bigint") return `["i","${value}"]`;
  return encodeObject(value);
}

/** Return a value as part of a text, as Array.prototype.join writes it. */
export function asText(value) {
  if (value === null || value === undefined) return "";
  checkKind(value);
  try {
    return String(value);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError("the expression's result cannot be written as text");
  }
}
