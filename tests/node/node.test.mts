import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import type { IDataObject, NodeApiError } from 'n8n-workflow';
import { afterEach, describe, expect, it } from 'vitest';

import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { parametersOf } from '../../nodes/ThreeCx/definition';
import { executorItem, itemBatches, itemReaders, type ReadItem } from '../../nodes/ThreeCx/requests';
import { outputOf } from '../../nodes/ThreeCx/results';
import { ranges, run } from '../../nodes/ThreeCx/run';
import { answerAll, context, type Executor, executor, type Given, HEADERS } from './support.mts';

const DELETE = { operation: 'DeleteCallFlowApp', Id: { __rl: true, mode: 'id', value: '40' }, options: {} };

let server: Executor | undefined;
afterEach(async () => {
	await server?.close();
	server = undefined;
});

async function execute(given: Given) {
	const [output] = await new ThreeCx().execute.call(context(given));
	return output ?? [];
}

async function errorOf(given: Given): Promise<NodeApiError> {
	try {
		await execute(given);
	} catch (error) {
		return error as NodeApiError;
	}
	throw new Error('nothing was thrown');
}

async function* batchOf(items: ReadItem[]): AsyncGenerator<ReadItem[]> {
	yield items;
}

const deletes = (count: number): IDataObject[] => Array.from({ length: count }, () => DELETE);

