/** Reads the expressions that name a field of the input item, without n8n's evaluator. */
import type { IDataObject } from 'n8n-workflow';

import { isExpression, isPlainObject } from './values';

/** `={{ $json.Id }}`, with any number of names; no name contains a brace, at which n8n could end the code. */
const FIELD = /^=\{\{\s*\$json((?:\.[A-Za-z_$][\w$]*|\[(?:"[^"\\{}\r\n]+"|'[^'\\{}\r\n]+')\])+)\s*\}\}$/;
const NAME = /\.([\w$]+)|\[["'](.+?)["']\]/g;

/**
 * Return what n8n returns for a parameter whose expression only names a field of the item, or undefined.
 *
 * n8n needs half a millisecond for each expression, and most of those in a run over many items are of this form. Only a
 * text, number, boolean or null that the item itself contains is returned: n8n evaluates everything else. A locator is
 * read too, where its value is such an expression and nothing else in it is one.
 */
export function readItemField(raw: unknown, json: IDataObject | undefined): unknown {
	if (typeof raw === 'string') return readField(raw, json);
	if (!isPlainObject(raw) || raw.__rl !== true) return undefined;
	const { value, ...others } = raw;
	if (typeof value !== 'string' || Object.values(others).some(isExpression)) return undefined;
	const found = readField(value, json);
	return found === undefined ? undefined : { ...others, value: found };
}

function readField(expression: string, json: unknown): unknown {
	const path = FIELD.exec(expression)?.[1];
	if (path === undefined) return undefined;
	let found: unknown = json;
	for (const [, plain, quoted] of path.matchAll(NAME)) {
		const name = plain ?? quoted ?? '';
		// n8n refuses or replaces members that all objects inherit.
		if (!isPlainObject(found) || !Object.hasOwn(found, name) || name in Object.prototype) return undefined;
		found = found[name];
	}
	return typeof found === 'object' && found !== null ? undefined : found;
}
