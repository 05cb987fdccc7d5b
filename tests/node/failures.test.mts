import { setTimeout as wait } from 'node:timers/promises';

import type { IDataObject } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import type { ResolvedItem } from '../../nodes/shared/requests';
import { createConnectionFailure } from '../../nodes/shared/transport/failures';
import { createOutput } from '../../nodes/shared/results';
import { runItems } from '../../nodes/shared/run';
import { createContext, createDeletes, DELETE, execute, executeForError, HEADERS, startExecutor, startExecutorOf } from './support.mts';

async function* yieldBatch(items: ResolvedItem[]): AsyncGenerator<ResolvedItem[]> {
	yield items;
}

const startHtmlServer = async (status: number) =>
	await startExecutor((response) => {
		response.writeHead(status, { 'Content-Type': 'text/html' }).end('<html>');
	});

describe('an executor that was not reached', () => {
	it('is not running', async () => {
		const server = await startExecutorOf();
		const { url } = server;
		await server.close();
		const error = await executeForError({ parameters: createDeletes(1), url });
		expect(error.message).toBe(`The executor at ${url} is not running. Start it with: threecx serve --key-file FILE`);
	});

	it.each([
		['has no TLS', (url: string) => url.replace('http:', 'https:'), /^The TLS connection to the executor at https:/],
		['has an invalid URL', () => 'http://foo bar', /^The Executor URL http:\/\/foo bar is not valid/],
	])('%s', async (_, changeUrl, message) => {
		const server = await startExecutorOf(() => ({}));
		const error = await executeForError({ parameters: createDeletes(2), url: changeUrl(server.url) });
		expect(error.message).toMatch(message);
		expect(error.description).toContain('Not tried: items 0-1');
		expect(server.calls).toEqual([]);
	});
});

it.each([
	['itself', (blocked: Error) => blocked],
	['as a cause', (blocked: Error) => new Error('wrapped', { cause: blocked })],
])('an address that n8n refuses (%s) has the setting that allows it', (_, wrap) => {
	const blocked = Object.assign(new Error('The request was blocked'), { name: 'SsrfBlockedIpError' });
	const failure = createConnectionFailure('http://127.0.0.1:8765', wrap(blocked));
	expect(failure.message).toBe('n8n refuses to send requests to 127.0.0.1, the address of the executor');
	expect(failure.description).toContain('N8N_SSRF_ALLOWED_HOSTNAMES');
	expect(failure.outcomeUnknown).toBe(false);
});

describe('another server', () => {
	it('is named', async () => {
		const server = await startHtmlServer(200);
		const error = await executeForError({ parameters: createDeletes(1), url: server.url });
		expect(error.message).toBe(`The server at ${server.url} is not a threecx executor`);
	});

	it.each([502, 504])('that returns %i leaves the outcome unknown', async (status) => {
		const server = await startHtmlServer(status);
		const error = await executeForError({ parameters: createDeletes(2), url: server.url });
		expect(error.message).toBe(`A proxy in front of the executor at ${server.url} returned ${status}`);
		expect(error.description).toContain('Unknown whether it was carried out: items 0-1');
	});
});

it.each([
	['0', 'pip install --upgrade threecx-node'],
	['2', 'n8n-nodes-threecx'],
])('contract version %s has its remedy', async (contract, remedy) => {
	const server = await startExecutor((response) => {
		response.writeHead(200, { ...HEADERS, 'Threecx-Contract': contract }).end('{"done":true}\n');
	});
	const error = await executeForError({ parameters: createDeletes(1), url: server.url });
	expect(error.message).toContain(`uses contract version ${contract}, but this node uses version 1`);
	expect(error.description).toContain(remedy);
});

