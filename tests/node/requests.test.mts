import type { IDataObject } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { admin, everyday } from '../../nodes/shared/definition';
import {
	createExecutorItem,
	createReaderFactory,
	resolveBatches,
	type ResolvedItem,
} from '../../nodes/shared/requests';
import { createContext, DELETE } from './support.mts';

const create = (parameters: IDataObject, operation = 'UpdateContact', definition = admin) => {
	const read = createReaderFactory(createContext({ parameters, url: 'http://x' }), [])(0);
	return createExecutorItem(read, operation, { json: { secretOfItem: 1 } }, {}, definition);
};

describe('an item for the executor', () => {
	it('has null for undefined', () => {
		expect(create({ Id: undefined } as unknown as IDataObject).parameters.Id).toBeNull();
		const locator = { __rl: true, mode: 'id', value: undefined } as unknown as IDataObject;
		expect(create({ Id: locator }).parameters.Id).toEqual({ __rl: true, mode: 'id', value: null });
	});

	it('has a body without its schema', () => {
		const body = { mappingMode: 'defineBelow', value: { FirstName: 'Ada' }, schema: [{ id: 'FirstName' }] };
		const item = create({ body });
		expect(item.parameters.body).toEqual({ mappingMode: 'defineBelow', value: { FirstName: 'Ada' }, filled: true });
		expect(item.json).toBeUndefined();
	});

	it('has the input only where it is mapped', () => {
		expect(create({ body: { mappingMode: 'autoMapInputData', value: null } }).json).toEqual({ secretOfItem: 1 });
	});

	it('has the fields that a person chose to match on', () => {
		const matchingColumns = ['Email', 'LastName'];
		const body = { mappingMode: 'defineBelow', value: { Email: 'ada@example.com' }, matchingColumns, schema: [] };
		expect(create({ body }, 'UpsertContact', everyday).parameters.body).toMatchObject({ value: body.value, matchingColumns });
		const automatic = { mappingMode: 'autoMapInputData', value: null, matchingColumns };
		expect(create({ body: automatic }, 'UpsertContact', everyday).parameters.body).toEqual(automatic);
		expect(create({ body: { ...automatic, matchingColumns: [] } }).parameters.body).not.toHaveProperty('matchingColumns');
	});

	it('has null only where an expression returned it', () => {
		const rawParameters = { body: { mappingMode: 'defineBelow', value: { Mobile: '={{ $json.m }}', Email: null } } };
		const read = (name: string) => (name === 'body' ? { mappingMode: 'defineBelow', value: { Mobile: null, Email: null } } : 1);
		const { parameters } = createExecutorItem(read, 'UpdateUser', { json: {} }, rawParameters as never);
		expect(parameters.body).toEqual({ mappingMode: 'defineBelow', value: { Mobile: null }, filled: true });
	});

	it('has structures only where a person wrote them', () => {
		const number = { __rl: true, mode: 'number', value: '101' };
		const mapper = { mappingMode: 'autoMapInputData', value: null };
		const values: Record<string, unknown> = { Id: number, body: mapper };
		const read = (name: string) => values[name];
		const make = (raw: unknown) => createExecutorItem(read, 'UpdateUser', { json: { a: 1 } }, raw as never);
		expect(make({ Id: number, body: mapper })).toMatchObject({ json: { a: 1 }, parameters: { Id: number, body: mapper } });
		const data = make({ Id: '={{ $json.key }}', body: '={{ $json.mapper }}' });
		expect(data).toEqual({ parameters: expect.objectContaining({ Id: JSON.stringify(number), body: JSON.stringify(mapper) }) });
		const mode = make({ Id: { ...number, mode: '={{ $json.mode }}' }, body: mapper });
		expect(mode.parameters.Id).toEqual({ __rl: true, mode: '={{ $json.mode }}', value: '101' });
	});

	it('has a limit only without Return All', () => {
		expect(create({ returnAll: false, limit: 5 }, 'ListUser').parameters).toMatchObject({ returnAll: false, limit: 5 });
		expect(create({ returnAll: true, limit: 5 }, 'ListUser').parameters).not.toHaveProperty('limit');
	});
});

it('n8n evaluates a parameter without an expression once, and none that only names a field', async () => {
	const reads: string[] = [];
	const rawParameters = { ...DELETE, Id: { ...DELETE.Id, value: '={{ $json.n }}' }, 'If-Match': '={{ $json.n + 1 }}' };
	const inputs = [0, 1, 2].map((n) => ({ json: { n } }));
	const parameters = inputs.map(({ json }) => ({ ...DELETE, Id: { ...DELETE.Id, value: json.n } }));
	const onRead = (name: string, index: number) => reads.push(`${name} ${index}`);
	const context = createContext({ parameters, inputs, url: 'http://x', rawParameters, onRead });
	const { value: items } = await resolveBatches(context, 'DeleteCallFlowApp', inputs).next();
	expect((items as ResolvedItem[]).map(({ item }) => (item?.parameters.Id as IDataObject).value)).toEqual([0, 1, 2]);
	expect(reads.sort()).toEqual(['If-Match 0', 'If-Match 1', 'If-Match 2', 'options 0']);
});

it('the output of a tool is sent by a tool alone', () => {
	const send = (values: IDataObject) => createExecutorItem((name) => values[name] ?? null, 'ListUser', { json: {} }).parameters;
	expect(send({ simplify: true })).not.toHaveProperty('output');
	expect(send({ simplify: true })).toMatchObject({ simplify: true });
	const chosen = { output: 'selectedFields', outputFieldNames: 'Id,Number' };
	expect(send(chosen)).toMatchObject(chosen);
	expect(send({ output: 'raw', outputFieldNames: 'Id' })).not.toHaveProperty('outputFieldNames');
});
