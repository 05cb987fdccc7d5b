/** Finds expressions between the quotes of a filter, whose values could end the text and change the filter. */
import type { INodeParameters } from 'n8n-workflow';

import { getOptionDisplayName } from './definition';

/** The parameters whose text is OData, by name, and the quote of their texts. */
const QUOTES: Readonly<Record<string, string>> = {
	$filter: "'",
	$orderby: "'",
	$expand: "'",
	$search: '"',
	path: "'",
	query: "'",
};
const DISPLAY_NAMES: Readonly<Record<string, string>> = { path: 'Path', query: 'Query' };

/** Text, or code between braces; n8n ends code at the first closing braces. */
const CODE = /\{\{([\s\S]*?)\}\}/g;
/** Code that doubles quotes itself, or encodes its value. */
const IS_SAFE = /replace(?:All)?\([^)]*(?:''|\\'\\')|encodeURIComponent|urlEncode|^\s*\$itemIndex\s*$/;

/** Return a hint for each parameter of the node that contains an expression between quotes. */
export function describeQuotedExpressions(parameters: INodeParameters): string[] {
	const { options, ...others } = parameters as Record<string, unknown>;
	const all = [...Object.entries(others), ...Object.entries(isObject(options) ? options : {})];
	return all.flatMap(([name, value]) => {
		const quote = QUOTES[name];
		const code = quote === undefined ? undefined : findQuotedCode(value, quote);
		return code === undefined ? [] : [describeHint(name, code)];
	});
}

function describeHint(name: string, code: string): string {
	const title = DISPLAY_NAMES[name] ?? getOptionDisplayName(name);
	// The title of the filter says its language.
	const what = title.toLowerCase().replace(/ \(.*/, '');
	const remedy =
		name === '$search'
			? `Remove quotes from it: {{ String(${code}).replaceAll('"', ' ') }}`
			: `${name === '$filter' ? 'Use Filters instead, or double' : 'Double'} its quotes: {{ String(${code}).replaceAll("'", "''") }}`;
	return `'${title}' contains the expression {{ ${code} }} between quotes. A quote in its value ends the text there and changes the ${what}. ${remedy}`;
}

/** Return the first code between quotes in a value, at any depth. */
function findQuotedCode(value: unknown, quote: string): string | undefined {
	if (typeof value === 'string') return value.startsWith('=') ? findInText(value.slice(1), quote) : undefined;
	if (!isObject(value)) return undefined;
	for (const each of Object.values(value)) {
		const code = findQuotedCode(each, quote);
		if (code !== undefined) return code;
	}
	return undefined;
}

function findInText(text: string, quote: string): string | undefined {
	let isOpen = false;
	let position = 0;
	for (const match of text.matchAll(CODE)) {
		const before = text.slice(position, match.index);
		if (before.split(quote).length % 2 === 0) isOpen = !isOpen;
		position = match.index + match[0].length;
		const code = (match[1] ?? '').trim();
		if (isOpen && !IS_SAFE.test(code)) return code;
	}
	return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
