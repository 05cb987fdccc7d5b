// An error whose message is meant for the person who wrote the expression.
// Anything else that is thrown while an expression runs is judged in main.js.
export class EngineError extends Error {
  constructor(message, description = "") {
    super(message);
    this.description = description;
  }
}
