/** Runs the fixtures that the Python tests compare with a real service: what the node sends, and its output. */
import { readdirSync, readFileSync } from 'node:fs';

import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { expect, it } from 'vitest';

import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { NOT_ATTEMPTED, type ExecutorResult } from '../../nodes/shared/transport/contract';
import { createContext, HEADERS, startExecutor } from './support.mts';

interface Fixture {
	name: string;
	request: { operation: string; items: Array<{ json?: IDataObject; parameters: IDataObject }>; options?: IDataObject };
	ndjson: string[];
	results: ExecutorResult[];
}

const FOLDER = 'tests/contract';
const fixtures = readdirSync(FOLDER)
	.filter((file) => file.endsWith('.json'))
	.map((file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as Fixture);

it('there are fixtures', () => expect(fixtures.length).toBeGreaterThanOrEqual(5));

it.each(fixtures)('$name', async ({ request, ndjson, results }) => {
	const server = await startExecutor((response) => {
		response.writeHead(200, HEADERS).end(ndjson.map((line) => `${line}\n`).join(''));
	});
	const inputs = request.items.map(({ json }) => ({ json: json ?? {} }));
	const dryRun = request.options?.dryRun === true;
	const context = createContext({
		parameters: request.items.map(({ parameters }) => ({
			operation: request.operation,
			...parameters,
			...(dryRun ? { options: { ...(parameters.options as IDataObject), dryRun } } : {}),
		})),
		inputs,
		url: server.url,
		continueOnFail: request.options?.continueOnFail === true,
	});
	const ended = new ThreeCx().execute.call(context);
	const first = results.findIndex(({ error }) => error && error.code !== NOT_ATTEMPTED);
	if (first >= 0 && !request.options?.continueOnFail) {
		const { message = '', httpCode } = results[first]?.error ?? {};
		await expect(ended).rejects.toMatchObject({
			message: results.length > 1 ? `${message.replace(/\.$/, '')} [Item ${first}]` : message,
			httpCode: httpCode === undefined ? null : String(httpCode),
			context: { itemIndex: first },
		});
	} else {
		expect(await ended).toEqual([results.flatMap((result, index) => toOutput(result, index, inputs[index]?.json))]);
	}
	const [sent] = server.calls;
	expect(sent?.body.operation).toBe(request.operation);
	expect(sent?.body.items.map(({ parameters }) => parameters)).toMatchObject(
		request.items.map(({ parameters }) => parameters),
	);
});

function toOutput({ items, error, request }: ExecutorResult, index: number, input?: IDataObject): INodeExecutionData[] {
	const pairedItem = { item: index };
	if (error) return [{ json: { ...input, error: { ...error, itemIndex: index } as IDataObject }, pairedItem }];
	if (request) return [{ json: request, pairedItem }];
	return (items ?? []).map((item) => ({ ...item, pairedItem }));
}