describe('a call that the executor refuses', () => {
	it('has the words of the executor', async () => {
		const problem = { title: 'Unauthorized', detail: 'The key is wrong', description: 'Give it', code: 'executor_key' };
		const server = await startExecutor((response) => {
			response.writeHead(401, HEADERS).end(JSON.stringify(problem));
		});
		const error = await executeForError({ parameters: createDeletes(2), url: server.url });
		expect([error.message, error.httpCode]).toEqual(['The key is wrong', '401']);
		expect(error.description).toBe('Give it. Not tried: items 0-1');
	});

	it('leaves the outcome unknown with status 500', async () => {
		const server = await startExecutor((response) => {
			response.writeHead(500, HEADERS).end('{"detail":"internal error in the executor","code":"bug"}');
		});
		const error = await executeForError({ parameters: createDeletes(2), url: server.url });
		expect(error.message).toBe('internal error in the executor');
		expect(error.description).toContain('Unknown whether it was carried out: items 0-1');
	});
});

describe('a response that does not end', () => {
	it('was not begun', async () => {
		const server = await startExecutor((response) => void response.socket?.destroy());
		const error = await executeForError({ parameters: createDeletes(1), url: server.url });
		expect(error.message).toBe(`The connection to the executor at ${server.url} was closed before a response arrived`);
		expect(error.description).toContain('before running this again');
	});

	it('breaks in the middle of a batch', async () => {
		const server = await startExecutor((response) => {
			response.writeHead(200, HEADERS);
			response.write('{"index":0,"items":[{"json":{"deleted":true}}]}\n', () => response.socket?.destroy());
		});
		const options = { parameters: createDeletes(3), url: server.url };
		const error = await executeForError(options);
		expect(error.message).toBe(`The executor at ${server.url} stopped in the middle of a batch`);
		expect(error.description).toContain('Done: item 0; unknown whether it was carried out: items 1-2');
		const output = await execute({ ...options, continueOnFail: true });
		expect(output.map(({ json }) => (json.error as IDataObject)?.message ?? 'done')).toEqual([
			'done',
			error.message,
			error.message,
		]);
		expect((output[1]?.json.error as IDataObject).description).toContain('unknown whether this item was carried out');
		expect(output[1]?.json.error).toMatchObject({ code: 'executor', outcome: 'unknown' });
	});

	it('lacks its last line', async () => {
		const server = await startExecutor((response) => {
			response.writeHead(200, HEADERS).end('{"index":0,"items":[]}\n');
		});
		const error = await executeForError({ parameters: createDeletes(2), url: server.url });
		expect(error.description).toContain('Done: item 0; unknown whether it was carried out: item 1');
	});

	it.each(['before', 'after'])(
		'hangs %s its first line',
		async (when) => {
			const server = await startExecutor((response) => {
				if (when === 'after') response.writeHead(200, HEADERS).write('{"index":0,"items":[]}\n');
			});
			const context = createContext({ parameters: createDeletes(2), url: server.url });
			const items = yieldBatch(createDeletes(2).map((parameters) => ({ item: { parameters } })));
			const run = await runItems(context, 'DeleteCallFlowApp', items, 2, { continueOnFail: false, idleTimeout: 1_000 });
			expect(run.failure?.message).toBe(`The executor at ${server.url} stopped responding`);
			expect(run.results[1]).toBe('unknown');
			await expect(createOutput(context, [], run, false)).rejects.toThrow('stopped responding');
		},
		9_000,
	);

	it('is waited for while it has heartbeats', async () => {
		const server = await startExecutor(async (response, call) => {
			response.writeHead(200, HEADERS);
			for (let beat = 0; beat < 6; beat += 1) {
				response.write('\n');
				await wait(500);
			}
			call.body.items.forEach((_, index) => response.write(`{"index":${index},"items":[]}\n`));
			response.end('{"done":true}\n');
		});
		const context = createContext({ parameters: DELETE, url: server.url });
		const items = yieldBatch([{ item: { parameters: {} } }]);
		const run = await runItems(context, 'DeleteCallFlowApp', items, 1, { continueOnFail: false, idleTimeout: 1_000 });
		expect(run.failure).toBeUndefined();
	});
});