describe('the description', () => {
	const definition = JSON.parse(readFileSync('node_definition.json', 'utf8')) as IDataObject;
	const { credentials, ...description } = new ThreeCx().description as unknown as IDataObject;

	it.each(Object.keys(description))('has the %s of node_definition.json', (name) => {
		expect(description[name]).toEqual(definition[name]);
	});

	it('asks for the credential of node_definition.json, with its test', () => {
		expect(credentials).toEqual([{ name: 'threeCxApi', required: true, testedBy: 'testThreeCx' }]);
		expect(definition.credentials).toEqual([{ name: 'threeCxApi', required: true }]);
	});

	it('knows the parameters of every operation once', () => {
		const names = parametersOf('DeleteCallFlowApp').map(({ name }) => name);
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
});

describe('an item for the executor', () => {
	const of = (parameters: IDataObject, operation = 'UpdateContact') =>
		executorItem(itemReaders(context({ parameters, url: 'http://x' }))(0), operation, { json: { secretOfItem: 1 } });

	it('has what resolved to nothing as null, so that the executor can refuse it', () => {
		expect(of({ Id: undefined } as unknown as IDataObject).parameters.Id).toBeNull();
		const locator = { __rl: true, mode: 'id', value: undefined } as unknown as IDataObject;
		expect(of({ Id: locator }).parameters.Id).toEqual({ __rl: true, mode: 'id', value: null });
	});

	it('has a body without its schema, and the item only when that is mapped', () => {
		const body = { mappingMode: 'defineBelow', value: { FirstName: 'Ada' }, schema: [{ id: 'FirstName' }] };
		const defined = of({ body });
		expect(defined.parameters.body).toEqual({ mappingMode: 'defineBelow', value: { FirstName: 'Ada' }, filled: true });
		expect(defined.json).toBeUndefined();
		expect(of({ body: { mappingMode: 'autoMapInputData', value: null } }).json).toEqual({ secretOfItem: 1 });
	});

	it('costs one read for a parameter without an expression, and one per item for the others', async () => {
		const reads: string[] = [];
		const written = { ...DELETE, Id: { ...DELETE.Id, value: '={{ $json.n }}' } };
		const inputs = [0, 1, 2].map((n) => ({ json: { n } }));
		const parameters = inputs.map(({ json }) => ({ ...DELETE, Id: { ...DELETE.Id, value: json.n } }));
		const onRead = (name: string, index: number) => reads.push(`${name} ${index}`);
		const given = context({ parameters, inputs, url: 'http://x', written, onRead });
		const { value: items } = await itemBatches(given, 'DeleteCallFlowApp', inputs).next();
		expect((items as ReadItem[]).map(({ item }) => (item?.parameters.Id as IDataObject).value)).toEqual([0, 1, 2]);
		expect(reads.sort()).toEqual(['Id 0', 'Id 1', 'Id 2', 'If-Match 0', 'options 0']);
	});

	it('has a field whose expression gave null, and not one that was never filled in', () => {
		const written = { body: { mappingMode: 'defineBelow', value: { Mobile: '={{ $json.m }}', Email: null } } };
		const read = (name: string) => (name === 'body' ? { mappingMode: 'defineBelow', value: { Mobile: null, Email: null } } : 1);
		const { parameters } = executorItem(read, 'UpdateUser', { json: {} }, written as never);
		expect(parameters.body).toEqual({ mappingMode: 'defineBelow', value: { Mobile: null }, filled: true });
	});

	it('asks for a dry run in words too, for all batches', async () => {
		const request = { method: 'DELETE', url: 'x' };
		server = await executor((response, call) =>
			answerAll(response, call, () => (call.body.options.prepareOnly ? {} : { request })),
		);
		const parameters = [...deletes(149), { ...DELETE, options: { dryRun: ' True' } }];
		await execute({ parameters, url: server.url });
		const sent = server.calls.filter(({ body }) => !body.options.prepareOnly);
		expect(sent.map(({ body }) => body.options.dryRun)).toEqual([true, true]);
		expect(server.calls.every(({ body }) => body.options.timeZone === 'Europe/Berlin')).toBe(true);
	});

	it('has the limit only while not all are asked for', () => {
		expect(of({ returnAll: false, limit: 5 }, 'ListUser').parameters).toMatchObject({ returnAll: false, limit: 5 });
		expect(of({ returnAll: true, limit: 5 }, 'ListUser').parameters).not.toHaveProperty('limit');
	});
});

describe('a run', () => {
	it('sends the credential in the body and its key in a header, and pairs what comes in any order', async () => {
		server = await executor((response, call) => {
			response.writeHead(200, HEADERS);
			response.write('\n{"index":1,"items":[{"json":{"b":1},"pairedItem":{"item":1}}]}\n\n{"index":0,"ite');
			response.end(`ms":[{"json":{"a":"ä"}},{"json":{"a":2}}]}\n{"done":true,"summary":""}\n`);
			expect(call.path).toBe('/v1/execute');
		});
		const output = await execute({
			parameters: deletes(2),
			url: `${server.url}/`,
			credentials: { executorKey: 'k' },
		});
		expect(output).toEqual([
			{ json: { a: 'ä' }, pairedItem: { item: 0 } },
			{ json: { a: 2 }, pairedItem: { item: 0 } },
			{ json: { b: 1 }, pairedItem: { item: 1 } },
		]);
		const [call] = server.calls;
		expect(call?.headers.authorization).toBe('Bearer k');
		expect(call?.headers.accept).toBe('application/x-ndjson');
		expect(call?.body.pbx).toEqual({
			baseUrl: 'https://pbx.test',
			clientId: 'client',
			clientSecret: 'the secret',
			verifyTls: true,
		});
		expect(call?.body.items[0]?.parameters).toMatchObject({ Id: DELETE.Id, options: {} });
	});

	it('sends no secret where the executor has a profile', async () => {
		server = await executor((response, call) => answerAll(response, call));
		await execute({
			parameters: deletes(1),
			url: server.url,
			credentials: { connection: 'profile', profile: 'main' },
		});
		expect(server.calls[0]?.body.pbx).toEqual({ profile: 'main' });
	});

	it('prepares all batches before it sends the first', async () => {
		server = await executor((response, call) =>
			answerAll(response, call, call.body.options.prepareOnly ? () => ({}) : undefined),
		);
		expect(await execute({ parameters: deletes(250), url: server.url })).toHaveLength(250);
		const seen = server.calls.map(({ body }) => [body.items.length, body.options.prepareOnly ?? false]);
		expect(seen).toEqual([
			[100, true],
			[100, true],
			[50, true],
			[100, false],
			[100, false],
			[50, false],
		]);
	});

	it('sends nothing when an item of the last batch is wrong, and names it', async () => {
		const bad = { message: 'Id: is missing', description: 'Give an ID', code: 'parameter', itemIndex: 4 };
		server = await executor((response, call, number) =>
			answerAll(response, call, (index) => (number === 1 && index === 4 ? { error: bad } : {})),
		);
		const error = await errorOf({ parameters: deletes(150), url: server.url });
		expect(error.message).toBe('Id: is missing');
		expect([error.context.itemIndex, error.httpCode]).toEqual([104, null]);
		expect(error.description).toBe('Give an ID. failed: item 104; not tried: items 0-103, 105-149');
		expect(server.calls.every(({ body }) => body.options.prepareOnly)).toBe(true);
	});

	describe('with an item that n8n cannot resolve', () => {
		const cannot = (index: number) => {
			if (index !== 1) return;
			throw Object.assign(new Error("There is no node 'X'"), { description: 'Name another' });
		};
		const given = (url: string) => ({
			parameters: deletes(3),
			url,
			onRead: (_: string, index: number) => cannot(index),
		});

		it('sends nothing and names it', async () => {
			server = await executor((response, call) => answerAll(response, call));
			const error = await errorOf(given(server.url));
			expect([error.message, error.context.itemIndex]).toEqual(["There is no node 'X'", 1]);
			expect(error.description).toBe('Name another. failed: item 1; not tried: items 0, 2');
			expect(server.calls).toEqual([]);
		});

		it('goes on without it where failed items are to go on', async () => {
			server = await executor((response, call) => answerAll(response, call));
			const output = await execute({ ...given(server.url), continueOnFail: true });
			expect(output.map(({ json, pairedItem }) => [json.deleted ?? (json.error as IDataObject).message, pairedItem])).toEqual([
				[true, { item: 0 }],
				["There is no node 'X'", { item: 1 }],
				[true, { item: 2 }],
			]);
			expect(server.calls[0]?.body.items).toHaveLength(2);
		});
	});

	it("gives 3CX's words, our advice and the status, and stops", async () => {
		const results = [
			{ items: [{ json: {} }] },
			{ error: { message: 'Not found', description: 'Check the ID.', httpCode: 404, code: 'X' } },
			{ error: { message: 'not tried', code: 'not_attempted' } },
		];
		server = await executor((response, call) => answerAll(response, call, (index) => results[index] ?? {}));
		const error = await errorOf({ parameters: deletes(3), url: server.url });
		expect([error.message, error.httpCode, error.context.itemIndex]).toEqual(['Not found', '404', 1]);
		expect(error.description).toBe('Check the ID. done: item 0; failed: item 1; not tried: item 2');
	});

	it('lets the input item go on with its error', async () => {
		server = await executor((response, call) =>
			answerAll(response, call, (index) => (index === 0 ? { error: { message: 'Gone', httpCode: 412 } } : { items: [] })),
		);
		const given = { parameters: deletes(2), url: server.url, continueOnFail: true };
		const error = { message: 'Gone', httpCode: 412, itemIndex: 0 };
		expect(await execute(given)).toEqual([{ json: { n: 0, error }, pairedItem: { item: 0 } }]);
		const onError = 'continueErrorOutput';
		expect(await execute({ ...given, onError })).toEqual([{ json: { error }, pairedItem: { item: 0 } }]);
		expect(server.calls[0]?.body.options.continueOnFail).toBe(true);
	});

	it('lets a failed item keep its files', async () => {
		server = await executor((response, call) => answerAll(response, call, () => ({ error: { message: 'Gone' } })));
		const binary = { data: { data: 'YQ==', mimeType: 'text/plain' } };
		const given = { parameters: deletes(1), url: server.url, continueOnFail: true, inputs: [{ json: {}, binary }] };
		expect((await execute(given))[0]?.binary).toEqual(binary);
	});

	it('stops where the PBX cannot be used, also when failed items are to go on', async () => {
		const left = { message: 'not tried, because an earlier item failed', code: 'not_attempted' };
		server = await executor((response, call) =>
			answerAll(response, call, (index) => ({ error: index === 0 ? { message: 'No login', code: 'login' } : left })),
		);
		const output = await execute({ parameters: deletes(350), url: server.url, continueOnFail: true });
		expect(server.calls).toHaveLength(1);
		expect(output).toHaveLength(350);
		expect(output.map(({ json }) => (json.error as IDataObject).message)).toEqual([
			'No login',
			...Array.from({ length: 349 }, () => left.message),
		]);
		expect((output[349]?.json.error as IDataObject).itemIndex).toBe(349);
	});

	it.each(['3CX 20.0.4 has no operation RevokeRemoteAccess', 'given "Keepermann"', 'read ECONNRESET'])(
		'keeps the words "%s", which n8n would replace',
		async (message) => {
			server = await executor((response, call) => answerAll(response, call, () => ({ error: { message, httpCode: 400 } })));
			const error = await errorOf({ parameters: deletes(1), url: server.url });
			expect([error.message, error.httpCode]).toEqual([message, '400']);
		},
	);

	it('reads a file of many megabytes in reasonable pieces', async () => {
		const data = Buffer.alloc(24 * 1024 * 1024, 'x').toString('base64');
		const item = { json: {}, binary: { data: { data, mimeType: 'audio/wav', fileName: 'a.wav' } } };
		server = await executor((response, call) => answerAll(response, call, () => ({ items: [item] })));
		const [output] = await execute({ parameters: deletes(1), url: server.url });
		expect(output?.binary?.data?.data.length).toBe(data.length);
	});

	it('gives the request of a dry run, which one item is enough to ask for', async () => {
		const request = { method: 'DELETE', url: 'https://pbx.test/x' };
		server = await executor((response, call) => answerAll(response, call, () => ({ request })));
		const parameters = [DELETE, { ...DELETE, options: { dryRun: true } }];
		const output = await execute({ parameters, url: server.url });
		expect(output.map(({ json }) => json)).toEqual([request, request]);
		expect(server.calls[0]?.body.options.dryRun).toBe(true);
	});

	it('gives files as binary data', async () => {
		const data = Buffer.from('a,b').toString('base64');
		const item = { json: { fileName: 'r.csv' }, binary: { data: { data, mimeType: 'text/csv', fileName: 'r.csv' } } };
		server = await executor((response, call) => answerAll(response, call, () => ({ items: [item] })));
		const [output] = await execute({ parameters: deletes(1), url: server.url });
		expect(output?.binary?.data).toEqual({ data, mimeType: 'text/csv', fileName: 'r.csv' });
	});
});

describe('an executor that', () => {
	it('is not running is told with the command that starts it', async () => {
		server = await executor(() => undefined);
		const { url } = server;
		await server.close();
		const error = await errorOf({ parameters: deletes(1), url });
		expect(error.message).toBe(`The executor at ${url} is not running. Start it with: threecx serve --key-file FILE`);
	});

	it.each([
		['speaks no TLS', (url: string) => url.replace('http:', 'https:'), /^No TLS with the executor at https:/],
		['has an address that is none', () => 'http://foo bar', /^The executor URL http:\/\/foo bar cannot be read/],
	])('%s was never reached', async (_, addressOf, words) => {
		server = await executor((response, call) => answerAll(response, call, () => ({})));
		const error = await errorOf({ parameters: deletes(2), url: addressOf(server.url) });
		expect(error.message).toMatch(words);
		expect(error.description).toContain('not tried: items 0-1');
		expect(server.calls).toEqual([]);
	});

	it('knows no outcome of a write is told apart from one that failed', async () => {
		const gone = { message: 'no answer', description: 'Check in 3CX', code: 'timeout', outcome: 'unknown' };
		server = await executor((response, call) =>
			answerAll(response, call, (index) => (index === 1 ? { error: gone } : { items: [{ json: {} }] })),
		);
		const error = await errorOf({ parameters: deletes(2), url: server.url });
		expect(error.description).toBe('Check in 3CX. done: item 0; unknown whether it was carried out: item 1');
	});

	it('is something else is named', async () => {
		server = await executor((response) => {
			response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>');
		});
		const error = await errorOf({ parameters: deletes(1), url: server.url });
		expect(error.message).toBe(`What answers at ${server.url} is no threecx executor`);
	});

	it.each([
		['0', 'pip install --upgrade threecx-node'],
		['2', 'n8n-nodes-threecx'],
	])('speaks contract %s says what to upgrade', async (contract, remedy) => {
		server = await executor((response) => {
			response.writeHead(200, { ...HEADERS, 'Threecx-Contract': contract }).end('{"done":true}\n');
		});
		const error = await errorOf({ parameters: deletes(1), url: server.url });
		expect(error.message).toContain(`version ${contract} of the contract, this node version 1`);
		expect(error.description).toContain(remedy);
	});

	it.each([502, 504])('stands behind a proxy that answers %i may have done something', async (status) => {
		server = await executor((response) => {
			response.writeHead(status, { 'Content-Type': 'text/html' }).end('<html>');
		});
		const error = await errorOf({ parameters: deletes(2), url: server.url });
		expect(error.message).toBe(`What stands in front of the executor at ${server.url} answered ${status} in its place`);
		expect(error.description).toContain('unknown whether it was carried out: items 0-1');
	});

	it('fails inside may have done something', async () => {
		server = await executor((response) => {
			response.writeHead(500, HEADERS).end('{"detail":"the executor failed inside","code":"bug"}');
		});
		const error = await errorOf({ parameters: deletes(2), url: server.url });
		expect(error.description).toContain('unknown whether it was carried out: items 0-1');
	});

	it('breaks the connection is told in our words', async () => {
		server = await executor((response) => void response.socket?.destroy());
		const error = await errorOf({ parameters: deletes(1), url: server.url });
		expect(error.message).toBe(`The connection to the executor at ${server.url} broke`);
		expect(error.description).toContain('before running this again');
	});

	it('wants a key says so in its own words', async () => {
		const problem = { title: 'Unauthorized', detail: 'The key is wrong', description: 'Give it', code: 'executor_key' };
		server = await executor((response) => {
			response.writeHead(401, HEADERS).end(JSON.stringify(problem));
		});
		const error = await errorOf({ parameters: deletes(2), url: server.url });
		expect([error.message, error.httpCode]).toEqual(['The key is wrong', '401']);
		expect(error.description).toBe('Give it. not tried: items 0-1');
	});

	it('dies in mid batch leaves what is done and what nobody knows', async () => {
		server = await executor((response) => {
			response.writeHead(200, HEADERS);
			response.write('{"index":0,"items":[{"json":{"deleted":true}}]}\n', () => response.socket?.destroy());
		});
		const given = { parameters: deletes(3), url: server.url };
		const error = await errorOf(given);
		expect(error.message).toBe(`The executor at ${server.url} stopped in the middle of a batch`);
		expect(error.description).toContain('done: item 0; unknown whether it was carried out: items 1-2');
		const output = await execute({ ...given, continueOnFail: true });
		expect(output.map(({ json }) => (json.error as IDataObject)?.message ?? 'done')).toEqual([
			'done',
			error.message,
			error.message,
		]);
		expect((output[1]?.json.error as IDataObject).description).toContain('unknown whether this item was carried out');
		expect(output[1]?.json.error).toMatchObject({ code: 'executor', outcome: 'unknown' });
	});

	it('ends without its last line was broken', async () => {
		server = await executor((response) => {
			response.writeHead(200, HEADERS).end('{"index":0,"items":[]}\n');
		});
		const error = await errorOf({ parameters: deletes(2), url: server.url });
		expect(error.description).toContain('done: item 0; unknown whether it was carried out: item 1');
	});

	it.each(['before', 'after'])('hangs %s its first line is given up', async (when) => {
		server = await executor((response) => {
			if (when === 'after') response.writeHead(200, HEADERS).write('{"index":0,"items":[]}\n');
		});
		const given = context({ parameters: deletes(2), url: server.url });
		const items = batchOf(deletes(2).map((parameters) => ({ item: { parameters } })));
		const started = Date.now();
		const outcome = await run(given, 'DeleteCallFlowApp', items, 2, { continueOnFail: false, silenceSeconds: 1 });
		expect(Date.now() - started).toBeLessThan(9_000);
		expect(outcome.failure?.message).toBe(`The executor at ${server.url} stopped answering`);
		expect(outcome.outcomes[1]).toBe('unknown');
		await expect(outputOf(given, [], outcome, false)).rejects.toThrow('stopped answering');
	});

	it('sends heartbeats is waited for', async () => {
		server = await executor(async (response, call) => {
			response.writeHead(200, HEADERS);
			for (let beat = 0; beat < 6; beat += 1) {
				response.write('\n');
				await wait(500);
			}
			call.body.items.forEach((_, index) => response.write(`{"index":${index},"items":[]}\n`));
			response.end('{"done":true}\n');
		});
		const given = context({ parameters: DELETE, url: server.url });
		const items = batchOf([{ item: { parameters: {} } }]);
		const outcome = await run(given, 'DeleteCallFlowApp', items, 1, { continueOnFail: false, silenceSeconds: 1 });
		expect(outcome.failure).toBeUndefined();
	});

	it('is cancelled gets no further batch', async () => {
		const cancel = new AbortController();
		server = await executor((response, call) => {
			answerAll(response, call);
			response.on('finish', () => cancel.abort());
		});
		const given = { parameters: deletes(250), url: server.url, continueOnFail: true, signal: cancel.signal };
		const output = await execute(given);
		expect(server.calls.length).toBe(1);
		expect(output.filter(({ json }) => (json.error as IDataObject)?.message === 'The execution was cancelled').length).toBeGreaterThanOrEqual(150);
	});
});

describe('the methods of the canvas', () => {
	const load = (url: string, parameters: IDataObject) =>
		context({ parameters, url }) as unknown as ThisParameterType<ThreeCx['methods']['listSearch']['searchEntities']>;

	it('search a page of entries', async () => {
		server = await executor((response) => {
			response.writeHead(200, HEADERS).end('{"results":[{"name":"Sales (800)","value":7}],"cursor":"50"}');
		});
		const { searchEntities } = new ThreeCx().methods.listSearch;
		const page = await searchEntities.call(load(server.url, { operation: 'DeleteQueue' }), 'sal', '0');
		expect(page).toEqual({ results: [{ name: 'Sales (800)', value: 7 }], paginationToken: '50' });
		expect(server.calls[0]?.path).toBe('/v1/search');
		expect(server.calls[0]?.body).toMatchObject({ operation: 'DeleteQueue', parameter: 'Id', filter: 'sal', cursor: '0' });
	});

	it('offer fields that are not required to be added', async () => {
		const fields = [
			{ id: 'A', displayName: 'A', type: 'string', required: true },
			{ id: 'B', displayName: 'B', type: 'options', required: false, options: [{ name: 'x', value: 'x' }] },
			{ id: 'C', displayName: 'C', type: 'array', required: false, description: 'a list of numbers' },
		];
		server = await executor((response) => {
			response.writeHead(200, HEADERS).end(JSON.stringify({ fields }));
		});
		const { getBodyFields } = new ThreeCx().methods.resourceMapping;
		const found = await getBodyFields.call(load(server.url, { operation: 'CreateUser' }));
		expect(found.fields.map(({ id, required, removed }) => [id, required, removed])).toEqual([
			['A', true, false],
			['B', false, true],
			['C', false, true],
		]);
		expect(found.fields.map(({ displayName }) => displayName)).toEqual(['A', 'B', 'C (a list of numbers)']);
		expect(found.fields[1]?.options).toEqual([{ name: 'x', value: 'x' }]);
	});

	it('show the fields that a node already sends', async () => {
		const fields = ['A', 'B'].map((id) => ({ id, displayName: id, type: 'string', required: false }));
		server = await executor((response) => {
			response.writeHead(200, HEADERS).end(JSON.stringify({ fields }));
		});
		const { getBodyFields } = new ThreeCx().methods.resourceMapping;
		const body = { mappingMode: 'defineBelow', value: { B: 'x' } };
		const found = await getBodyFields.call(load(server.url, { operation: 'UpdateUser', body }));
		expect(found.fields.map(({ id, removed }) => [id, removed])).toEqual([
			['A', true],
			['B', false],
		]);
	});

	it("tell the executor's words when it refuses", async () => {
		server = await executor((response) => {
			response.writeHead(502, HEADERS).end('{"detail":"Forbidden by 3CX","description":"Give the client a role"}');
		});
		const { getSelectOptions } = new ThreeCx().methods.loadOptions;
		await expect(getSelectOptions.call(load(server.url, { operation: 'ListUser' }))).rejects.toMatchObject({
			message: 'Forbidden by 3CX',
			description: 'Give the client a role',
		});
	});
});

it('ranges of items are short', () => {
	expect(ranges([0, 1, 2, 5])).toBe('items 0-2, 5');
	expect(ranges([3])).toBe('item 3');
});
