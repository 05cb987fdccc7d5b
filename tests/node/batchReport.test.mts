import { createServer } from 'node:http';

import type { IDataObject } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { createDeletes, execute, executeForError, HEADERS, startExecutor, type Call } from './support.mts';

const JSON_HEADERS = { 'Threecx-Contract': '1', 'Content-Type': 'application/json' };
const DONE = { outcome: 'done', items: [{ json: { deleted: true }, pairedItem: { item: 0 } }] };
const UNKNOWN = { outcome: 'unknown', error: { message: 'the executor ended', outcome: 'unknown' } };
const FAILED = { outcome: 'failed', error: { message: 'Not found', httpCode: 404, code: 'X' } };

/** An executor that loses the connection to each batch, and reports what `reports` has, one after the other. */
async function startLosing(...reports: Array<{ status: string; results: object[] } | number>) {
	let asked = 0;
	return await startExecutor((response, call) => {
		if (call.path === '/v1/execute') {
			response.writeHead(200, HEADERS);
			response.write(`${JSON.stringify({ index: 0, items: [{ json: { first: true } }] })}\n`);
			setTimeout(() => response.destroy(), 20);
			return;
		}
		const report = reports[Math.min(asked, reports.length - 1)];
		asked += 1;
		if (typeof report === 'number') response.writeHead(report, JSON_HEADERS).end('{"detail":"?"}');
		else response.writeHead(200, JSON_HEADERS).end(JSON.stringify(report));
	});
}

const errorsOf = (output: Array<{ json: IDataObject }>) => output.map(({ json }) => json.error as IDataObject | undefined);

describe('a batch whose connection was lost', () => {
	it('is carried on where the executor reports that every item is done', async () => {
		const server = await startLosing({ status: 'running', results: [] }, { status: 'finished', results: [DONE, DONE, DONE] });
		const output = await execute({ parameters: createDeletes(3), url: server.url });
		expect(output.map(({ json }) => json)).toEqual([{ first: true }, { deleted: true }, { deleted: true }]);
		const [sent, ...asked] = server.calls as [Call, ...Call[]];
		const batchId = String(sent.headers['threecx-batch']);
		expect(batchId).toMatch(/^[\da-f-]{36}$/);
		expect(asked.map(({ path }) => path)).toEqual(Array(2).fill(`/v1/batches/${batchId}`));
	});

	it('gives each item the outcome that the executor recorded', async () => {
		const server = await startLosing({ status: 'interrupted', results: [DONE, FAILED, UNKNOWN, { outcome: 'not_tried' }] });
		const output = await execute({ parameters: createDeletes(4), url: server.url, continueOnFail: true });
		const errors = errorsOf(output);
		expect(errors[0]).toBeUndefined();
		expect(errors[1]).toMatchObject({ message: 'Not found', httpCode: 404 });
		expect(errors[2]).toMatchObject({ outcome: 'unknown' });
		expect(errors[3]).toMatchObject({ code: 'not_attempted' });
	});

	it('says that nothing is unknown where that is so', async () => {
		const server = await startLosing({ status: 'finished', results: [DONE, DONE, { outcome: 'not_tried' }] });
		const error = await executeForError({ parameters: createDeletes(3), url: server.url });
		expect(error.description).toBe(
			'The executor reported afterwards what became of each item. Done: items 0-1; not tried: item 2',
		);
	});

	it('is reported as unknown where the executor does not know it', async () => {
		const server = await startLosing(404);
		const error = await executeForError({ parameters: createDeletes(2), url: server.url });
		expect(error.description).toContain('Done: item 0; unknown whether it was carried out: item 1');
		expect(server.calls.filter(({ path }) => path !== '/v1/execute')).toHaveLength(1);
	});

	it('is asked for while the executor is restarted', async () => {
		const server = await startLosing(502, 503, { status: 'finished', results: [DONE, DONE] });
		const output = await execute({ parameters: createDeletes(2), url: server.url });
		expect(output).toHaveLength(2);
	});

	it('that does not end in time is unknown where it has no result', async () => {
		const server = await startLosing({ status: 'running', results: [DONE, DONE, { outcome: 'pending' }] });
		const error = await executeForError({ parameters: createDeletes(3), url: server.url });
		expect(error.description).toContain('Done: items 0-1; unknown whether it was carried out: item 2');
	});

	it('names a read whose result is lost', async () => {
		const server = await startLosing({ status: 'finished', results: [{ outcome: 'done' }, { outcome: 'done' }] });
		const output = await execute({ parameters: createDeletes(2), url: server.url, continueOnFail: true });
		expect(errorsOf(output)[1]?.message).toBe('The item was read, but its result was lost with the connection to the executor');
	});
});

it('asks for the batch where a proxy has sent the call twice', async () => {
	const problem = { detail: 'the batch exists already', code: 'batch_exists' };
	const server = await startExecutor((response, call) => {
		if (call.path === '/v1/execute') response.writeHead(409, JSON_HEADERS).end(JSON.stringify(problem));
		else response.writeHead(200, JSON_HEADERS).end(JSON.stringify({ status: 'finished', results: [DONE, DONE] }));
	});
	expect(await execute({ parameters: createDeletes(2), url: server.url })).toHaveLength(2);
});

it('reports items as not tried where the executor could not record the batch', async () => {
	const problem = { detail: 'the journal cannot be written', code: 'journal' };
	const server = await startExecutor((response) => {
		response.writeHead(503, JSON_HEADERS).end(JSON.stringify(problem));
	});
	const error = await executeForError({ parameters: createDeletes(2), url: server.url });
	expect(error.description).toContain('Not tried: items 0-1');
	expect(server.calls).toHaveLength(1);
});

it('finds out what an executor did that was ended and started again', async () => {
	// The port stays the same, as that of a service that a supervisor starts again.
	const server = await startExecutor(async (response, _call, number) => {
		if (number > 0) return;
		response.writeHead(200, HEADERS).write('\n');
		const port = Number(new URL(server.url).port);
		await server.close();
		const again = createServer((_, answer) => {
			answer.writeHead(200, { ...JSON_HEADERS, Connection: 'close' });
			answer.end(JSON.stringify({ status: 'interrupted', results: [DONE, DONE] }));
			again.close();
		});
		setTimeout(() => again.listen(port, '127.0.0.1'), 100);
	});
	expect(await execute({ parameters: createDeletes(2), url: server.url })).toHaveLength(2);
});
