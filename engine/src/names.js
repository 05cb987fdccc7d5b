// Which names an expression may say, and what each of them means.
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

// Data of a running n8n. A value made up here would be a wrong one.
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

/** The same for every item; looked up by name. */
export const CONSTANTS = new Map([
  ...GLOBAL_NAMES.map((name) => [name, globalThis[name]]),
  ...Object.entries(FUNCTIONS),
  ["DateTime", DateTime],
  ["Duration", Duration],
  ["Interval", Interval],
  ["$runIndex", 0],
]);

/** Made anew for every item. */
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
  // An object that nobody else sees, where the real one would join the items.
  ["globalThis", () => ({})],
]);

export function onlyInN8n(name) {
  return new EngineError(
    `${name} is only available inside n8n`,
    "Outside n8n an expression has $json, $input, $itemIndex, dates, JavaScript and n8n's extension methods.",
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
      throw new EngineError("$input is no value of its own: use $input.item, .first(), .last() or .all()");
    },
  };
  Object.defineProperty(input, "item", { get: () => view.item(view.index) });
  for (const name of ["params", "context"]) Object.defineProperty(input, name, { get: foreign(name) });
  return input;
}
