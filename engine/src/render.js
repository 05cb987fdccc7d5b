// Write an expression with explicit extension calls:
// `a.b.first()` becomes `__extend(a.b, "first", [])`, and an optional chain around such a call
// becomes nested conditionals, so that a short circuit still leaves the whole chain.

const SKIPPED = new Set(["type", "start", "end", "raw", "value", "regex", "bigint", "name", "operator", "kind"]);

export function children(node) {
  const found = [];
  for (const key of Object.keys(node)) {
    if (SKIPPED.has(key) && !(key === "value" && node[key]?.type)) continue;
    if (node.shorthand && key === "key") continue;
    const values = Array.isArray(node[key]) ? node[key] : [node[key]];
    for (const value of values) if (typeof value?.type === "string") found.push(value);
  }
  return found.sort((left, right) => left.start - right.start);
}

/** Return the text of `tree`, a part of `code`; `isExtension(name)` says which method calls to rewrite. */
export function render(tree, code, isExtension) {
  return new Renderer(code, isExtension).text(tree);
}

class Renderer {
  constructor(code, isExtension) {
    this.code = code;
    this.isExtension = isExtension;
    this.temporaries = 0;
    this.touched = new Map();
  }

  text(node) {
    if (!this.containsExtension(node)) return this.code.slice(node.start, node.end);
    const link = node.type === "ChainExpression" ? node.expression : node;
    if (link.type === "MemberExpression" || link.type === "CallExpression") return this.chain(link);
    let text = "";
    let position = node.start;
    for (const child of children(node)) {
      text += this.code.slice(position, child.start) + this.text(child);
      position = child.end;
    }
    return text + this.code.slice(position, node.end);
  }

  containsExtension(node) {
    if (!this.touched.has(node)) {
      this.touched.set(node, this.isExtensionCall(node) || children(node).some((child) => this.containsExtension(child)));
    }
    return this.touched.get(node);
  }

  isExtensionCall(node) {
    return node.type === "CallExpression" && node.callee.type === "MemberExpression"
      && node.callee.object.type !== "Super" && this.isExtension(extensionName(node.callee));
  }

  chain(last) {
    const links = [];
    let node = last;
    for (;;) {
      if (node.type === "MemberExpression") {
        links.unshift(this.memberLink(node));
        node = node.object;
      } else if (node.type === "CallExpression") {
        links.unshift({ call: this.argumentsText(node), optional: node.optional });
        node = node.callee;
      } else break;
    }
    const base = node.type === "Super" ? "super" : `(${this.text(node)})`;
    return this.lower(links, 0, base);
  }

  memberLink(node) {
    const property = this.text(node.property);
    return { get: node.computed ? `[${property}]` : `.${property}`, name: extensionName(node), optional: node.optional };
  }

  argumentsText(node) {
    return node.arguments.map((argument) => this.text(argument)).join(", ");
  }

  temporary() {
    this.temporaries += 1;
    return `__t${this.temporaries}`;
  }

  guarded(value, rest) {
    const name = this.temporary();
    return `((${name}) => ${name} == null ? undefined : ${rest(name)})(${value})`;
  }

  lower(links, position, value) {
    if (position === links.length) return value;
    const link = links[position];
    if (link.optional) {
      const plain = links.with(position, { ...link, optional: false });
      return this.guarded(value, (name) => this.lower(plain, position, name));
    }
    if ("call" in link) return this.lower(links, position + 1, `${value}(${link.call})`);
    const next = links[position + 1];
    if (next && "call" in next && value !== "super") {
      if (this.isExtension(link.name)) {
        return this.lower(links, position + 2, `__extend(${value}, ${JSON.stringify(link.name)}, [${next.call}])`);
      }
      if (next.optional) return this.optionalMethod(links, position, value);
    }
    return this.lower(links, position + 1, value + link.get);
  }

  // `value.method?.(…)`: the function is looked up once and called on the value it came from.
  optionalMethod(links, position, value) {
    const owner = this.temporary();
    const method = this.guarded(`${owner}${links[position].get}`, (name) => this.lower(
      links, position + 2, `__apply(${name}, ${owner}, [${links[position + 1].call}])`,
    ));
    return `((${owner}) => ${method})(${value})`;
  }
}

function extensionName(member) {
  return !member.computed && member.property.type === "Identifier" ? member.property.name : undefined;
}
