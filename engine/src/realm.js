// Freeze all objects that an expression can reach, so that no item and no batch can change what a
// later one sees, and remove all ways to create code from text.
import { EngineError } from "./errors.js";

// Assigning `error.name = …` must still work after Error.prototype is frozen (a frozen data
// property on a prototype forbids assignment on every object below it), so on these
// prototypes data properties become accessors that define the property on the object itself.
const ASSIGNABLE_BELOW = [
  Object.prototype, Error.prototype, TypeError.prototype, RangeError.prototype,
  SyntaxError.prototype, ReferenceError.prototype, EvalError.prototype, URIError.prototype,
];

function allowAssignmentBelow(prototype) {
  for (const key of Reflect.ownKeys(prototype)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(prototype, key);
    if (!descriptor.configurable || !("value" in descriptor)) continue;
    const { value } = descriptor;
    Reflect.defineProperty(prototype, key, {
      configurable: false,
      enumerable: false,
      get() {
        return value;
      },
      set(replacement) {
        if (this === prototype) throw new TypeError(`Cannot assign to ${String(key)}`);
        Reflect.defineProperty(this, key, {
          value: replacement, configurable: true, enumerable: true, writable: true,
        });
      },
    });
  }
}

function forbidCodeFromText() {
  const blocked = function Function() {
    throw new EngineError("creating code from text is not supported in expressions");
  };
  const kinds = [function () {}, async function () {}, function* () {}, async function* () {}];
  for (const kind of kinds) {
    const prototype = Reflect.getPrototypeOf(kind);
    Reflect.defineProperty(prototype, "constructor", { value: blocked });
  }
}

// Array.fromAsync returns a Promise. Its callbacks run after the item's result was read, outside all limits.
function forbidLateCode() {
  delete Array.fromAsync;
}

function dropMatchLeftovers() {
  // RegExp.$1 and similar properties keep the last match of the previous expression.
  for (const key of Reflect.ownKeys(RegExp)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(RegExp, key);
    if (descriptor.configurable && descriptor.get && typeof key === "string") Reflect.deleteProperty(RegExp, key);
  }
}

function freezeReachable(roots) {
  const seen = new Set();
  const waiting = [];
  const see = (value) => {
    const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
    if (isObject && !seen.has(value)) waiting.push(value);
  };
  roots.forEach(see);
  while (waiting.length > 0) {
    const target = waiting.pop();
    if (seen.has(target) || ArrayBuffer.isView(target)) continue;
    seen.add(target);
    Object.freeze(target);
    see(Reflect.getPrototypeOf(target));
    for (const key of Reflect.ownKeys(target)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
      see(descriptor.value);
      see(descriptor.get);
      see(descriptor.set);
    }
  }
}

// Prototypes without a name in the global scope.
const HIDDEN = [
  async function () {}, function* () {}, async function* () {},
  Reflect.getPrototypeOf([][Symbol.iterator]()),
  Reflect.getPrototypeOf(""[Symbol.iterator]()),
  Reflect.getPrototypeOf(new Map()[Symbol.iterator]()),
  Reflect.getPrototypeOf(new Set()[Symbol.iterator]()),
  Reflect.getPrototypeOf(/./[Symbol.matchAll]("")),
  Reflect.getPrototypeOf(Reflect.getPrototypeOf((function* () {})())),
  Reflect.getPrototypeOf(Reflect.getPrototypeOf((async function* () {})())),
];

/** Freeze the realm; `extra` are further objects that expressions can use. */
export function closeRealm(globals, extra) {
  forbidCodeFromText();
  forbidLateCode();
  dropMatchLeftovers();
  ASSIGNABLE_BELOW.forEach(allowAssignmentBelow);
  freezeReachable([...globals, ...HIDDEN, ...extra]);
}
