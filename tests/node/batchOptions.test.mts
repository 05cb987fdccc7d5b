import { NodeOperationError, type IDataObject } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { createDeletes, DELETE, execute, executeForError, respondToAll, startExecutor, startExecutorOf } from './support.mts';

const REQUEST = { method: 'DELETE', url: 'https://pbx.test/x' };

/** Deletes whose options are the results of an expression. */
const createDeletesOf = (...options: IDataObject[]): IDataObject[] => options.map((each) => ({ ...DELETE, options: each }));

describe('an option with different values for items', () => {
	it.each([
		['dryRun', 'Dry Run', true, false],
		['dryRun', 'Dry Run', false, true],
		['dryRun', 'Dry Run', true, null],
		['concurrency', 'Concurrency', 2, 3],
		['timeout', 'Timeout', 10, 20],
		['retryTime', 'Retry Time', 0, 30],
		['maxDeletes', 'Max Deletes', 10, 20],
	])('%s is refused: %s, %s and %s', async (name, displayName, one, other) => {
		const server = await startExecutorOf();
		const parameters = createDeletesOf({ [name]: one }, { [name]: one }, { [name]: other });
		const error = await executeForError({ parameters, url: server.url });
		expect(error).toBeInstanceOf(NodeOperationError);
		expect(error.message).toBe(
			`'${displayName}' applies to all items, but its expression returned different values for them`,
		);
		expect(error.description).toBe(
			`Enter a fixed value for '${displayName}', or an expression that returns the same value for every item. ` +
				'Not tried: items 0-2',
		);
		expect(server.calls).toEqual([]);
	});

	it('is refused in the last batch before any is sent', async () => {
		const server = await startExecutor((response, call) => respondToAll(response, call, () => ({})));
		const parameters = [...createDeletes(149), ...createDeletesOf({ dryRun: true })];
		const error = await executeForError({ parameters, url: server.url });
		expect(error.message).toContain("'Dry Run'");
		expect(error.description).toContain('Not tried: items 0-149');
		expect(server.calls.every(({ body }) => body.options.prepareOnly)).toBe(true);
	});

	it('fails every item where failed items continue', async () => {
		const server = await startExecutorOf();
		const parameters = createDeletesOf({ dryRun: true }, { dryRun: false });
		const output = await execute({ parameters, url: server.url, continueOnFail: true });
		expect(output.map(({ json }) => (json.error as IDataObject).code)).toEqual(['not_attempted', 'not_attempted']);
		expect((output[0]?.json.error as IDataObject).message).toContain("'Dry Run'");
		expect(server.calls).toEqual([]);
	});

	it('is not looked for in items that n8n cannot resolve', async () => {
		const server = await startExecutorOf(() => ({ request: REQUEST }));
		const onRead = (name: string, index: number) => {
			if (name === 'options' && index === 1) throw new Error("There is no node 'X'");
		};
		const parameters = createDeletesOf({ dryRun: true }, {}, { dryRun: true });
		const output = await execute({ parameters, url: server.url, onRead, continueOnFail: true });
		expect(output.map(({ json }) => json.url ?? (json.error as IDataObject).message)).toEqual([
			REQUEST.url,
			"There is no node 'X'",
			REQUEST.url,
		]);
	});
});

describe('a dry run', () => {
	it('returns the requests', async () => {
		const server = await startExecutorOf(() => ({ request: REQUEST }));
		const output = await execute({ parameters: createDeletesOf({ dryRun: true }, { dryRun: true }), url: server.url });
		expect(output.map(({ json }) => json)).toEqual([REQUEST, REQUEST]);
		expect(server.calls[0]?.body.options.dryRun).toBe(true);
	});

	it('can be given as text and counts for all batches', async () => {
		const server = await startExecutor((response, call) =>
			respondToAll(response, call, () => (call.body.options.prepareOnly ? {} : { request: REQUEST })),
		);
		const parameters = createDeletes(150).map((each) => ({ ...each, options: { dryRun: ' True' } }));
		await execute({ parameters, url: server.url });
		const sent = server.calls.filter(({ body }) => !body.options.prepareOnly);
		expect(sent.map(({ body }) => body.options.dryRun)).toEqual([true, true]);
		expect(server.calls.every(({ body }) => body.options.timeZone === 'Europe/Berlin')).toBe(true);
	});
});

describe('Max Deletes', () => {
	const message = "The run would delete 150 entries, and 'Max Deletes' allows 120";

	it.each([false, true])('counts for all batches together, continue on fail: %s', async (continueOnFail) => {
		const server = await startExecutor((response, call) =>
			respondToAll(response, call, () => ({}), { deletes: call.body.items.length }),
		);
		const parameters = createDeletes(150).map((each) => ({ ...each, options: { maxDeletes: 120 } }));
		const options = { parameters, url: server.url, continueOnFail };
		if (continueOnFail) {
			const output = await execute(options);
			expect(output.map(({ json }) => (json.error as IDataObject).message)).toEqual(new Array(150).fill(message));
		} else {
			expect((await executeForError(options)).message).toBe(message);
		}
		expect(server.calls).toHaveLength(2);
		expect(server.calls.every(({ body }) => body.options.prepareOnly)).toBe(true);
	});

	it('lets a run within the limit pass', async () => {
		const server = await startExecutor((response, call) =>
			respondToAll(response, call, call.body.options.prepareOnly ? () => ({}) : undefined, { deletes: 75 }),
		);
		const parameters = createDeletes(150).map((each) => ({ ...each, options: { maxDeletes: 150 } }));
		expect(await execute({ parameters, url: server.url })).toHaveLength(150);
	});
});
