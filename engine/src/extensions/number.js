// Extension methods of numbers and booleans.
import { DateTime } from "luxon";
import { EngineError } from "../errors.js";

const EXCEL_DAY_OF_1970 = 25569;
const DAY = 86_400_000;

function whole(number, name) {
  if (!Number.isInteger(number)) throw new EngineError(`${name}() is only callable on whole numbers, not on ${number}`);
  return number;
}

function toDateTime(number, format = "ms") {
  const milliseconds = {
    ms: () => number,
    s: () => number * 1000,
    us: () => number / 1000,
    excel: () => (number - EXCEL_DAY_OF_1970) * DAY,
  }[format];
  if (!milliseconds) throw new EngineError(`toDateTime() supports the formats ms, s, us and excel, not "${format}"`);
  return DateTime.fromMillis(milliseconds());
}

export const numberMethods = {
  abs: (number) => Math.abs(number),
  ceil: (number) => Math.ceil(number),
  floor: (number) => Math.floor(number),
  format: (number, locale = "en-US", options = undefined) => new Intl.NumberFormat(locale, options).format(number),
  isEmpty: () => false,
  isEven: (number) => whole(number, "isEven") % 2 === 0,
  isInteger: (number) => Number.isInteger(number),
  isNotEmpty: () => true,
  isOdd: (number) => Math.abs(whole(number, "isOdd")) % 2 === 1,
  round: (number, places = 0) => Number(number.toFixed(places)),
  toBoolean: (number) => number !== 0,
  toDateTime,
  toFloat: (number) => number,
  // Refuse fractions, because rounding and truncation give different results.
  toInt: (number) => whole(number, "toInt"),
  toJsonString: (number) => JSON.stringify(number),
  toNumber: (number) => number,
};

export const booleanMethods = {
  isEmpty: () => false,
  isNotEmpty: () => true,
  toBoolean: (flag) => flag,
  toFloat: Number,
  toInt: Number,
  toJsonString: (flag) => JSON.stringify(flag),
  toNumber: Number,
};
