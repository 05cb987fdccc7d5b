import { describe, expect, it } from 'vitest';

import { formatItems } from '../../nodes/shared/itemResults';
import { createDeletes, execute, executeForError, respondToAll, startExecutor, startExecutorOf } from './support.mts';

describe('the error that stops the node', () => {
	it("has 3CX's message, advice and status", async () => {
		const results = [
			{ items: [{ json: {} }] },
			{ error: { message: 'Not found.', description: 'Check the ID.', httpCode: 404, code: 'X' } },
			{ error: { message: 'not tried', code: 'not_attempted' } },
		];
		const server = await startExecutorOf((index) => results[index] ?? {});
		const error = await executeForError({ parameters: createDeletes(3), url: server.url });
		expect([error.message, error.httpCode, error.context.itemIndex]).toEqual(['Not found [Item 1]', '404', 1]);
		expect(error.description).toBe('Check the ID. Done: item 0; failed: item 1; not tried: item 2');
		expect(error.context.code).toBe('X');
	});

	it("ends with 3CX's code", async () => {
		const code = 'WARNINGS.XAPI.ALREADY_IN_USE';
		const failed = { message: 'Number 142 is already in use', description: 'Choose another value.', httpCode: 400, code };
		const server = await startExecutorOf(() => ({ error: failed }));
		const error = await executeForError({ parameters: createDeletes(1), url: server.url });
		expect(error.message).toBe('Number 142 is already in use');
		expect(error.description).toBe(`Choose another value. 3CX code: ${code}`);
	});

	it('names all items that cannot be sent, in one line', async () => {
		const bad = (index: number) => index === 100 || index === 250;
		const server = await startExecutor((response, call, number) =>
			respondToAll(response, call, (index) =>
				bad(number * 100 + index) ? { error: { message: `Id is\nwrong.`, code: 'parameter' } } : {},
			),
		);
		const error = await executeForError({ parameters: createDeletes(500), url: server.url });
		expect(error.message).toBe('2 of 500 items cannot be sent, nothing was sent: 100: Id is wrong; 250: Id is wrong');
		expect([error.description, error.context.itemIndex]).toEqual(['Fix or remove these items', 100]);
		expect(server.calls.length).toBe(5);
		expect(server.calls.every(({ body }) => body.options.prepareOnly)).toBe(true);
	});

	it('names at most twenty items that cannot be sent', async () => {
		const server = await startExecutorOf(() => ({ error: { message: 'x'.repeat(10_000), code: 'parameter' } }));
		const { message } = await executeForError({ parameters: createDeletes(500), url: server.url });
		expect(message).toMatch(/^500 of 500 items cannot be sent, .*; 19: x+…; and 480 more$/);
		expect(message.length).toBeLessThan(5000);
	});

	it('separates an unknown outcome from a failed item', async () => {
		const error = { message: 'no response', description: 'Check in 3CX', code: 'timeout', outcome: 'unknown' };
		const server = await startExecutorOf((index) => (index === 1 ? { error } : { items: [{ json: {} }] }));
		const { description } = await executeForError({ parameters: createDeletes(2), url: server.url });
		expect(description).toBe('Check in 3CX. Done: item 0; unknown whether it was carried out: item 1');
	});

	it('names the number of attempts', async () => {
		const error = { message: 'no response', code: 'timeout', outcome: 'unknown' };
		const deleted = { json: { deleted: true, Id: 1, attempts: 2 } };
		const server = await startExecutorOf((index) =>
			index === 1 ? { error, attempts: 3 } : { items: [deleted], attempts: 2 },
		);
		const output = await execute({ parameters: createDeletes(2), url: server.url, continueOnFail: true });
		expect(output.map(({ json }) => json)).toEqual([
			deleted.json,
			{ n: 1, error: { ...error, itemIndex: 1, attempts: 3 } },
		]);
	});

	it.each(['3CX 20.0.4 has no operation RevokeRemoteAccess', 'given "Keepermann"', 'read ECONNRESET'])(
		'keeps "%s", which n8n would replace',
		async (message) => {
			const server = await startExecutorOf(() => ({ error: { message, httpCode: 400 } }));
			const error = await executeForError({ parameters: createDeletes(1), url: server.url });
			expect([error.message, error.httpCode]).toEqual([message, '400']);
		},
	);
});

describe('a list that an error ended', () => {
	const partial = { items: [{ json: { Id: 1 } }, { json: { Id: 2 } }], error: { message: 'page 2 failed' } };

	it('outputs the items before the error', async () => {
		const server = await startExecutorOf(() => partial);
		const output = await execute({ parameters: createDeletes(1), url: server.url, continueOnFail: true });
		expect(output.map(({ json }) => json)).toEqual([
			{ Id: 1 },
			{ Id: 2 },
			{ n: 0, error: { message: 'page 2 failed', itemIndex: 0 } },
		]);
	});

	it('says how many items came where the error stops the node', async () => {
		const server = await startExecutorOf(() => partial);
		const { description } = await executeForError({ parameters: createDeletes(1), url: server.url });
		expect(description).toContain('2 items were received before the error');
	});
});

