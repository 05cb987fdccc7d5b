/** The fixtures that Python's tests hold a real service to: what the node sends, and what it makes of the answer. */
import { readdirSync, readFileSync } from 'node:fs';

import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { afterEach, expect, it } from 'vitest';

import { NOT_ATTEMPTED, type Result } from '../../nodes/ThreeCx/contract';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { context, type Executor, executor, HEADERS } from './support.mts';

interface Fixture {
	name: string;
	request: { operation: string; items: Array<{ json?: IDataObject; parameters: IDataObject }>; options?: IDataObject };
	ndjson: string[];
	results: Result[];
}

const FOLDER = 'tests/contract';
const fixtures = readdirSync(FOLDER)
	.filter((file) => file.endsWith('.json'))
	.map((file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as Fixture);

let server: Executor | undefined;
afterEach(async () => {
	await server?.close();
	server = undefined;
});

it('there are fixtures', () => expect(fixtures.length).toBeGreaterThanOrEqual(5));

it.each(fixtures)('$name', async ({ request, ndjson, results }) => {
	server = await executor((response) => {
		response.writeHead(200, HEADERS).end(ndjson.map((line) => `${line}\n`).join(''));
	});
	const inputs = request.items.map(({ json }) => ({ json: json ?? {} }));
	const dryRun = request.options?.dryRun === true;
	const given = context({
		parameters: request.items.map(({ parameters }) => ({
			operation: request.operation,
			...parameters,
			...(dryRun ? { options: { ...(parameters.options as IDataObject), dryRun } } : {}),
		})),
		inputs,
		url: server.url,
		continueOnFail: request.options?.continueOnFail === true,
	});
	const ended = new ThreeCx().execute.call(given);
	const first = results.findIndex(({ error }) => error && error.code !== NOT_ATTEMPTED);
	if (first >= 0 && !request.options?.continueOnFail) {
		const error = results[first]?.error;
		await expect(ended).rejects.toMatchObject({
			message: error?.message,
			httpCode: error?.httpCode === undefined ? null : String(error.httpCode),
			context: { itemIndex: first },
		});
	} else {
		expect(await ended).toEqual([results.flatMap((result, index) => outputOf(result, index, inputs[index]?.json))]);
	}
	const [sent] = server.calls;
	expect(sent?.body.operation).toBe(request.operation);
	expect(sent?.body.items.map(({ parameters }) => parameters)).toMatchObject(
		request.items.map(({ parameters }) => parameters),
	);
});

function outputOf({ items, error, request }: Result, index: number, input?: IDataObject): INodeExecutionData[] {
	const pairedItem = { item: index };
	if (error) return [{ json: { ...input, error: { ...error, itemIndex: index } as IDataObject }, pairedItem }];
	if (request) return [{ json: request, pairedItem }];
	return (items ?? []).map((item) => ({ ...item, pairedItem }));
}
