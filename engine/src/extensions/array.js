// Extension methods of arrays. None changes the array that it is called on.
import { EngineError } from "../errors.js";
import { arrayArgument, identity, isPlainObject, numbersOf, textArgument } from "./shared.js";

const sum = (numbers) => numbers.reduce((total, value) => total + value, 0);

function distinct(array, key = identity) {
  const seen = new Set();
  return array.filter((element) => {
    const mark = key(element);
    return !seen.has(mark) && seen.add(mark);
  });
}

function without(array, excluded, wanted) {
  const marks = new Set(excluded.map(identity));
  return distinct(array.filter((element) => marks.has(identity(element)) === wanted));
}

function removeDuplicates(array, ...names) {
  const fields = names.flatMap((name) => String(name).split(",")).map((name) => name.trim());
  if (fields.length === 0) return distinct(array);
  return distinct(array, (element) => identity(fields.map((field) => element?.[field])));
}

function chunk(array, size) {
  if (!Number.isInteger(size) || size < 1) throw new EngineError("chunk() needs a whole number above 0");
  const count = Math.ceil(array.length / size);
  return Array.from({ length: count }, (_, part) => array.slice(part * size, (part + 1) * size));
}

function pluck(array, ...names) {
  if (names.length === 0) return array;
  if (names.length > 1) throw new EngineError("pluck() with several fields is not supported: use map()");
  const [name] = names;
  return array
    .filter((element) => typeof element === "object" && element !== null && Object.hasOwn(element, name))
    .map((element) => element[name]);
}

function combine(left, right) {
  for (const key of Object.keys(right)) {
    if (Object.hasOwn(left, key) && identity(left[key]) !== identity(right[key])) {
      throw new EngineError(`merge(): two different values for "${key}"`, "Use {...a, ...b}: it keeps the last value.");
    }
  }
  return { ...left, ...right };
}

function merge(array, other) {
  const objects = other === undefined ? array : [...array, ...arrayArgument("merge", other)];
  if (!objects.every(isPlainObject)) throw new EngineError("merge() works on arrays of objects only");
  if (other === undefined) return array.reduce(combine, {});
  const length = Math.max(array.length, other.length);
  return Array.from({ length }, (_, index) => combine(array[index] ?? {}, other[index] ?? {}));
}

function renameKeys(array, ...names) {
  if (names.length === 0 || names.length % 2 === 1) {
    throw new EngineError("renameKeys() needs pairs: from1, to1, from2, to2, …");
  }
  const renamed = new Map(Array.from({ length: names.length / 2 }, (_, pair) => names.slice(pair * 2, pair * 2 + 2)));
  return array.map((element) => (isPlainObject(element)
    ? Object.fromEntries(Object.entries(element).map(([key, value]) => [renamed.get(key) ?? key, value]))
    : element));
}

function smartJoin(array, keyField, valueField) {
  textArgument("smartJoin", keyField);
  textArgument("smartJoin", valueField);
  const trimmed = (value) => (typeof value === "string" ? value.trim() : value);
  const missing = (value) => value === null || value === undefined || value === "";
  const pairs = array
    .map((element) => [trimmed(element?.[keyField]), trimmed(element?.[valueField])])
    .filter(([key, value]) => !missing(key) && !missing(value));
  return Object.fromEntries(pairs);
}

export const arrayMethods = {
  append: (array, ...elements) => [...array, ...elements],
  average: (array) => sum(numbersOf("average", array)) / array.length,
  chunk,
  compact: (array) => array.filter((element) => element !== null && element !== undefined && element !== ""),
  difference: (array, other) => without(array, arrayArgument("difference", other), false),
  first: (array) => array[0],
  intersection: (array, other) => without(array, arrayArgument("intersection", other), true),
  isEmpty: (array) => array.length === 0,
  isNotEmpty: (array) => array.length > 0,
  last: (array) => array.at(-1),
  max: (array) => Math.max(...numbersOf("max", array)),
  merge,
  min: (array) => Math.min(...numbersOf("min", array)),
  pluck,
  randomItem: (array) => array[Math.floor(Math.random() * array.length)],
  removeDuplicates,
  renameKeys,
  smartJoin,
  sum: (array) => (array.length === 0 ? 0 : sum(numbersOf("sum", array))),
  toJsonString: (array) => JSON.stringify(array),
  union: (array, other) => distinct([...array, ...arrayArgument("union", other)]),
  unique: removeDuplicates,
};
