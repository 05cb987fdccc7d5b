/** Compares the fields of items that the node reads itself with what n8n's evaluator returns for them. */
import { Workflow, type IDataObject, type INodeTypes } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { readItemField } from '../../nodes/shared/itemFields';

const VALUES = [
	'101', '', ' ', '={{ $json.other }}', '{{ 1 + 1 }}', "O'Brien", '"', '\\n', 'a\nb', 'Jürgen 😀', '\u2028', '2026-11-26',
	'x'.repeat(100_000), 0, -0, -1.5, 1e21, 2 ** 53, true, false, null,
];
const NAMES = ['Id', 'name', '$odata', '_a1', 'class', 'length', 'with blank', 'a.b', 'Größe', '@odata.etag', '0', "it's", 'say "x"'];
const FORMS = [
	(name: string) => `={{ $json.${name} }}`,
	(name: string) => `={{$json.${name}}}`,
	(name: string) => `={{ $json["${name}"] }}`,
	(name: string) => `={{\n\t$json['${name}']  }}`,
	(name: string) => `={{ $json.outer["${name}"] }}`,
];

/** Return what n8n's evaluator returns for a parameter, in its own node and workflow. */
function evaluate(raw: unknown, json: IDataObject): unknown {
	const description = { displayName: 'X', name: 'x', group: [], version: 1, description: '', defaults: {}, inputs: ['main'], outputs: ['main'], properties: [] };
	const nodeTypes = { getByNameAndVersion: () => ({ description }), getByName: () => ({ description }) } as unknown as INodeTypes;
	const node = { id: '1', name: 'X', type: 'x', typeVersion: 1, position: [0, 0] as [number, number], parameters: {} };
	const workflow = new Workflow({ id: '1', nodes: [node], connections: {}, active: false, nodeTypes });
	return workflow.expression.getParameterValue(raw as string, null, 0, 0, 'X', [{ json }], 'manual', {});
}

describe('a field of the item', () => {
	it.each(FORMS.map((form) => [form('name'), form] as const))('%s has the value that n8n returns', (_, form) => {
		let read = 0;
		for (const name of NAMES) {
			for (const value of VALUES) {
				const json = { [name]: value, outer: { [name]: value } };
				const found = readItemField(form(name), json);
				if (found === undefined) continue;
				read += 1;
				expect(found).toBe(evaluate(form(name), json));
			}
		}
		expect(read).toBeGreaterThan(VALUES.length * 4);
	});

	it('is read in a locator, whose other members stay', () => {
		const locator = { __rl: true, mode: 'number', value: '={{ $json.Number }}', cachedResultName: '100 Ada' };
		const json = { Number: '101' };
		expect(readItemField(locator, json)).toEqual({ ...locator, value: '101' });
		expect(readItemField(locator, json)).toEqual(evaluate(locator, json));
	});

	it.each([
		'', '101', '=101', '={{ 1 }}', '={{ $json }}', '={{ $json.a + 1 }}', '=x{{ $json.a }}', '={{ $json.a }} ', '= {{ $json.a }}',
		'={{ $json.a }}{{ $json.a }}', '={{ $json.a.b }}', '={{ $json.a.length }}', '={{ $json.list[0] }}', '={{ $json.list.length }}',
		'={{ $json.missing }}', '={{ $json.object }}', '={{ $json?.a }}', '={{ $json.a() }}', "={{ $json['a' + 'b'] }}", '={{ $json[a] }}',
		'={{ $json["a\\u0062"] }}', '={{ $json["a}}"] }}', '={{ $json.constructor }}', '={{ $json.own.constructor }}', '={{ $json.toString }}',
		'={{ $json["__proto__"] }}', '={{ $json.date }}', '={{ $json.nothing.a }}', '={{ $json. a }}', '={{ $json.a // x }}', '={{ $jsonx.a }}',
	])('is left to n8n: %s', (raw) => {
		const own = Object.fromEntries([['constructor', 'x']]);
		const json = { a: '1', ab: '2', list: ['1'], object: { b: 1 }, date: new Date(0), nothing: null, own };
		expect(readItemField(raw, json as unknown as IDataObject)).toBeUndefined();
	});

	it.each([
		[{ __rl: true, mode: '={{ $json.mode }}', value: '={{ $json.a }}' }],
		[{ __rl: true, mode: 'id', value: '5' }],
		[{ __rl: true, mode: 'id', value: 5 }],
		[{ mode: 'id', value: '={{ $json.a }}' }],
		[{ mappingMode: 'defineBelow', value: { a: '={{ $json.a }}' } }],
		[['={{ $json.a }}']],
		[null],
		[5],
	])('is left to n8n in %j', (raw) => {
		expect(readItemField(raw, { a: '1', mode: 'number' })).toBeUndefined();
	});

	it('of an input that is not there is left to n8n', () => {
		expect(readItemField('={{ $json.a }}', undefined)).toBeUndefined();
	});
});
