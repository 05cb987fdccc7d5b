/** Kinds of values in parameters of a node and in items. */

/** Return whether a stored parameter is an expression: to n8n, a text that begins with "=". */
export function isExpression(raw: unknown): boolean {
	return typeof raw === 'string' && raw.startsWith('=');
}

/** Return whether a value is an object as JSON has them: no list, date or instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
