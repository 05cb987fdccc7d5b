import { readFileSync } from 'node:fs';

import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { describe, expect, it, vi } from 'vitest';

import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { createContext, HEADERS, startExecutor } from './support.mts';

const { listSearch, loadOptions, resourceMapping } = new ThreeCx().methods;

const createLoadContext = (url: string, parameters: IDataObject) =>
	createContext({ parameters, url }) as unknown as ThisParameterType<typeof listSearch.searchEntities>;

const startExecutorWith = async (status: number, body: object) =>
	await startExecutor((response) => {
		response.writeHead(status, HEADERS).end(JSON.stringify(body));
	});

it('listSearch returns a page of entities', async () => {
	const server = await startExecutorWith(200, { results: [{ name: 'Sales (800)', value: 7 }], cursor: '50' });
	const context = createLoadContext(server.url, { operation: 'DeleteQueue' });
	const page = await listSearch.searchEntities.call(context, 'sal', '0');
	expect(page).toEqual({ results: [{ name: 'Sales (800)', value: 7 }], paginationToken: '50' });
	expect(server.calls[0]?.path).toBe('/v1/search');
	expect(server.calls[0]?.body).toMatchObject({ operation: 'DeleteQueue', parameter: 'Id', filter: 'sal', cursor: '0' });
});

it.each([
	[{ __rl: true, mode: 'list', value: '100' }, { dn: '100' }],
	['100', { dn: '100' }],
	[undefined, {}],
])('listSearch asks for the devices of the extension %j', async (dn, expected) => {
	const results = [{ name: 'Yealink (sip:100@127.0.0.1:5063)', value: 'sip:100@127.0.0.1:5063' }];
	const server = await startExecutorWith(200, { results, cursor: null });
	const parameters = { operation: 'PlaceCall', ...(dn === undefined ? {} : { dn }) };
	const page = await listSearch.searchDevices.call(createLoadContext(server.url, parameters), 'yea');
	expect(page).toEqual({ results, paginationToken: undefined });
	expect(server.calls[0]?.body).toMatchObject({
		operation: 'PlaceCall',
		parameter: 'deviceId',
		parameters: expected,
		filter: 'yea',
	});
});

it('listSearch of an operation with two fields asks for that of its entities', async () => {
	const server = await startExecutorWith(200, { results: [], cursor: null });
	await listSearch.searchEntities.call(createLoadContext(server.url, { operation: 'PlaceCall' }));
	expect(server.calls[0]?.body).toMatchObject({ operation: 'PlaceCall', parameter: 'dn' });
});

// The operations of both nodes with a mapper.
const { nodes } = JSON.parse(readFileSync('node_definition.json', 'utf8')) as { nodes: Array<{ properties: INodeProperties[] }> };
const mapped = nodes
	.flatMap(({ properties }) => properties)
	.filter(({ type }) => type === 'resourceMapper')
	.flatMap(({ displayOptions }) => displayOptions?.show?.operation as string[]);

function createContextWithoutCredential(operation: string) {
	const context = createLoadContext('http://127.0.0.1:9', { operation });
	const { credentials: _, ...node } = context.getNode();
	context.getNode = () => node;
	return context;
}

