import { readFileSync } from 'node:fs';

import type { IDataObject } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { getOptionDisplayName, getParameters } from '../../nodes/ThreeCx/definition';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';

const definition = JSON.parse(readFileSync('node_definition.json', 'utf8')) as IDataObject;
const { credentials, ...description } = new ThreeCx().description as unknown as IDataObject;

describe('the description', () => {
	it.each(Object.keys(description))('has the %s of node_definition.json', (name) => {
		expect(description[name]).toEqual(definition[name]);
	});

	it('has the credential of node_definition.json and its test', () => {
		expect(credentials).toEqual([{ name: 'threeCxApi', required: true, testedBy: 'testThreeCx' }]);
		expect(definition.credentials).toEqual([{ name: 'threeCxApi', required: true }]);
	});

	it('has each parameter of an operation once', () => {
		const names = getParameters('DeleteCallFlowApp').map(({ name }) => name);
		expect(names).toEqual(expect.arrayContaining(['Id', 'If-Match', 'options']));
		expect(new Set(names).size).toBe(names.length);
		expect(names).not.toContain('operation');
	});

	it('has the methods that its properties name', () => {
		const used = new Set(
			[...JSON.stringify(definition).matchAll(/"(?:searchListMethod|loadOptionsMethod|resourceMapperMethod)":"(\w+)"/g)].map(
				([, name]) => name,
			),
		);
		const { listSearch, loadOptions, resourceMapping } = new ThreeCx().methods;
		expect(used.size).toBeGreaterThan(3);
		expect(Object.keys({ ...listSearch, ...loadOptions, ...resourceMapping })).toEqual(expect.arrayContaining([...used]));
	});

	it('has display names for options', () => {
		const names = ['dryRun', 'concurrency', 'timeout', 'retryTime', 'maxDeletes'];
		expect(names.map(getOptionDisplayName)).toEqual(['Dry Run', 'Concurrency', 'Timeout', 'Retry Time', 'Max Deletes']);
	});
});
