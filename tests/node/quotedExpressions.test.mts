import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { describeQuotedExpressions } from '../../nodes/shared/quotedExpressions';
import { execute, respondToAll, startExecutor } from './support.mts';

const find = (parameters: unknown) => describeQuotedExpressions(parameters as INodeParameters);
const QUOTED = "=startswith(LastName,'{{ $json.name }}')";

describe('an expression between the quotes of a filter', () => {
	it('has a hint with the remedy', () => {
		expect(find({ options: { $filter: QUOTED } })).toEqual([
			"'Filter (OData)' contains the expression {{ $json.name }} between quotes. A quote in its value ends the text there and " +
				`changes the filter. Use Filters instead, or double its quotes: {{ String($json.name).replaceAll("'", "''") }}`,
		]);
	});

	it.each([
		{ options: { $orderby: QUOTED } },
		{ options: { $expand: "=Groups($filter=Name eq '{{ $json.name }}')" } },
		{ options: { $search: '="{{ $json.name }}"' } },
		{ options: { $filter: "=LastName eq 'O\'\'{{ $json.name }}'" } },
		{ options: { $filter: "={{ $json.field }} eq '{{ $json.name }}'" } },
		{ path: "=/xapi/v1/Users(Number='{{ $json.name }}')" },
		{ query: `={"$filter": "LastName eq '{{ $json.name }}'"}` },
		{ query: `=$filter=LastName eq '{{ $json.name }}'` },
	])('is found in $0', (parameters) => {
		expect(find(parameters)).toHaveLength(1);
	});

	it.each([
		{},
		{ options: {} },
		{ options: { $filter: '={{ $json.filter }}' } },
		{ options: { $filter: '=Id eq {{ $json.Id }}' } },
		{ options: { $filter: "=LastName eq 'Byron' and Id eq {{ $json.Id }}" } },
		{ options: { $filter: "LastName eq '{{ $json.name }}'" } },
		{ options: { $filter: `=LastName eq '{{ String($json.name).replaceAll("'", "''") }}'` } },
		{ options: { $filter: `=LastName eq '{{ $json.name.replace(/'/g, "''") }}'` } },
		{ path: '=/xapi/v1/Users({{ $json.Id }})' },
		{ body: "={ \"FirstName\": '{{ $json.name }}' }" },
	])('is not found in $0', (parameters) => {
		expect(find(parameters)).toEqual([]);
	});

	it('is a hint of the execution', async () => {
		const server = await startExecutor((response, call) => respondToAll(response, call, () => ({ items: [] })));
		const hints: string[] = [];
		const parameters = { operation: 'ListUser', returnAll: false, limit: 5, options: { $filter: "LastName eq 'x'" } };
		const rawParameters = { ...parameters, options: { $filter: QUOTED } } as unknown as IDataObject;
		await execute({ parameters, rawParameters, url: server.url, onHint: (hint) => hints.push(hint) });
		expect(hints).toHaveLength(1);
		expect(hints[0]).toContain("'Filter (OData)' contains the expression {{ $json.name }} between quotes");
	});
});