describe('a failed item that continues', () => {
	it('has its input and its error', async () => {
		const server = await startExecutorOf((index) =>
			index === 0 ? { error: { message: 'Gone', httpCode: 412 } } : { items: [] },
		);
		const options = { parameters: createDeletes(2), url: server.url, continueOnFail: true };
		const error = { message: 'Gone', httpCode: 412, itemIndex: 0 };
		expect(await execute(options)).toEqual([{ json: { n: 0, error }, pairedItem: { item: 0 } }]);
		const onError = 'continueErrorOutput';
		expect(await execute({ ...options, onError })).toEqual([{ json: { error }, pairedItem: { item: 0 } }]);
		expect(server.calls[0]?.body.options.continueOnFail).toBe(true);
	});

	it('keeps its files', async () => {
		const server = await startExecutorOf(() => ({ error: { message: 'Gone' } }));
		const binary = { data: { data: 'YQ==', mimeType: 'text/plain' } };
		const inputs = [{ json: {}, binary }];
		const output = await execute({ parameters: createDeletes(1), url: server.url, continueOnFail: true, inputs });
		expect(output[0]?.binary).toEqual(binary);
	});
});

describe('a file', () => {
	it('is binary data', async () => {
		const data = Buffer.from('a,b').toString('base64');
		const item = { json: { fileName: 'r.csv' }, binary: { data: { data, mimeType: 'text/csv', fileName: 'r.csv' } } };
		const server = await startExecutorOf(() => ({ items: [item] }));
		const [output] = await execute({ parameters: createDeletes(1), url: server.url });
		expect(output?.binary?.data).toEqual({ data, mimeType: 'text/csv', fileName: 'r.csv' });
	});

	it('keeps the fields and the files of its input item', async () => {
		const data = Buffer.from('a,b').toString('base64');
		const facts = { fileName: 'r.csv', mimeType: 'text/csv', fileSize: 3 };
		const file = { data, mimeType: 'text/csv', fileName: 'r.csv' };
		const server = await startExecutorOf((index) =>
			index === 0 ? { items: [{ json: facts, binary: { data: file } }] } : { items: [{ json: { Id: 1 } }] },
		);
		const letter = { data: 'YQ==', mimeType: 'text/plain' };
		const inputs = [
			{ json: { call: 7, fileName: 'old' }, binary: { letter, data: letter } },
			{ json: { call: 8 } },
		];
		const [output, other] = await execute({ parameters: createDeletes(2), url: server.url, inputs });
		expect(output?.json).toEqual({ call: 7, ...facts });
		expect(output?.binary).toEqual({ letter, data: file });
		expect(other?.json).toEqual({ Id: 1 });
		expect(inputs[0]?.json).toEqual({ call: 7, fileName: 'old' });
	});

	it('has the type by which n8n plays a recording', async () => {
		const recording = { data: 'UklGRg==', mimeType: 'audio/x-wav', fileName: 'a.wav' };
		const server = await startExecutorOf(() => ({ items: [{ json: {}, binary: { data: recording } }] }));
		const [output] = await execute({ parameters: createDeletes(1), url: server.url });
		expect(output?.binary?.data).toEqual({ ...recording, mimeType: 'audio/wav' });
	});

	it('can have many megabytes', async () => {
		const data = Buffer.alloc(24 * 1024 * 1024, 'x').toString('base64');
		const item = { json: {}, binary: { data: { data, mimeType: 'audio/wav', fileName: 'a.wav' } } };
		const server = await startExecutorOf(() => ({ items: [item] }));
		const [output] = await execute({ parameters: createDeletes(1), url: server.url });
		expect(output?.binary?.data?.data.length).toBe(data.length);
	});
});

it('indexes are formatted as ranges', () => {
	expect(formatItems([0, 1, 2, 5])).toBe('items 0-2, 5');
	expect(formatItems([3])).toBe('item 3');
});

describe('a note of the executor', () => {
	it('is a hint of the execution, once for all batches', async () => {
		const note = 'automatic mapping left out a column';
		const server = await startExecutor((response, call) => respondToAll(response, call, undefined, { notes: [note] }));
		const hints: string[] = [];
		await execute({ parameters: createDeletes(150), url: server.url, onHint: (message) => hints.push(message) });
		expect(server.calls.length).toBe(4);
		expect(hints).toEqual([note]);
	});
});
