import { describe, expect, it } from 'vitest';
import type { IDataObject } from 'n8n-workflow';

import { createDeletes, DELETE, execute, executeForError, HEADERS, respondToAll, startExecutor, startExecutorOf } from './support.mts';

describe('a run', () => {
	it('sends the credential and pairs results that arrive in any order', async () => {
		const server = await startExecutor((response, call) => {
			response.writeHead(200, HEADERS);
			response.write('\n{"index":1,"items":[{"json":{"b":1},"pairedItem":{"item":1}}]}\n\n{"index":0,"ite');
			response.end(`ms":[{"json":{"a":"ä"}},{"json":{"a":2}}]}\n{"done":true,"summary":""}\n`);
			expect(call.path).toBe('/v1/execute');
		});
		const output = await execute({
			parameters: createDeletes(2),
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

	it('sends no secret with a profile', async () => {
		const server = await startExecutorOf();
		await execute({
			parameters: createDeletes(1),
			url: server.url,
			credentials: { connection: 'profile', profile: 'main' },
		});
		expect(server.calls[0]?.body.pbx).toEqual({ profile: 'main' });
	});

	it('prepares all batches before it sends one', async () => {
		const server = await startExecutor((response, call) =>
			respondToAll(response, call, call.body.options.prepareOnly ? () => ({}) : undefined),
		);
		expect(await execute({ parameters: createDeletes(250), url: server.url })).toHaveLength(250);
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

	it('sends nothing when an item of the last batch is wrong', async () => {
		const bad = { message: 'Id: is missing', description: 'Give an ID', code: 'parameter', itemIndex: 4 };
		const server = await startExecutor((response, call, number) =>
			respondToAll(response, call, (index) => (number === 1 && index === 4 ? { error: bad } : {})),
		);
		const error = await executeForError({ parameters: createDeletes(150), url: server.url });
		expect(error.message).toBe('Id: is missing [Item 104]');
		expect([error.context.itemIndex, error.httpCode]).toEqual([104, null]);
		expect(error.description).toBe('Give an ID. Failed: item 104; not tried: items 0-103, 105-149');
		expect(server.calls.every(({ body }) => body.options.prepareOnly)).toBe(true);
	});

	it('stops where the PBX cannot be used, also when failed items continue', async () => {
		const left = { message: 'not tried, because an earlier item failed', code: 'not_attempted' };
		const server = await startExecutorOf((index) => ({ error: index === 0 ? { message: 'No login', code: 'login' } : left }));
		const output = await execute({ parameters: createDeletes(350), url: server.url, continueOnFail: true });
		expect(server.calls).toHaveLength(1);
		expect(output).toHaveLength(350);
		expect(output.map(({ json }) => (json.error as IDataObject).message)).toEqual([
			'No login',
			...Array.from({ length: 349 }, () => left.message),
		]);
		expect((output[349]?.json.error as IDataObject).itemIndex).toBe(349);
	});

	it('sends no further batch once it is cancelled', async () => {
		const cancel = new AbortController();
		const server = await startExecutor((response, call) => {
			respondToAll(response, call);
			response.on('finish', () => cancel.abort());
		});
		const parameters = createDeletes(250);
		const output = await execute({ parameters, url: server.url, continueOnFail: true, signal: cancel.signal });
		expect(server.calls.length).toBe(1);
		const messages = output.map(({ json }) => (json.error as IDataObject)?.message);
		expect(messages.filter((each) => each === 'The execution was cancelled').length).toBeGreaterThanOrEqual(150);
	});
});

describe('an item that n8n cannot resolve', () => {
	const createOptions = (url: string) => ({
		parameters: createDeletes(3),
		url,
		onRead: (_: string, index: number) => {
			if (index !== 1) return;
			throw Object.assign(new Error("There is no node 'X'"), { description: 'Name another' });
		},
	});

	it('is named, and nothing is sent', async () => {
		const server = await startExecutorOf();
		const error = await executeForError(createOptions(server.url));
		expect([error.message, error.context.itemIndex]).toEqual(["There is no node 'X' [Item 1]", 1]);
		expect(error.description).toBe('Name another. Failed: item 1; not tried: items 0, 2');
		expect(server.calls).toEqual([]);
	});

	it('is left out where failed items continue', async () => {
		const server = await startExecutorOf();
		const output = await execute({ ...createOptions(server.url), continueOnFail: true });
		expect(output.map(({ json, pairedItem }) => [json.deleted ?? (json.error as IDataObject).message, pairedItem])).toEqual([
			[true, { item: 0 }],
			["There is no node 'X'", { item: 1 }],
			[true, { item: 2 }],
		]);
		expect(server.calls[0]?.body.items).toHaveLength(2);
	});
});
