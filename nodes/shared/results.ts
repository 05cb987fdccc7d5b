/** Turns the results of a run into the node's output, or into the error that stops it. */
import type {
	IBinaryKeyData,
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	NodeApiError,
	NodeOperationError,
} from 'n8n-workflow';

import { describeUnsentItems, isFailed, type ItemResult, summarizeResults } from './itemResults';
import type { RunFailure, RunResult } from './run';
import { type ExecutorResult, NOT_ATTEMPTED, type OutputItem } from './transport/contract';
import { createApiError, createOperationError, type ErrorDetails } from './transport/failures';

/** Types of files by the other name of the same type that n8n's player accepts; 3CX uses the first for recordings. */
const PLAYABLE_TYPES: Partial<Record<string, string>> = { 'audio/x-wav': 'audio/wav' };

const NOT_TRIED: ErrorDetails = { message: 'This item was not tried', description: '' };

/**
 * Return the node's output for a run, in the order of the input.
 *
 * Throws NodeApiError or NodeOperationError where something failed, unless failed items continue.
 */
export async function createOutput(
	context: IExecuteFunctions,
	inputs: INodeExecutionData[],
	{ results, failure, notes }: RunResult,
	continueOnFail: boolean,
): Promise<INodeExecutionData[]> {
	for (const message of notes) context.addExecutionHints({ message, location: 'outputPane' });
	if (!continueOnFail) {
		const error = createRunError(context, { results, failure });
		if (error) throw error;
	}
	const output: INodeExecutionData[] = [];
	for (const [index, result] of results.entries()) {
		const { items = [], request } = typeof result === 'string' ? {} : result;
		if (request) output.push({ json: request, pairedItem: { item: index } });
		// A list that was read in part has its items and the error that ended it.
		for (const item of items) output.push(await createOutputItem(context, item, inputs[index], index));
		const error = getItemError(result, index, failure);
		if (error) output.push(createFailedItem(context, inputs[index], error, index));
	}
	return output;
}

/** Return the error that stops the node, with a summary of all items: the first item's own, else why the run ended. */
function createRunError(
	context: IExecuteFunctions,
	{ results, failure }: Pick<RunResult, 'results' | 'failure'>,
): NodeApiError | NodeOperationError | undefined {
	const node = context.getNode();
	const index = results.findIndex(isFailed);
	const summary = results.length > 1 || results[0] === 'unknown' ? summarizeResults(results) : '';
	const unsent = failure ? undefined : describeUnsentItems(results);
	if (unsent) return createApiError(node, unsent, index);
	const result = results[index];
	if (result && isFailed(result) && result.error) {
		const { message, description = '', httpCode, code } = result.error;
		const details = {
			message: results.length > 1 ? `${message.replace(/\.$/, '')} [Item ${index}]` : message,
			description: joinSentences(description, describePartialList(result), summary, describeCode(code)),
			httpCode: httpCode === undefined ? undefined : String(httpCode),
			code,
		};
		return createApiError(node, details, index);
	}
	if (!failure) return undefined;
	const details = { ...failure, description: joinSentences(failure.description, summary) };
	return failure.kind === 'options' ? createOperationError(node, details) : createApiError(node, details);
}

/** Return what is said of a list that an error ended: n8n outputs nothing of a node that throws. */
function describePartialList({ items = [] }: ExecutorResult): string {
	if (items.length === 0) return '';
	const count = items.length === 1 ? '1 item was' : `${items.length} items were`;
	return `${count} received before the error; set On Error > Continue to output them`;
}

/** Return an item's error as its output contains it, or undefined for an item that was carried out. */
function getItemError(result: ItemResult, index: number, failure: RunFailure | undefined): IDataObject | undefined {
	// The executor counts items within a batch.
	if (typeof result === 'object') {
		const attempts = result.attempts === undefined ? {} : { attempts: result.attempts };
		return result.error && ({ ...result.error, itemIndex: index, ...attempts } as IDataObject);
	}
	const { message, description, httpCode } = failure ?? NOT_TRIED;
	const isUnknown = result === 'unknown';
	const state = isUnknown ? 'It is unknown whether this item was carried out' : 'This item was not tried';
	const status = httpCode ? { httpCode: Number(httpCode) } : {};
	// The codes of the executor's own errors, for workflows that branch on them.
	const code = isUnknown ? { code: 'executor', outcome: 'unknown' } : { code: NOT_ATTEMPTED };
	return { message, description: joinSentences(state, description), ...status, ...code, itemIndex: index };
}

// The input's fields stay, so that the workflow can continue with them. n8n replaces an item that has an `error` beside
// its json by `{error}`, and for the error output it recognizes a failed item by json that contains only `error`, and
// adds the input itself.
function createFailedItem(
	context: IExecuteFunctions,
	input: INodeExecutionData | undefined,
	error: IDataObject,
	index: number,
): INodeExecutionData {
	const fields = context.getNode().onError === 'continueErrorOutput' ? {} : input?.json;
	const binary = input?.binary ? { binary: input.binary } : {};
	return { json: { ...fields, error }, ...binary, pairedItem: { item: index } };
}

// A file is added to its input item, as n8n's own nodes do: a workflow needs the item's fields to know what the file is of.
async function createOutputItem(
	context: IExecuteFunctions,
	item: OutputItem,
	input: INodeExecutionData | undefined,
	index: number,
): Promise<INodeExecutionData> {
	if (!item.binary) return { json: item.json, pairedItem: { item: index } };
	const binary: IBinaryKeyData = { ...input?.binary };
	for (const [name, { data, fileName, mimeType }] of Object.entries(item.binary)) {
		const type = (mimeType && PLAYABLE_TYPES[mimeType]) || mimeType;
		binary[name] = await context.helpers.prepareBinaryData(Buffer.from(data, 'base64'), fileName, type);
	}
	return { json: { ...input?.json, ...item.json }, binary, pairedItem: { item: index } };
}

// The message has 3CX's error in words; the code is what people search for.
function describeCode(code: string | undefined): string {
	return code?.startsWith('WARNINGS.') ? `3CX code: ${code}` : '';
}

function joinSentences(...texts: string[]): string {
	return texts
		.filter((text) => text !== '')
		.map((text) => text.replace(/\.$/, ''))
		.join('. ');
}
