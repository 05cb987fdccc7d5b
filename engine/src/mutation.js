// Decide whether an expression can change its data. If it certainly cannot, all items of a batch
// share their parsed JSON; otherwise each item works on its own copy.

const MUTATORS = new Set([
  "add", "append", "apply", "assign", "bind", "call", "clear", "copyWithin", "defineProperties",
  "defineProperty", "delete", "deleteProperty", "fill", "freeze", "pop", "preventExtensions", "push", "reverse",
  "seal", "set", "setPrototypeOf", "shift", "sort", "splice", "unshift", "__defineGetter__", "__defineSetter__",
  "__proto__",
]);

const CHANGING_NODES = new Set(["AssignmentExpression", "UpdateExpression", "TaggedTemplateExpression"]);

export function mayChangeData(node) {
  if (CHANGING_NODES.has(node.type)) return true;
  switch (node.type) {
    case "UnaryExpression":
      return node.operator === "delete";
    case "ForInStatement":
    case "ForOfStatement":
      return node.left.type !== "VariableDeclaration";
    case "Identifier":
    case "PrivateIdentifier":
      return MUTATORS.has(node.name);
    case "Literal":
      return MUTATORS.has(node.value);
    case "MemberExpression":
      return node.computed && node.object.type === "Identifier" && /^[A-Z]/.test(node.object.name);
    case "CallExpression":
      return withoutParentheses(node.callee).computed === true;
    default:
      return false;
  }
}

function withoutParentheses(node) {
  return node.type === "ParenthesizedExpression" ? withoutParentheses(node.expression) : node;
}
