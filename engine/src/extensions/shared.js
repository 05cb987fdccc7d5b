// Helpers for several extension methods.
import { EngineError } from "../errors.js";

export function isEmptyValue(value) {
  if (value === null || value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isPlainObject(value) && Object.keys(value).length === 0;
}

export function isPlainObject(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Return the values as numbers, including numeric text; throw an error of `caller` for other values. */
export function numbersOf(caller, values) {
  if (values.length === 0) throw new EngineError(`${caller}() needs at least one value`);
  return values.map((value) => {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number !== "number" || Number.isNaN(number)) {
      throw new EngineError(`${caller}() works on numbers only, not on ${describe(value)}`);
    }
    return number;
  });
}

export function describe(value) {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}

/** Return a key that is equal for deeply equal values, regardless of the order of their fields. */
export function identity(value) {
  return JSON.stringify(value, (_, part) => {
    if (part === undefined) return { undefined: 1 };
    if (typeof part === "number" && !Number.isFinite(part)) return { number: String(part) };
    if (typeof part === "bigint") return { bigint: String(part) };
    if (!isPlainObject(part)) return part;
    return Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1));
  });
}

export function textArgument(caller, value) {
  if (typeof value !== "string" || value === "") throw new EngineError(`${caller}() needs a text as its argument`);
  return value;
}

export function arrayArgument(caller, value) {
  if (!Array.isArray(value)) throw new EngineError(`${caller}() needs an array as its argument`);
  return value;
}
