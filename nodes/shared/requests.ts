/** Turns the node's input items into items for the executor. */
import {
	sleep,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeParameters,
} from 'n8n-workflow';

import { admin, getDefinition, isDisplayed, type NodeDefinition } from './definition';
import { checkFile, isUpload } from './files';
import { readItemField } from './itemFields';
import { BATCH_SIZE, type ExecutorError, type ExecutorItem } from './transport/contract';
import { isExpression, isPlainObject } from './values';

/** Items resolved in one go; n8n's event loop serves other work in between. */
const RESOLVED_AT_ONCE = 50;

type ParameterReader = (name: string) => unknown;

/** An input item with its parameters resolved by n8n, or why n8n could not resolve them. */
export type ResolvedItem =
	| { item: ExecutorItem; error?: undefined }
	| { item?: undefined; error: ExecutorError };

/** Yield the input items in order, resolved, in batches of BATCH_SIZE. */
export async function* resolveBatches(
	context: IExecuteFunctions,
	operation: string,
	inputs: INodeExecutionData[],
): AsyncGenerator<ResolvedItem[]> {
	const createReader = createReaderFactory(context, inputs);
	const node = context.getNode();
	const definition = getDefinition(node);
	const hasFile = isUpload(operation);
	let batch: ResolvedItem[] = [];
	for (const [index, input] of inputs.entries()) {
		if (index % RESOLVED_AT_ONCE === 0) await sleep(0);
		const resolved = resolveItem(createReader(index), operation, input, node.parameters, definition);
		batch.push(hasFile && resolved.item ? await checkItem(context, resolved.item, index) : resolved);
		if (batch.length === BATCH_SIZE) {
			yield batch;
			batch = [];
		}
	}
	if (batch.length > 0) yield batch;
}

function resolveItem(
	read: ParameterReader,
	operation: string,
	input: INodeExecutionData,
	rawParameters: INodeParameters,
	definition: NodeDefinition,
): ResolvedItem {
	try {
		return { item: createExecutorItem(read, operation, input, rawParameters, definition) };
	} catch (error) {
		return { error: describeError(error, 'expression') };
	}
}

async function checkItem(context: IExecuteFunctions, item: ExecutorItem, index: number): Promise<ResolvedItem> {
	try {
		await checkFile(context, item, index);
		return { item };
	} catch (error) {
		return { error: describeError(error, 'parameter') };
	}
}

/** Return an error that n8n threw for an item as the executor's own errors are written. */
export function describeError(error: unknown, code: string): ExecutorError {
	const { message, description } = error as { message?: string; description?: string | null };
	return { message: message ?? String(error), description: description ?? '', code };
}

/**
 * Return a function that returns an item's parameter reader.
 *
 * Resolving a parameter is expensive in n8n: one without an expression is the same for all items and is read once, and
 * one that only names a field of its item is read from there.
 */
export function createReaderFactory(
	context: IExecuteFunctions,
	inputs: readonly INodeExecutionData[],
): (index: number) => ParameterReader {
	const rawParameters = context.getNode().parameters;
	const shared = new Map<string, unknown>();
	return (index) => (name) => {
		if (shared.has(name)) return shared.get(name);
		const raw = rawParameters[name];
		const field = readItemField(raw, inputs[index]?.json);
		if (field !== undefined) return field;
		const value: unknown = context.getNodeParameter(name, index, null);
		if (!dependsOnItem(raw)) shared.set(name, value);
		return value;
	};
}

/** Build the executor's item from the parameters that the operation displays, as n8n resolved them. */
export function createExecutorItem(
	read: ParameterReader,
	operation: string,
	input: INodeExecutionData,
	rawParameters: INodeParameters = {},
	definition: NodeDefinition = admin,
): ExecutorItem {
	const parameters: IDataObject = {};
	for (const parameter of definition.getParameters(operation)) {
		if (!isDisplayed(parameter, read)) continue;
		const value = read(parameter.name);
		// n8n gives no value for what a node that is not a tool does not display.
		if (parameter.isOfTools && (value === null || value === undefined)) continue;
		const raw = rawParameters[parameter.name];
		if (parameter.isLeftOutEmpty && isUnfilled(value) && !hasExpression(raw)) continue;
		parameters[parameter.name] = toJsonValue(value, raw) as IDataObject;
	}
	const body = parameters.body as IDataObject | null | undefined;
	// An item can be large; only a body that is mapped from its fields needs it.
	return body?.mappingMode === 'autoMapInputData' ? { json: input.json, parameters } : { parameters };
}

// To n8n, a text that begins with "=" is an expression at any depth; automatic mapping reads the item.
function dependsOnItem(raw: unknown): boolean {
	if (typeof raw === 'string') return isExpression(raw) || raw === 'autoMapInputData';
	if (typeof raw !== 'object' || raw === null) return false;
	return Object.values(raw).some(dependsOnItem);
}

function isUnfilled(value: unknown): boolean {
	if (value === '' || (Array.isArray(value) && value.length === 0)) return true;
	if (!isPlainObject(value)) return false;
	return value.__rl === true ? value.value === '' : Object.keys(value).length === 0;
}

// A person who wrote an expression has filled in the field, whatever it returns.
function hasExpression(raw: unknown): boolean {
	return isExpression(raw) || (isPlainObject(raw) && isExpression(raw.value));
}

// undefined becomes null: the executor then refuses the item and names the parameter, instead of not seeing it.
function toJsonValue(value: unknown, raw?: unknown): unknown {
	if (value === undefined) return null;
	if (!isPlainObject(value)) return value;
	if (isExpression(raw)) return toDataValue(value);
	if (value.__rl === true) return { __rl: true, mode: getWritten(raw, 'mode') ?? value.mode, value: value.value ?? null };
	// The schema of a resource mapper can be a hundred times as large as its values.
	if ('mappingMode' in value) return toMapperValue(value, raw);
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, each ?? null]));
}

// n8n resolves expressions in each part of a locator; an item must not choose its mode.
function getWritten(raw: unknown, name: string): unknown {
	return isPlainObject(raw) ? raw[name] : undefined;
}

// To the executor, a locator or a mapper of an item is one that a person wrote: one in the item's data is sent as text,
// so that data chooses neither a look-up by number nor another body.
function toDataValue(value: Record<string, unknown>): unknown {
	if ('mappingMode' in value) return JSON.stringify(value);
	if (value.__rl !== true) return value;
	return value.mode === 'number' ? JSON.stringify(value) : { __rl: true, mode: value.mode, value: value.value ?? null };
}

// A field that was never filled in is null and is left out; a field whose expression returned null is sent as null.
function toMapperValue({ mappingMode, value, ...rest }: Record<string, unknown>, raw: unknown): unknown {
	const matchingColumns = getWritten(raw, 'matchingColumns') ?? rest.matchingColumns;
	const matching = isUnfilled(matchingColumns ?? '') ? {} : { matchingColumns };
	if (!isPlainObject(value)) return { mappingMode, value: null, ...matching };
	const rawFields = isPlainObject(raw) && isPlainObject(raw.value) ? raw.value : {};
	const filled = Object.entries(value).filter(([name, each]) => each !== null || isExpression(rawFields[name]));
	return { mappingMode, value: Object.fromEntries(filled), filled: true, ...matching };
}
