// An error whose message is shown to the author of the expression.
// main.js decides about all other errors that an expression throws.
export class EngineError extends Error {
  constructor(message, description = "") {
    super(message);
    this.description = description;
  }
}
