// The engine's entry point: Python calls begin() once per batch, and run() until all items are done.
import * as luxon from "luxon";
import { compile } from "./compile.js";
import { asText, encode, encodeText, failure } from "./encode.js";
import { EngineError } from "./errors.js";
import { extend } from "./extensions/index.js";
import { Batch } from "./items.js";
import { CONSTANTS } from "./names.js";
import { closeRealm } from "./realm.js";

const { DateTime, FixedOffsetZone, IANAZone, Settings } = luxon;
const CACHED_EXPRESSIONS = 500;
const now = Date.now;
const compiled = new Map();
// Python reads the index of the current item from here, even while JavaScript does not return.
const progress = new Int32Array(new SharedArrayBuffer(4));

const helpers = {
  __extend: extend,
  __apply: (method, owner, given) => Reflect.apply(method, owner, given),
};

function compiledOnce(code) {
  let expression = compiled.get(code);
  if (!expression) {
    if (compiled.size >= CACHED_EXPRESSIONS) compiled.clear();
    expression = compile(code, helpers);
    compiled.set(code, expression);
  }
  return expression;
}

// As in n8n, a missing name or property is undefined; other failures are the item's error.
function valueOf(expression, view) {
  try {
    return expression.run(view);
  } catch (error) {
    if (error instanceof TypeError || error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function describeFailure(error) {
  if (error instanceof EngineError) return failure(error.message, error.description);
  let text;
  try {
    text = String(error);
  } catch {
    text = "it threw a value that cannot be converted to text";
  }
  return failure(`the expression failed: ${text}`);
}

function evaluate(parts, view) {
  try {
    if (parts.length === 1 && typeof parts[0] !== "string") return encode(valueOf(parts[0], view));
    const texts = parts.map((part) => (typeof part === "string" ? part : asText(valueOf(part, view))));
    return encodeText(texts.join(""));
  } catch (error) {
    return describeFailure(error);
  }
}

let work;

/** Begin a batch. `header` is `{parts: [{text} | {code}], timeZone, start}`; `lines` has one item's JSON per line. */
function begin(header, lines) {
  const { parts, timeZone, start } = JSON.parse(header);
  work = undefined;
  try {
    if (!IANAZone.isValidZone(timeZone)) throw new EngineError(`"${timeZone}" is not a time zone`);
    Settings.defaultZone = timeZone;
    Settings.defaultLocale = "en-US";
    const steps = parts.map((part) => part.text ?? compiledOnce(part.code));
    work = { steps, batch: new Batch(lines.split("\n"), start, !steps.some((step) => step.mutates)) };
  } catch (error) {
    return describeFailure(error);
  }
  return "";
}

/** Evaluate the items from `from` to `to`, or as many as fit into `slice` milliseconds, at least one. */
function run(from, to, slice) {
  const results = [];
  const end = now() + slice;
  for (let index = from; index < to && (results.length === 0 || now() < end); index += 1) {
    progress[0] = index;
    results.push(evaluate(work.steps, work.batch.view(index)));
  }
  return `[${results.join(",")}]`;
}

const globals = Reflect.ownKeys(globalThis)
  .map((key) => Reflect.getOwnPropertyDescriptor(globalThis, key).value)
  .filter((value) => value !== globalThis && (typeof value === "object" || typeof value === "function") && value);

// luxon shares one object per zone among all callers.
const createZone = IANAZone.create;
IANAZone.create = (name) => Object.freeze(createZone.call(IANAZone, name));
Object.freeze(FixedOffsetZone.utcInstance);

const { constructor: Locale } = DateTime.utc().loc;
closeRealm(globals, [...Object.values(luxon), Locale, ...CONSTANTS.values(), extend]);

globalThis.threecxEngine = { begin, run, progress: progress.buffer };
