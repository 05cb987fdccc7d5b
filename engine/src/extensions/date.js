// Extension methods of dates: luxon's DateTime and JavaScript's Date.
// A method that returns a date returns the type that it was called on.
import { DateTime, Duration } from "luxon";
import { EngineError } from "../errors.js";
import { describe } from "./shared.js";

/** Convert a DateTime, a Date or a text in one of n8n's formats to a DateTime. */
export function momentOf(value) {
  if (DateTime.isDateTime(value)) return value;
  if (value instanceof Date) return DateTime.fromJSDate(value);
  if (typeof value === "string") return parseMoment(value);
  throw new EngineError(`${describe(value)} is not a date`);
}

export function parseMoment(text) {
  const trimmed = text.trim();
  const readers = [DateTime.fromISO, DateTime.fromHTTP, DateTime.fromRFC2822, DateTime.fromSQL];
  for (const read of readers) {
    const moment = read(trimmed, { setZone: true });
    if (moment.isValid) return moment;
  }
  const moment = /^-?\d+$/.test(trimmed) ? DateTime.fromMillis(Number(trimmed)) : DateTime.invalid("unparsable");
  if (!moment.isValid) throw new EngineError("cannot convert to Luxon DateTime", `${describe(text)} is not a date.`);
  return moment;
}

const sameKind = (original, moment) => (DateTime.isDateTime(original) ? moment : moment.toJSDate());

function period(caller, amount, unit) {
  if (Duration.isDuration(amount) || (typeof amount === "object" && amount !== null)) return amount;
  const number = typeof amount === "string" && amount.trim() !== "" ? Number(amount) : amount;
  if (typeof number !== "number" || Number.isNaN(number)) {
    throw new EngineError(`${caller}() needs a number or an object of units, not ${describe(amount)}`);
  }
  return { [unit]: number };
}

function difference(from, to, units) {
  const duration = to.diff(from, units);
  return Array.isArray(units) ? duration.toObject() : duration.as(units);
}

function extract(date, unit = "week") {
  const name = { week: "weekNumber", weeks: "weekNumber" }[unit] ?? unit.replace(/s$/, "");
  return momentOf(date).get(name);
}

function isBetween(date, one, other) {
  const [start, end] = [momentOf(one), momentOf(other)].sort((left, right) => left - right);
  const moment = momentOf(date);
  return start < moment && moment < end;
}

function isInLast(date, amount = 0, unit = "minutes") {
  const moment = momentOf(date);
  const now = DateTime.now();
  return now.minus(period("isInLast", amount, unit)) <= moment && moment <= now;
}

export const dateMethods = {
  beginningOf: (date, unit = "week") => sameKind(date, momentOf(date).startOf(unit)),
  diffTo: (date, other, units = "days") => difference(momentOf(date), momentOf(other), units),
  diffToNow: (date, units = "days") => difference(momentOf(date), DateTime.now(), units),
  endOfMonth: (date) => sameKind(date, momentOf(date).endOf("month")),
  extract,
  format: (date, pattern) => momentOf(date).toFormat(pattern),
  isBetween,
  isDst: (date) => momentOf(date).isInDST,
  isInLast,
  isWeekend: (date) => momentOf(date).weekday > 5,
  minus: (date, amount, unit = "milliseconds") => sameKind(date, momentOf(date).minus(period("minus", amount, unit))),
  plus: (date, amount, unit = "milliseconds") => sameKind(date, momentOf(date).plus(period("plus", amount, unit))),
  toDateTime: (date) => momentOf(date),
};
