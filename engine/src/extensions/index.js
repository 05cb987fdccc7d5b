// n8n's extension methods, and the dispatch of calls to them.
import { DateTime } from "luxon";
import { EngineError } from "../errors.js";
import { arrayMethods } from "./array.js";
import { dateMethods } from "./date.js";
import { booleanMethods, numberMethods } from "./number.js";
import { objectMethods } from "./object.js";
import { isPlainObject } from "./shared.js";
import { stringMethods } from "./text.js";

const METHODS = {
  Array: arrayMethods,
  Boolean: booleanMethods,
  Date: dateMethods,
  Number: numberMethods,
  Object: objectMethods,
  String: stringMethods,
};

const TYPES_BY_METHOD = new Map();
for (const [type, methods] of Object.entries(METHODS)) {
  for (const name of Object.keys(methods)) {
    TYPES_BY_METHOD.set(name, [...(TYPES_BY_METHOD.get(name) ?? []), type]);
  }
}

export const isExtension = (name) => TYPES_BY_METHOD.has(name);

function typeOf(value) {
  if (Array.isArray(value)) return "Array";
  if (DateTime.isDateTime(value) || value instanceof Date) return "Date";
  if (isPlainObject(value)) return "Object";
  return { string: "String", number: "Number", boolean: "Boolean" }[typeof value];
}

/** Call `value.name(...given)`, where `name` is the name of an extension. */
export function extend(value, name, given) {
  if (value === null || value === undefined) return extendNothing(value, name);
  const own = typeof value === "object" && Object.hasOwn(value, name) && typeof value[name] === "function";
  const type = own ? undefined : typeOf(value);
  if (type !== undefined && Object.hasOwn(METHODS[type], name)) return call(METHODS[type][name], name, value, given);
  if (typeof value[name] === "function") return value[name](...given);
  throw new EngineError(`${name}() is only callable on ${enumerate(TYPES_BY_METHOD.get(name))}`);
}

// A TypeError in the expression gives undefined, but a TypeError about a method's arguments is reported.
function call(method, name, value, given) {
  try {
    return method(value, ...given);
  } catch (error) {
    if (error instanceof TypeError) throw new EngineError(`${name}(): ${error.message}`);
    throw error;
  }
}

function extendNothing(value, name) {
  if (name === "isEmpty") return true;
  if (name === "isNotEmpty") return false;
  throw new EngineError(`${name} can't be used on ${value} value`);
}

function enumerate(types) {
  const quoted = types.map((type) => `"${type}"`);
  if (quoted.length === 1) return `type ${quoted[0]}`;
  return `types ${quoted.slice(0, -1).join(", ")}, and ${quoted.at(-1)}`;
}
