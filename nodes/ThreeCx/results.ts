import type { IDataObject, IExecuteFunctions, INodeExecutionData, NodeApiError } from 'n8n-workflow';

import { NOT_ATTEMPTED, type ExecutorError, type ResultItem } from './contract';
import { nodeError } from './executor';
import { isFailed, type Outcome, type Run, tally } from './run';

/** The node's output for a run, in the order of the input. Throws NodeApiError unless failed items are to go on. */
export async function outputOf(
	context: IExecuteFunctions,
	inputs: INodeExecutionData[],
	{ outcomes, failure }: Run,
	continueOnFail: boolean,
): Promise<INodeExecutionData[]> {
	const first = outcomes.findIndex(isFailed);
	if (!continueOnFail && (first >= 0 || failure)) {
		throw stopping(context, { outcomes, failure }, first);
	}
	const output: INodeExecutionData[] = [];
	for (const [index, outcome] of outcomes.entries()) {
		const error = errorOf(outcome, index, failure);
		if (error) {
			output.push(failedItem(context, inputs[index], error, index));
			continue;
		}
		const result = outcome as Exclude<Outcome, string>;
		if (result.request) output.push({ json: result.request, pairedItem: { item: index } });
		for (const item of result.items ?? []) output.push(await resultItem(context, item, index));
	}
	return output;
}

/** The error that ends the node: the first item's own, else what happened to the executor; with what was done. */
function stopping(context: IExecuteFunctions, { outcomes, failure }: Run, first: number): NodeApiError {
	const outcome = outcomes[first];
	const counts = outcomes.length > 1 || outcomes[0] === 'unknown' ? tally(outcomes) : '';
	if (outcome && isFailed(outcome) && outcome.error) return itemError(context, outcome.error, first, counts);
	const { message, description, httpCode } = failure ?? { message: 'Nothing was done', description: '' };
	return nodeError(context.getNode(), { message, description: sentences(description, counts), httpCode });
}

/** An item's error as it goes on in the item; undefined for an item that was done. */
function errorOf(outcome: Outcome, index: number, failure: Run['failure']): IDataObject | undefined {
	// The executor counts within a batch.
	if (typeof outcome === 'object') return outcome.error && ({ ...outcome.error, itemIndex: index } as IDataObject);
	const { message, description, httpCode } = failure ?? { message: 'Nothing was done', description: '' };
	const state = outcome === 'unknown' ? 'It is unknown whether this item was carried out' : 'This item was not tried';
	const status = httpCode ? { httpCode: Number(httpCode) } : {};
	// The words of the executor's own errors, for workflows that branch.
	const word = outcome === 'unknown' ? { code: 'executor', outcome } : { code: NOT_ATTEMPTED };
	return { message, description: sentences(state, description), ...status, ...word, itemIndex: index };
}

function itemError(context: IExecuteFunctions, error: ExecutorError, index: number, counts = ''): NodeApiError {
	const description = sentences(error.description ?? '', counts);
	const httpCode = error.httpCode === undefined ? undefined : String(error.httpCode);
	return nodeError(context.getNode(), { message: error.message, description, httpCode }, index);
}

// The input item stays, so that one can go on with it. n8n makes `{error}` of an item that has an `error` beside its
// json, and on the way to the error output it knows one by an `error` alone in its json, and adds the input itself.
function failedItem(
	context: IExecuteFunctions,
	input: INodeExecutionData | undefined,
	shown: IDataObject,
	index: number,
): INodeExecutionData {
	const added = context.getNode().onError === 'continueErrorOutput' ? {} : input?.json;
	const binary = input?.binary ? { binary: input.binary } : {};
	return { json: { ...added, error: shown }, ...binary, pairedItem: { item: index } };
}

async function resultItem(context: IExecuteFunctions, item: ResultItem, index: number): Promise<INodeExecutionData> {
	const output: INodeExecutionData = { json: item.json as IDataObject, pairedItem: { item: index } };
	for (const [name, { data, fileName, mimeType }] of Object.entries(item.binary ?? {})) {
		output.binary ??= {};
		output.binary[name] = await context.helpers.prepareBinaryData(Buffer.from(data, 'base64'), fileName, mimeType);
	}
	return output;
}

function sentences(...texts: string[]): string {
	return texts
		.filter((text) => text !== '')
		.map((text) => text.replace(/\.$/, ''))
		.join('. ');
}
