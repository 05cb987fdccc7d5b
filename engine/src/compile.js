// Compile the text between {{ and }} into a function of the names that it uses.
import { parseExpressionAt } from "acorn";
import { EngineError } from "./errors.js";
import { isExtension } from "./extensions/index.js";
import { mayChangeData } from "./mutation.js";
import { CONSTANTS, ONLY_IN_N8N, PER_ITEM, onlyInN8n } from "./names.js";
import { children, render } from "./render.js";

const makeFunction = Function;
const NEVER_BOUND = new Set(["undefined", "NaN", "Infinity", "arguments"]);
const CODE_FROM_TEXT = new Set(["eval", "Function"]);
const ONLY_COMMENTS = /^(?:\s|;|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)*$/;

export const invalidSyntax = (why) => new EngineError("invalid syntax", why);

function parse(code) {
  let tree;
  try {
    tree = parseExpressionAt(code, 0, { ecmaVersion: "latest", preserveParens: true });
  } catch (error) {
    throw invalidSyntax(`${error.message}, in: ${code.trim()}`);
  }
  if (!ONLY_COMMENTS.test(code.slice(tree.end))) {
    throw invalidSyntax(`unexpected text after the expression, in: ${code.trim()}`);
  }
  return tree;
}

/** Return the names that the expression uses, and whether it may change the items. */
function survey(tree) {
  const found = { names: new Set(), mutates: false };
  const visit = (node) => {
    if (node.type === "ImportExpression") throw invalidSyntax("import is not available in expressions");
    if (node.async || node.await || node.type === "AwaitExpression") throw cannotWait();
    if (node.type === "Identifier") found.names.add(node.name);
    if (mayChangeData(node)) found.mutates = true;
    if (node.type === "MemberExpression" && !node.computed) {
      if (mayChangeData(node.property)) found.mutates = true;
      visit(node.object);
      return;
    }
    const key = node.computed ? undefined : node.key;
    if (key && mayChangeData(key)) found.mutates = true;
    for (const child of children(node)) if (child !== key || node.shorthand) visit(child);
  };
  visit(tree);
  return found;
}

function checkNames(names) {
  for (const name of names) {
    if (ONLY_IN_N8N.has(name)) throw onlyInN8n(name === "$" ? '$("…")' : name);
    if (name === "Promise") throw cannotWait();
    if (CODE_FROM_TEXT.has(name)) throw new EngineError("creating code from text is not supported in expressions");
  }
}

// Deferred code would run after the item's result was read, outside all limits.
const cannotWait = () => new EngineError("an expression cannot wait: async, await and Promise are not supported");

/** Return `{run(view), mutates}`. Throw an EngineError if the code is not a valid expression, or not allowed. */
export function compile(code, helpers) {
  if (ONLY_COMMENTS.test(code)) return { run: () => undefined, mutates: false };
  const tree = parse(code);
  const { names, mutates } = survey(tree);
  checkNames(names);
  const bound = [...names].filter((name) => !NEVER_BOUND.has(name));
  let body;
  try {
    // The inner function hides `this` and `arguments` of the outer one.
    const source = `"use strict"; return (function () { return (${render(tree, code, isExtension)}\n); })();`;
    body = makeFunction(...Object.keys(helpers), ...bound, source);
  } catch (error) {
    throw invalidSyntax(`${error.message}, in: ${code.trim()}`);
  }
  const givers = bound.map((name) => PER_ITEM.get(name) ?? constantly(CONSTANTS.get(name)));
  const tools = Object.values(helpers);
  return { run: (view) => body(...tools, ...givers.map((give) => give(view))), mutates };
}

// An unknown name is undefined, as in n8n.
const constantly = (value) => () => value;