describe('resourceMapping', () => {
	it('offers fields that are not required for adding', async () => {
		const fields = [
			{ id: 'A', displayName: 'A', type: 'string', required: true },
			{ id: 'B', displayName: 'B', type: 'options', required: false, options: [{ name: 'x', value: 'x' }] },
			{ id: 'C', displayName: 'C', type: 'array', required: false, description: 'a list of numbers' },
			{ id: 'D', displayName: 'D', type: 'number', required: false, shown: true },
		];
		const server = await startExecutorWith(200, { fields });
		const found = await resourceMapping.getBodyFields.call(createLoadContext(server.url, { operation: 'CreateUser' }));
		expect(found.fields.map(({ id, required, removed }) => [id, required, removed])).toEqual([
			['A', true, false],
			['B', false, true],
			['C', false, true],
			['D', false, false],
		]);
		expect(found.fields.map(({ displayName }) => displayName)).toEqual(['A', 'B', 'C', 'D']);
		expect(found.fields[1]?.options).toEqual([{ name: 'x', value: 'x' }]);
	});

	it('offers the fields by which a task finds an entity to match on', async () => {
		const fields = [
			{ id: 'PhoneNumber', displayName: 'Phone Number', type: 'string', required: false, canBeUsedToMatch: true, defaultMatch: true },
			{ id: 'LastName', displayName: 'Last Name', type: 'string', required: false, canBeUsedToMatch: true },
			{ id: 'ContactType', displayName: 'Contact Type', type: 'string', required: false },
		];
		const server = await startExecutorWith(200, { fields });
		const read = async (body?: IDataObject) => {
			const context = createLoadContext(server.url, { operation: 'UpsertContact', ...(body ? { body } : {}) });
			const found = await resourceMapping.getBodyFields.call(context);
			return found.fields.map(({ id, canBeUsedToMatch, defaultMatch, removed }) => [id, canBeUsedToMatch, defaultMatch, removed]);
		};
		// Of the fields that match, n8n displays the ID.
		expect(await read()).toEqual([
			['Phone Number', true, true, true],
			['Last Name', true, false, true],
			['ContactType', false, false, true],
		]);
		// A stored node keeps its names.
		expect(await read({ value: { PhoneNumber: '1' }, schema: [{ id: 'PhoneNumber' }] })).toEqual([
			['PhoneNumber', true, true, false],
			['Last Name', true, false, true],
			['ContactType', false, false, true],
		]);
		expect(await read({ value: null, schema: [{ id: 'LastName' }] })).toContainEqual(['LastName', true, false, true]);
		expect(await read({ value: { 'Last Name': '1' }, schema: [] })).toContainEqual(['Last Name', true, false, false]);
	});

	it.each(mapped)('knows the fields of %s without a credential, which the editor of n8n has not chosen yet', async (operation) => {
		const found = await resourceMapping.getBodyFields.call(createContextWithoutCredential(operation));
		expect(found.fields).not.toEqual([]);
		const required = found.fields.filter((field) => field.required);
		expect(required.every(({ removed }) => !removed)).toBe(true);
	});

	it('displays the field that a task matches on without a credential', async () => {
		const found = await resourceMapping.getBodyFields.call(createContextWithoutCredential('UpsertBlockedNumber'));
		const matching = found.fields.filter(({ defaultMatch }) => defaultMatch);
		expect(matching.map(({ id, removed }) => [id, removed])).toEqual([['Caller ID', false]]);
	});

	it.each([
		['that is not running', 0],
		['that refuses the key', 401],
		['that is a proxy', 502],
		['that does not know the operation', 400],
	])('knows the fields without an executor %s', async (_, status) => {
		const server = status ? await startExecutorWith(status, { detail: 'refused' }) : { url: 'http://127.0.0.1:9' };
		const found = await resourceMapping.getBodyFields.call(createLoadContext(server.url, { operation: 'CreateUser' }));
		expect(found.fields.filter(({ removed }) => !removed).map(({ id }) => id)).toEqual(['Number']);
	});

	it('waits 10 seconds for the fields of the executor, which has them at hand', async () => {
		const context = createLoadContext('http://127.0.0.1:9', { operation: 'CreateUser' });
		const send = vi.spyOn(context.helpers, 'httpRequestWithAuthentication');
		await resourceMapping.getBodyFields.call(context);
		expect(send.mock.calls.map(([, { timeout }]) => timeout)).toEqual([10_000]);
	});

	it('reports why there are no fields of an operation that only the executor can know', async () => {
		const server = await startExecutorWith(400, { detail: 'There is no operation CreateRobot' });
		const fields = resourceMapping.getBodyFields.call(createLoadContext(server.url, { operation: 'CreateRobot' }));
		await expect(fields).rejects.toMatchObject({ message: 'There is no operation CreateRobot' });
	});

	it('displays fields with a value', async () => {
		const fields = ['A', 'B'].map((id) => ({ id, displayName: id, type: 'string', required: false }));
		const server = await startExecutorWith(200, { fields });
		const body = { mappingMode: 'defineBelow', value: { B: 'x' } };
		const context = createLoadContext(server.url, { operation: 'UpdateUser', body });
		const found = await resourceMapping.getBodyFields.call(context);
		expect(found.fields.map(({ id, removed }) => [id, removed])).toEqual([
			['A', true],
			['B', false],
		]);
	});
});

it.each([
	['getSelectOptions', '$select'],
	['getExpandOptions', '$expand'],
	['getOrderByOptions', '$orderby'],
] as const)('%s asks for the options of %s', async (method, parameter) => {
	const options = [{ name: 'Number', value: 'Number' }];
	const server = await startExecutorWith(200, { options });
	const context = createLoadContext(server.url, { operation: 'ListUser' });
	expect(await loadOptions[method].call(context)).toEqual(options);
	expect(server.calls[0]?.path).toBe('/v1/options');
	expect(server.calls[0]?.body).toMatchObject({ operation: 'ListUser', parameter });
});

it('getFilterFields appends the kind of a field to its value', async () => {
	const server = await startExecutorWith(200, { options: [{ name: 'Queue Status', value: 'QueueStatus', kind: 'enum' }] });
	const context = createLoadContext(server.url, { operation: 'ListUser' });
	expect(await loadOptions.getFilterFields.call(context)).toEqual([{ name: 'Queue Status', value: 'QueueStatus|enum' }]);
	expect(server.calls[0]?.body).toMatchObject({ operation: 'ListUser', parameter: 'filters.field' });
});

it('getFilterValues asks for the choices of the field of its condition', async () => {
	const options = [{ name: 'Logged In', value: 'LoggedIn' }];
	const server = await startExecutorWith(200, { options });
	// n8n resolves a name that begins with & to the parameter beside this one.
	const context = createLoadContext(server.url, { operation: 'ListUser', '&field': 'QueueStatus|enum' });
	expect(await loadOptions.getFilterValues.call(context)).toEqual(options);
	const parameters = { field: 'QueueStatus|enum' };
	expect(server.calls[0]?.body).toMatchObject({ operation: 'ListUser', parameter: 'filters.value', parameters });
});

it("a refused call has the executor's words", async () => {
	const problem = { detail: 'Forbidden by 3CX', description: 'Give the client a role' };
	const server = await startExecutorWith(502, problem);
	const context = createLoadContext(server.url, { operation: 'ListUser' });
	await expect(loadOptions.getSelectOptions.call(context)).rejects.toMatchObject({
		message: 'Forbidden by 3CX',
		description: 'Give the client a role',
	});
});

it('a response that is not JSON is not from an executor', async () => {
	const server = await startExecutor((response) => {
		response.writeHead(200, HEADERS).end('<html>');
	});
	const context = createLoadContext(server.url, { operation: 'ListUser' });
	await expect(loadOptions.getSelectOptions.call(context)).rejects.toMatchObject({
		message: `The server at ${server.url} is not a threecx executor`,
	});
});
