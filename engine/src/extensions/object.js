// Extension methods of plain objects.
import { textArgument } from "./shared.js";

const keepEntries = (object, keep) => Object.fromEntries(Object.entries(object).filter(keep));
const holds = (value, text) => typeof value === "string" && value.includes(text);

// The form encoding of browsers, which escapes more than encodeURIComponent.
const formEncode = (value) => encodeURIComponent(String(value))
  .replace(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  .replaceAll("%20", "+");

export const objectMethods = {
  isEmpty: (object) => Object.keys(object).length === 0,
  isNotEmpty: (object) => Object.keys(object).length > 0,
  keys: (object) => Object.keys(object),
  values: (object) => Object.values(object),
  hasField: (object, name) => Object.hasOwn(object, name),
  removeField: (object, name) => keepEntries(object, ([key]) => key !== String(name)),
  compact: (object) => keepEntries(object, ([, value]) => value !== null && value !== undefined && value !== ""),
  removeFieldsContaining: (object, text) => {
    textArgument("removeFieldsContaining", text);
    return keepEntries(object, ([, value]) => !holds(value, text));
  },
  keepFieldsContaining: (object, text) => {
    textArgument("keepFieldsContaining", text);
    return keepEntries(object, ([, value]) => holds(value, text));
  },
  toJsonString: (object) => JSON.stringify(object),
  urlEncode: (object) => Object.entries(object)
    .map(([key, value]) => `${formEncode(key)}=${formEncode(value)}`)
    .join("&"),
};
