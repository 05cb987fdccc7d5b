// The items of one batch, as an expression sees them.

/** Items as lines of JSON text, parsed on first use. */
export class Batch {
  constructor(lines, start, shared) {
    this.lines = lines;
    this.start = start;
    // An expression that cannot change its data may share parsed items; any other gets copies.
    this.shared = shared;
    this.cache = { parsed: new Map(), all: undefined };
  }

  view(index) {
    return new View(this, index, this.shared ? this.cache : { parsed: new Map(), all: undefined });
  }
}

class View {
  constructor(batch, index, cache) {
    this.batch = batch;
    this.index = index;
    this.start = batch.start;
    this.count = batch.lines.length;
    this.cache = cache;
  }

  json(index) {
    const { parsed } = this.cache;
    if (!parsed.has(index)) parsed.set(index, JSON.parse(this.batch.lines[index - this.start]));
    return parsed.get(index);
  }

  item(index) {
    if (index < this.start || index >= this.start + this.count) return undefined;
    const view = this;
    return {
      get json() {
        return view.json(index);
      },
    };
  }

  all() {
    this.cache.all ??= this.batch.lines.map((_, position) => this.item(this.start + position));
    return this.cache.all;
  }
}
