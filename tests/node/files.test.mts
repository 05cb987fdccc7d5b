import type { IBinaryData, INodeExecutionData } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { CALL_BYTES, isUpload } from '../../nodes/shared/files';
import { execute, executeForError, respondToAll, startExecutor, startExecutorOf } from './support.mts';

const UPLOAD = { operation: 'UploadPrompt', binaryPropertyName: 'data', fileName: '', options: {} };
const SMALL = createFile('UklGRg==');

function createFile(data: string, more: Partial<IBinaryData> = {}): IBinaryData {
	return { data, mimeType: 'audio/wav', fileName: 'closed.wav', ...more };
}

function createInputs(...files: Array<IBinaryData | undefined>): INodeExecutionData[] {
	return files.map((file, n) => ({ json: { n }, ...(file ? { binary: { data: file } } : {}) }));
}

describe('an upload', () => {
	it('is known by its parameter', () => {
		expect([isUpload('UploadPrompt'), isUpload('GetUser')]).toEqual([true, false]);
	});

	it('sends the file of each item', async () => {
		const server = await startExecutorOf();
		const inputs = createInputs(SMALL, createFile('UklGRg==', { fileName: undefined }));
		await execute({ parameters: [UPLOAD, UPLOAD], inputs, url: server.url });
		const items = server.calls.at(-1)?.body.items;
		expect(items?.[0]?.binary).toEqual({ data: { data: 'UklGRg==', mimeType: 'audio/wav', fileName: 'closed.wav' } });
		expect(items?.[1]?.binary).toEqual({ data: { data: 'UklGRg==', mimeType: 'audio/wav' } });
		expect(items?.[0]?.parameters.binaryPropertyName).toBe('data');
	});

	it('prepares all calls before it sends one, and no call is too large', async () => {
		const big = createFile('A'.repeat(Math.ceil((CALL_BYTES * 0.6 * 4) / 3 / 4) * 4));
		const server = await startExecutor((response, call) =>
			respondToAll(response, call, call.body.options.prepareOnly ? () => ({}) : undefined),
		);
		const parameters = Array.from({ length: 3 }, () => UPLOAD);
		expect(await execute({ parameters, inputs: createInputs(big, big, SMALL), url: server.url })).toHaveLength(3);
		const seen = server.calls.map(({ body }) => [body.items.length, body.options.prepareOnly ?? false]);
		expect(seen).toEqual([
			[1, true],
			[2, true],
			[1, false],
			[2, false],
		]);
	});

	it.each([
		['has no file', undefined, "There is no binary data 'data' [Item 1]"],
		['is too large', createFile('', { id: '99999999999' }), "The file in 'data' has 99999999999 bytes, more than the limit of 20971520 [Item 1]"],
	])('sends nothing where an item %s', async (_, file, message) => {
		const server = await startExecutorOf();
		const options = { parameters: [UPLOAD, UPLOAD], inputs: createInputs(SMALL, file), url: server.url };
		const error = await executeForError(options);
		expect(error.message).toBe(message);
		expect(server.calls.every(({ body }) => body.options.prepareOnly)).toBe(true);
		const [first, second] = await execute({ ...options, continueOnFail: true });
		expect(first?.json).toEqual({ deleted: true });
		expect(second?.json.error).toMatchObject({ message: message.replace(' [Item 1]', ''), itemIndex: 1 });
	});

	it('fails for an item whose file cannot be read any more', async () => {
		const server = await startExecutorOf();
		const inputs = createInputs(createFile('', { id: 'gone' }), SMALL);
		const output = await execute({ parameters: [UPLOAD, UPLOAD], inputs, url: server.url, continueOnFail: true });
		expect(output.map(({ json }) => json)).toMatchObject([{ error: { message: 'The file is gone' } }, { deleted: true }]);
		const error = await executeForError({ parameters: [UPLOAD, UPLOAD], inputs, url: server.url });
		expect(error.message).toBe('The file is gone [Item 0]');
	});

	it('needs the name of a binary field', async () => {
		const server = await startExecutorOf();
		const parameters = { ...UPLOAD, binaryPropertyName: ' ' };
		const error = await executeForError({ parameters, inputs: createInputs(SMALL), url: server.url });
		expect(error.message).toBe("'Input Binary Field' is empty");
	});
});
