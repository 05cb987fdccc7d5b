// The names that an expression can use, and their values.
import jmespath from "jmespath";
import { DateTime, Duration, Interval } from "luxon";
import { EngineError } from "./errors.js";
import { isEmptyValue, numbersOf } from "./extensions/shared.js";

const GLOBAL_NAMES = [
  "Array", "ArrayBuffer", "BigInt", "BigInt64Array", "BigUint64Array", "Boolean", "DataView", "Date", "Error",
  "EvalError", "Float32Array", "Float64Array", "Int16Array", "Int32Array", "Int8Array", "Intl", "JSON", "Map",
  "Math", "Number", "Object", "RangeError", "ReferenceError", "Reflect", "RegExp", "Set", "String",
  "Symbol", "SyntaxError", "TypeError", "URIError", "Uint16Array", "Uint32Array", "Uint8Array",
  "Uint8ClampedArray", "WeakMap", "WeakSet", "decodeURI", "decodeURIComponent", "encodeURI",
  "encodeURIComponent", "escape", "isFinite", "isNaN", "parseFloat", "parseInt", "unescape",
];

// Data of a running n8n. Any value invented here would be wrong.
export const ONLY_IN_N8N = new Set([
  "$", "$agentInfo", "$binary", "$data", "$env", "$evaluateExpression", "$execution", "$executionId", "$fromAI",
  "$fromAi", "$fromai", "$getNodeParameter", "$getWorkflowStaticData", "$item", "$mode", "$node", "$nodeId",
  "$nodeVersion", "$pageCount", "$parameter", "$prevNode", "$rawParameter", "$request", "$response",
  "$resumeWebhookUrl", "$secrets", "$self", "$tool", "$vars", "$webhookId", "$workflow",
]);

function search(data, query) {
  if (typeof data !== "object" || data === null) {
    throw new EngineError("$jmespath() needs an object or an array to search");
  }
  try {
    return jmespath.search(data, query);
  } catch (error) {
    throw new EngineError(`$jmespath(): ${error.message}`);
  }
}

const FUNCTIONS = {
  $jmespath: search,
  $jmesPath: search,
  $if: (condition, whenTrue, whenFalse) => (condition ? whenTrue : whenFalse),
  $ifEmpty: (value, otherwise) => (isEmptyValue(value) ? otherwise : value),
  $not: (value) => !value,
  $max: (...values) => Math.max(...numbersOf("$max", values)),
  $min: (...values) => Math.min(...numbersOf("$min", values)),
  $average: (...values) => {
    const numbers = numbersOf("$average", values);
    return numbers.reduce((total, value) => total + value, 0) / numbers.length;
  },
};

/** Values that are the same for every item, by name. */
export const CONSTANTS = new Map([
  ...GLOBAL_NAMES.map((name) => [name, globalThis[name]]),
  ...Object.entries(FUNCTIONS),
  ["DateTime", DateTime],
  ["Duration", Duration],
  ["Interval", Interval],
  ["$runIndex", 0],
]);

/** Functions that create the value for one item, by name. */
export const PER_ITEM = new Map([
  ["$json", (view) => view.json(view.index)],
  ["$itemIndex", (view) => view.index],
  ["$position", (view) => view.index],
  ["$now", () => DateTime.now()],
  ["$today", () => DateTime.now().startOf("day")],
  ["$input", (view) => inputOf(view)],
  ["$items", (view) => (...names) => {
    if (names.length > 0) throw onlyInN8n("$items() of another node");
    return view.all();
  }],
  // A new object for each item; the real one would be shared among the items.
  ["globalThis", () => ({})],
]);

export function onlyInN8n(name) {
  return new EngineError(
    `${name} is only available inside n8n`,
    "Outside n8n, an expression can use $json, $input, $itemIndex, dates, JavaScript and n8n's extension methods.",
  );
}

function inputOf(view) {
  const foreign = (name) => () => {
    throw onlyInN8n(`$input.${name}`);
  };
  const withoutArguments = (name, answer) => (...given) => {
    if (given.length > 0) throw new EngineError(`$input.${name}() takes no arguments`);
    return answer();
  };
  const input = {
    first: withoutArguments("first", () => view.item(view.start)),
    last: withoutArguments("last", () => view.item(view.start + view.count - 1)),
    all: withoutArguments("all", () => view.all()),
    itemMatching: foreign("itemMatching()"),
    toJSON: () => {
      throw new EngineError("$input cannot be used as a value: use $input.item, .first(), .last() or .all()");
    },
  };
  Object.defineProperty(input, "item", { get: () => view.item(view.index) });
  for (const name of ["params", "context"]) Object.defineProperty(input, name, { get: foreign(name) });
  return input;
}
