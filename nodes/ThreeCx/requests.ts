import {
	sleep,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeParameters,
} from 'n8n-workflow';

import { BATCH_SIZE, type ExecutorError, type ExecutorItem } from './contract';
import { isShown, parametersOf } from './definition';

/** How many items are read in a row: n8n's event loop serves others in between. */
const READ_AT_ONCE = 50;

type Read = (name: string) => unknown;

/** An input item as n8n read it: what the executor shall do for it, or why its parameters could not be resolved. */
export type ReadItem = { item: ExecutorItem; error?: undefined } | { item?: undefined; error: ExecutorError };

/** The input items in order, as many at a time as go into a batch. */
export async function* itemBatches(
	context: IExecuteFunctions,
	operation: string,
	inputs: INodeExecutionData[],
): AsyncGenerator<ReadItem[]> {
	const readers = itemReaders(context);
	const written = context.getNode().parameters;
	let batch: ReadItem[] = [];
	for (const [index, input] of inputs.entries()) {
		if (index % READ_AT_ONCE === 0) await sleep(0);
		batch.push(readItem(readers(index), operation, input, written));
		if (batch.length === BATCH_SIZE) {
			yield batch;
			batch = [];
		}
	}
	if (batch.length > 0) yield batch;
}

function readItem(read: Read, operation: string, input: INodeExecutionData, written: INodeParameters): ReadItem {
	try {
		return { item: executorItem(read, operation, input, written) };
	} catch (error) {
		const { message, description } = error as { message?: string; description?: string | null };
		return { error: { message: message ?? String(error), description: description ?? '', code: 'expression' } };
	}
}

/**
 * How parameters are read for an item.
 *
 * n8n resolves them at a price; one that holds no expression is the same for all items and is read once.
 */
export function itemReaders(context: IExecuteFunctions): (index: number) => Read {
	const written = context.getNode().parameters;
	const shared = new Map<string, unknown>();
	return (index) => (name) => {
		if (shared.has(name)) return shared.get(name);
		const value: unknown = context.getNodeParameter(name, index, null);
		if (!dependsOnItem(written[name])) shared.set(name, value);
		return value;
	};
}

/** What the executor shall do for one input item: the parameters that the operation shows, as n8n resolved them. */
export function executorItem(
	read: Read,
	operation: string,
	item: INodeExecutionData,
	written: INodeParameters = {},
): ExecutorItem {
	const parameters: IDataObject = {};
	for (const parameter of parametersOf(operation)) {
		if (!isShown(parameter, read)) continue;
		parameters[parameter.name] = sendable(read(parameter.name), written[parameter.name]) as IDataObject;
	}
	const body = parameters.body as IDataObject | null | undefined;
	// An item can be large; only a body that is mapped from its fields needs it.
	return body?.mappingMode === 'autoMapInputData' ? { json: item.json, parameters } : { parameters };
}

/** Whether this item asks for a dry run. */
export function wantsDryRun({ item }: ReadItem): boolean {
	const asked = (item?.parameters.options as IDataObject | null | undefined)?.dryRun;
	return String(asked).trim().toLowerCase() === 'true';
}

// A text that begins with "=" is an expression to n8n, however deep it stands; automatic mapping reads the item.
function dependsOnItem(written: unknown): boolean {
	if (typeof written === 'string') return isExpression(written) || written === 'autoMapInputData';
	if (typeof written !== 'object' || written === null) return false;
	return Object.values(written).some(dependsOnItem);
}

// What resolved to nothing goes out as null: the executor then refuses the item by name instead of not seeing it.
function sendable(value: unknown, written?: unknown): unknown {
	if (value === undefined) return null;
	if (!isObject(value)) return value;
	if (value.__rl === true) return { __rl: true, mode: value.mode, value: value.value ?? null };
	// The schema of a resource mapper can be a hundred times its values.
	if ('mappingMode' in value) return mapped(value, written);
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, each ?? null]));
}

// A field that was never filled in is null, and goes nowhere; one whose expression gave null is to be null.
function mapped({ mappingMode, value }: Record<string, unknown>, written: unknown): unknown {
	if (!isObject(value)) return { mappingMode, value: null };
	const expressions = isObject(written) && isObject(written.value) ? written.value : {};
	const filled = Object.entries(value).filter(([name, each]) => each !== null || isExpression(expressions[name]));
	return { mappingMode, value: Object.fromEntries(filled), filled: true };
}

function isExpression(written: unknown): boolean {
	return typeof written === 'string' && written.startsWith('=');
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
